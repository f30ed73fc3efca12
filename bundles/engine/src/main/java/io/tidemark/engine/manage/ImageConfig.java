package io.tidemark.engine.manage;

import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.text.Names;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.engine.image.ImageSettings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is wished of an image, checked.
 *
 * @param name of the image
 * @param sizeBytes size at creation; {@link #UNSET} when the configuration has none
 * @param description for people
 * @param pool image pool
 * @param journalPool journal pool
 * @param blockSizeBytes preferred block at creation; {@link #UNSET} when the configuration has none
 * @param commit name of the commit policy
 * @param trim names of the trim strategies
 * @param journal limits of the journal, but for {@link #journalAs}
 * @param settings limits of the image
 * @param slow what becomes of replicas that are far behind
 * @param suspendTimeoutNanos so long clients wait for a missing store
 * @param properties what all this was read from
 */
public record ImageConfig(
        String name,
        long sizeBytes,
        String description,
        String pool,
        String journalPool,
        int blockSizeBytes,
        String commit,
        List<String> trim,
        JournalSettings journal,
        ImageSettings settings,
        SlowPeers slow,
        long suspendTimeoutNanos,
        Map<String, String> properties) {
    /** A number that the configuration does not have. */
    public static final int UNSET = -1;

    /** What an image gets whose configuration says nothing. */
    public static final int DEFAULT_BLOCK_BYTES = 4096;

    /** Name of the pools that an image uses unless told otherwise. */
    public static final String DEFAULT_POOL = "default";

    /** Name of the commit policy that is always there, because the engine knows its rule. */
    public static final String DEFAULT_COMMIT = "journal";

    private static final long MIN_JOURNAL_BYTES = 16L << 20;
    private static final long JOURNAL_BYTES_WITHOUT_RELAY = 128L << 20;
    private static final String RELAY_OFF = "off";
    private static final long MAX_RESERVE_BYTES = JournalSettings.DEFAULT.reserveBytes();
    private static final int BACKLOG_PARTS = 2;
    private static final int CHECKPOINT_PARTS = 8;
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final Set<String> KEYS = Set.of(
            ImageKeys.SIZE,
            ImageKeys.DESCRIPTION,
            ImageKeys.POOL,
            ImageKeys.JOURNAL_POOL,
            ImageKeys.BLOCK_SIZE,
            ImageKeys.COMMIT,
            ImageKeys.PEER_COUNT,
            ImageKeys.PEER_MISSING,
            ImageKeys.PEER_TIMEOUT,
            ImageKeys.PEER_SLOW,
            ImageKeys.PEER_SLOW_SIZE,
            ImageKeys.PEER_SLOW_AGE,
            ImageKeys.RELAY,
            ImageKeys.PEER_ASK,
            ImageKeys.PEER_ASK_TIMEOUT,
            ImageKeys.TRIM,
            ImageKeys.JOURNAL_LIMIT,
            ImageKeys.JOURNAL_WARN,
            ImageKeys.JOURNAL_FULL,
            ImageKeys.BACKLOG_LIMIT,
            ImageKeys.BACKLOG_ENTRIES,
            ImageKeys.PAYLOAD_LIMIT,
            ImageKeys.CHECKPOINT_BYTES,
            ImageKeys.CHECKPOINT_INTERVAL,
            ImageKeys.APPLY_IDLE,
            ImageKeys.SUSPEND_TIMEOUT);

    /** Copies lists and maps. */
    public ImageConfig {
        trim = List.copyOf(trim);
        properties = Map.copyOf(properties);
    }

    /**
     * Reads and checks a configuration. Empty values count as unset.
     *
     * @param name of the image
     * @param properties keys as in {@link ImageKeys}
     * @return the configuration
     * @throws IllegalArgumentException beginning with the key that is wrong
     */
    public static ImageConfig parse(String name, Map<String, String> properties) {
        try {
            Names.check("image", name);
        } catch (IllegalArgumentException e) {
            throw KeyReader.wrong("name", e.getMessage());
        }
        for (String key : new TreeMap<>(properties).keySet()) {
            if (!KEYS.contains(key) && !key.startsWith(ImageKeys.STRATEGY_PREFIX)) {
                throw KeyReader.wrong(key, "an image has no such key" + KeyReader.nearest(key, KEYS));
            }
        }
        KeyReader reader = new KeyReader(properties);
        JournalSettings journal = journal(reader);
        ImageConfig config = new ImageConfig(
                name,
                reader.has(ImageKeys.SIZE) ? checkSize(reader.size(ImageKeys.SIZE, 0, 0)) : UNSET,
                reader.text(ImageKeys.DESCRIPTION, ""),
                poolName(reader, ImageKeys.POOL),
                poolName(reader, ImageKeys.JOURNAL_POOL),
                reader.has(ImageKeys.BLOCK_SIZE) ? blockSize(reader) : UNSET,
                reader.text(ImageKeys.COMMIT, DEFAULT_COMMIT),
                reader.names(ImageKeys.TRIM),
                journal,
                settings(reader, journal),
                SlowPeers.read(reader, journal.limitBytes()),
                reader.nanos(ImageKeys.SUSPEND_TIMEOUT, 600 * SECOND_NANOS, SECOND_NANOS),
                properties);
        config.checkContradictions(reader);
        checkPeers(reader);
        reader.value(ImageKeys.RELAY, "on", text -> {
            if (!Set.of("on", RELAY_OFF).contains(text)) {
                throw new IllegalArgumentException("'" + text + "' is neither on nor off");
            }
            return text;
        });
        return config;
    }

    /**
     * Whether a replica's journal keeps nothing that its image has.
     *
     * @return true when {@code relay} is {@code off}
     */
    public boolean relayOff() {
        return RELAY_OFF.equals(properties.get(ImageKeys.RELAY));
    }

    /**
     * Limits of the image in a role.
     *
     * @param role of the image
     * @return {@link #settings}, or what brings everything to the image at once where nothing is kept
     */
    public ImageSettings settingsAs(ImageHead.Role role) {
        return relayOff() && role == ImageHead.Role.REPLICA ? settings.atOnce() : settings;
    }

    /**
     * Limits of the journal in a role.
     *
     * @param role of the image
     * @return {@link #journal}, or little where nothing is kept and nothing is said about it
     */
    public JournalSettings journalAs(ImageHead.Role role) {
        boolean said = !properties.getOrDefault(ImageKeys.JOURNAL_LIMIT, "").isBlank();
        return relayOff() && role == ImageHead.Role.REPLICA && !said ? ofLimit(JOURNAL_BYTES_WITHOUT_RELAY) : journal;
    }

    /**
     * Checks a size.
     *
     * @param sizeBytes of an image
     * @return the size
     * @throws IllegalArgumentException beginning with the key {@code size}
     */
    public static long checkSize(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes % 512 != 0) {
            throw KeyReader.wrong(
                    ImageKeys.SIZE, sizeBytes + " bytes cannot be: it must be a multiple of 512 bytes, above 0");
        }
        return sizeBytes;
    }

    /** For commit policies, which read these keys themselves and cannot refuse them. */
    private static void checkPeers(KeyReader reader) {
        reader.value(ImageKeys.PEER_COUNT, 1, text -> {
            if (!text.matches("[1-9]|1[0-6]")) {
                throw new IllegalArgumentException("'" + text + "' is no number from 1 to 16");
            }
            return Integer.parseInt(text);
        });
        reader.value(ImageKeys.PEER_MISSING, "hold", text -> {
            if (!Set.of("hold", "fail", "journal").contains(text)) {
                throw new IllegalArgumentException("'" + text + "' is none of hold, fail, journal");
            }
            return text;
        });
    }

    private void checkContradictions(KeyReader reader) {
        checkPart(reader, ImageKeys.BACKLOG_LIMIT, settings.backlogLimitBytes(), BACKLOG_PARTS, "half");
        checkPart(reader, ImageKeys.CHECKPOINT_BYTES, settings.checkpointBytes(), CHECKPOINT_PARTS, "an eighth");
        for (String key : properties.keySet()) {
            if (key.startsWith(ImageKeys.STRATEGY_PREFIX) && trim.isEmpty() && reader.has(key)) {
                throw KeyReader.wrong(key, "it has no effect, because " + ImageKeys.TRIM + " names no strategy");
            }
        }
    }

    /** Beyond its part of the journal, a limit is never reached: the journal is full before. */
    private void checkPart(KeyReader reader, String key, long bytes, int parts, String part) {
        if (reader.has(key) && bytes > journal.limitBytes() / parts) {
            throw KeyReader.wrong(
                    key,
                    Sizes.format(bytes) + " is more than " + part + " of " + ImageKeys.JOURNAL_LIMIT + " ("
                            + Sizes.format(journal.limitBytes()) + "): lower it, remove it, or raise "
                            + ImageKeys.JOURNAL_LIMIT);
        }
    }

    private static String poolName(KeyReader reader, String key) {
        return reader.value(key, DEFAULT_POOL, text -> Names.check("pool", text));
    }

    private static int blockSize(KeyReader reader) {
        long bytes = reader.size(ImageKeys.BLOCK_SIZE, DEFAULT_BLOCK_BYTES, 512);
        if (bytes > 65536 || Long.bitCount(bytes) != 1) {
            throw KeyReader.wrong(ImageKeys.BLOCK_SIZE, bytes + " is no power of two from 512 to 64KiB");
        }
        return (int) bytes;
    }

    private static JournalSettings journal(KeyReader reader) {
        return ofLimit(reader.size(ImageKeys.JOURNAL_LIMIT, JournalSettings.DEFAULT.limitBytes(), MIN_JOURNAL_BYTES));
    }

    private static JournalSettings ofLimit(long limitBytes) {
        return new JournalSettings(limitBytes, Math.min(MAX_RESERVE_BYTES, limitBytes / 4));
    }

    /** Limits that are not set follow the journal's, so that a small journal is freed before it is full. */
    private static ImageSettings settings(KeyReader reader, JournalSettings journal) {
        ImageSettings normal = ImageSettings.DEFAULT;
        long limitBytes = journal.limitBytes();
        return new ImageSettings(
                reader.size(ImageKeys.PAYLOAD_LIMIT, normal.hotPayloadBytes(), 4L << 20),
                reader.size(
                        ImageKeys.BACKLOG_LIMIT,
                        Math.min(normal.backlogLimitBytes(), limitBytes / BACKLOG_PARTS),
                        4L << 20),
                (int) Math.min(
                        Integer.MAX_VALUE, reader.size(ImageKeys.BACKLOG_ENTRIES, normal.indexBudgetEntries(), 1024)),
                reader.size(
                        ImageKeys.CHECKPOINT_BYTES,
                        Math.min(normal.checkpointBytes(), limitBytes / CHECKPOINT_PARTS),
                        1 << 20),
                reader.nanos(ImageKeys.CHECKPOINT_INTERVAL, normal.checkpointNanos(), SECOND_NANOS / 100),
                reader.nanos(ImageKeys.APPLY_IDLE, normal.idleNanos(), 1_000_000),
                reader.value(ImageKeys.JOURNAL_FULL, normal.journalFull(), ImageConfig::journalFull),
                reader.percent(ImageKeys.JOURNAL_WARN, normal.softWarnFraction()),
                reader.nanos(ImageKeys.PEER_TIMEOUT, normal.peerTimeoutNanos(), SECOND_NANOS / 10),
                reader.value(ImageKeys.PEER_ASK, normal.unasked(), ImageConfig::unasked),
                reader.nanos(ImageKeys.PEER_ASK_TIMEOUT, normal.askTimeoutNanos(), 0));
    }

    private static ImageSettings.Unasked unasked(String text) {
        return switch (text) {
            case "wait" -> ImageSettings.Unasked.WAIT;
            case "serve" -> ImageSettings.Unasked.SERVE;
            default -> throw new IllegalArgumentException("'" + text + "' is neither wait nor serve");
        };
    }

    private static ImageSettings.JournalFull journalFull(String text) {
        return switch (text) {
            case "hold" -> ImageSettings.JournalFull.HOLD;
            case "fail" -> ImageSettings.JournalFull.FAIL;
            default -> throw new IllegalArgumentException("'" + text + "' is neither hold nor fail");
        };
    }
}
