package io.tidemark.console.internal.command;

import io.tidemark.api.admin.ImageKeys;
import java.util.List;
import java.util.Map;

/** Which option of {@code image:create} sets which key of an image's configuration, and what else there is to set. */
final class KeyOptions {
    /**
     * A key that has an option.
     *
     * @param key as in {@code etc/io.tidemark.image-NAME.cfg}
     * @param option as people type it
     */
    record Key(String key, Option option) {}

    static final List<Key> ALL = List.of(
            key(ImageKeys.POOL, "--pool", "POOL", "Image pool; default unless given.", Completions::imagePools),
            key(
                    ImageKeys.JOURNAL_POOL,
                    "--journal-pool",
                    "POOL",
                    "Journal pool; default unless given.",
                    Completions::journalPools),
            key(
                    ImageKeys.COMMIT,
                    "--commit",
                    "POLICY",
                    "When a write is acknowledged: journal (durable there; unless given), journal+image, volatile, replica-arrived,"
                            + " replica-durable.",
                    Completions::policies),
            key(
                    ImageKeys.TRIM,
                    "--trim",
                    "STRATEGY[,...]",
                    "What of the journal is kept beyond what the image needs: age, size, client-progress.",
                    Completions::strategies),
            key(
                    ImageKeys.BLOCK_SIZE,
                    "--block-size",
                    "SIZE",
                    "Block that clients are told to prefer: a power of two from 512 to 64K; 4K unless given.",
                    Completions.words("512", "4K", "64K")),
            key(
                    ImageKeys.JOURNAL_LIMIT,
                    "--journal-limit",
                    "SIZE",
                    "Most space that the journal takes in its pool; 4G unless given.",
                    Completions::sizes),
            key(
                    ImageKeys.JOURNAL_FULL,
                    "--journal-full",
                    "hold|fail",
                    "What happens to writes while the journal is full: they wait (unless given), or they fail.",
                    Completions.words("hold", "fail")),
            key(
                    ImageKeys.BACKLOG_LIMIT,
                    "--backlog-limit",
                    "SIZE",
                    "Most data that may be in the journal and not yet in the image: the more, the more overwritten data"
                            + " never gets there, and the longer the replay after a crash; 1G unless given.",
                    Completions::sizes),
            key(ImageKeys.DESCRIPTION, "--description", Option.TEXT, "A line for people.", Completion.NONE));

    /** What keys without an option can be. */
    private static final Map<String, Completion> CHOICES = Map.of(
            ImageKeys.PEER_ASK, Completions.words("serve", "wait"),
            ImageKeys.PEER_MISSING, Completions.words("hold", "fail", "journal"),
            ImageKeys.PEER_SLOW, Completions.words("hold", "warn", "expire"),
            ImageKeys.RELAY, Completions.words("on", "off"));

    /** Keys that can be set; those of strategies that come from elsewhere are not in it. */
    static final List<String> SETTABLE = List.of(
            ImageKeys.APPLY_IDLE,
            ImageKeys.BACKLOG_ENTRIES,
            ImageKeys.BACKLOG_LIMIT,
            ImageKeys.CHECKPOINT_BYTES,
            ImageKeys.CHECKPOINT_INTERVAL,
            ImageKeys.COMMIT,
            ImageKeys.DESCRIPTION,
            ImageKeys.JOURNAL_FULL,
            ImageKeys.JOURNAL_LIMIT,
            ImageKeys.JOURNAL_WARN,
            ImageKeys.PAYLOAD_LIMIT,
            ImageKeys.PEER_COUNT,
            ImageKeys.PEER_MISSING,
            ImageKeys.PEER_SLOW,
            ImageKeys.PEER_SLOW_AGE,
            ImageKeys.PEER_SLOW_SIZE,
            ImageKeys.PEER_TIMEOUT,
            ImageKeys.RELAY,
            ImageKeys.PEER_ASK,
            ImageKeys.PEER_ASK_TIMEOUT,
            ImageKeys.SUSPEND_TIMEOUT,
            ImageKeys.TRIM,
            ImageKeys.STRATEGY_PREFIX + "age",
            ImageKeys.STRATEGY_PREFIX + "client.expire",
            ImageKeys.STRATEGY_PREFIX + "size");

    private KeyOptions() {}

    private static Key key(String key, String option, String value, String help, Completion completion) {
        return new Key(key, new Option(option, value, help, completion, false, false));
    }

    /**
     * What may stand behind {@code KEY=}.
     *
     * @param key of the configuration
     * @return its values, as far as they are known
     */
    static Completion values(String key) {
        return ALL.stream()
                .filter(one -> one.key().equals(key))
                .map(one -> one.option().completion())
                .findFirst()
                .orElse(CHOICES.getOrDefault(key, Completion.NONE));
    }
}
