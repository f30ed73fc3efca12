package io.tidemark.engine.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.engine.image.ImageSettings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImageConfigTest {
    private static ImageConfig parse(String... keysAndValues) {
        Map<String, String> properties = new java.util.TreeMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return ImageConfig.parse("disk", properties);
    }

    private static void refused(String key, String value) {
        String refusal = refusal(key, value);
        assertTrue(refusal.startsWith(key + ": "), refusal);
    }

    /** What is said of keys and values that are wrong. */
    private static String refusal(String... keysAndValues) {
        return assertThrows(IllegalArgumentException.class, () -> parse(keysAndValues))
                .getMessage();
    }

    @Test
    void nothingSetMeansDefaults() {
        ImageConfig config = parse();
        assertEquals(ImageConfig.UNSET, config.sizeBytes());
        assertEquals(ImageConfig.UNSET, config.blockSizeBytes());
        assertEquals("default", config.pool());
        assertEquals("default", config.journalPool());
        assertEquals("journal", config.commit());
        assertEquals(List.of(), config.trim());
        assertEquals(JournalSettings.DEFAULT, config.journal());
        assertEquals(ImageSettings.DEFAULT, config.settings());
        assertEquals(ImageConfig.UNSET, parse("size", " ", "commit", "").sizeBytes());
    }

    @Test
    void withoutARelayAJournalIsSmallAndAppliedAtOnceByAReplica() {
        ImageConfig config = parse(ImageKeys.RELAY, "off");
        assertTrue(config.relayOff());
        assertEquals(128L << 20, config.journalAs(ImageHead.Role.REPLICA).limitBytes());
        assertEquals(JournalSettings.DEFAULT, config.journalAs(ImageHead.Role.PRIMARY));
        assertEquals(config.settings(), config.settingsAs(ImageHead.Role.PRIMARY));
        assertTrue(config.settingsAs(ImageHead.Role.REPLICA).backlogLimitBytes() <= 32L << 20);
        ImageConfig asks = parse(ImageKeys.RELAY, "off", ImageKeys.PEER_ASK, "wait", ImageKeys.PEER_ASK_TIMEOUT, "1h");
        assertEquals(
                asks.settings().unasked(),
                asks.settingsAs(ImageHead.Role.REPLICA).unasked());
        assertEquals(
                asks.settings().askTimeoutNanos(),
                asks.settingsAs(ImageHead.Role.REPLICA).askTimeoutNanos());
        for (ImageHead.Role role : ImageHead.Role.values()) {
            assertEquals(JournalSettings.DEFAULT, parse(ImageKeys.RELAY, "on").journalAs(role));
            ImageConfig said = parse(ImageKeys.RELAY, "off", ImageKeys.JOURNAL_LIMIT, "1G");
            assertEquals(1L << 30, said.journalAs(role).limitBytes());
        }
        refused(ImageKeys.RELAY, "maybe");
    }

    @Test
    void everyKeyIsRead() {
        ImageConfig config = parse(
                ImageKeys.SIZE,
                "10G",
                ImageKeys.DESCRIPTION,
                "mine",
                ImageKeys.POOL,
                "slow",
                ImageKeys.JOURNAL_POOL,
                "fast",
                ImageKeys.BLOCK_SIZE,
                "512",
                ImageKeys.COMMIT,
                "volatile",
                ImageKeys.PEER_COUNT,
                "2",
                ImageKeys.PEER_MISSING,
                "journal",
                ImageKeys.PEER_TIMEOUT,
                "250ms",
                ImageKeys.TRIM,
                " age , size,age",
                "trim.age",
                "1h",
                ImageKeys.JOURNAL_LIMIT,
                "64MiB",
                ImageKeys.JOURNAL_WARN,
                "50 %",
                ImageKeys.JOURNAL_FULL,
                "fail",
                ImageKeys.BACKLOG_LIMIT,
                "32MiB",
                ImageKeys.BACKLOG_ENTRIES,
                "2048",
                ImageKeys.PAYLOAD_LIMIT,
                "8MiB",
                ImageKeys.CHECKPOINT_BYTES,
                "2MiB",
                ImageKeys.CHECKPOINT_INTERVAL,
                "1s",
                ImageKeys.APPLY_IDLE,
                "10ms",
                ImageKeys.PEER_ASK,
                "wait",
                ImageKeys.PEER_ASK_TIMEOUT,
                "0s",
                ImageKeys.SUSPEND_TIMEOUT,
                "30s");
        assertEquals(10L << 30, config.sizeBytes());
        assertEquals("mine", config.description());
        assertEquals("slow", config.pool());
        assertEquals("fast", config.journalPool());
        assertEquals(512, config.blockSizeBytes());
        assertEquals("volatile", config.commit());
        assertEquals(List.of("age", "size"), config.trim());
        assertEquals(new JournalSettings(64L << 20, 8L << 20), config.journal());
        assertEquals(
                new ImageSettings(
                                8L << 20,
                                32L << 20,
                                2048,
                                2L << 20,
                                1_000_000_000L,
                                10_000_000L,
                                ImageSettings.JournalFull.FAIL,
                                0.5,
                                250_000_000L)
                        .asking(ImageSettings.Unasked.WAIT, 0),
                config.settings());
        assertEquals(30_000_000_000L, config.suspendTimeoutNanos());
    }

    @Test
    void wrongValuesAreNamedWithTheirKey() {
        refused(ImageKeys.SIZE, "big");
        refused(ImageKeys.SIZE, "1000");
        refused(ImageKeys.SIZE, "0");
        refused(ImageKeys.POOL, "a/b");
        refused(ImageKeys.JOURNAL_POOL, "-x");
        refused(ImageKeys.BLOCK_SIZE, "256");
        refused(ImageKeys.BLOCK_SIZE, "128K");
        refused(ImageKeys.PEER_COUNT, "0");
        refused(ImageKeys.PEER_COUNT, "17");
        refused(ImageKeys.PEER_COUNT, "all");
        refused(ImageKeys.PEER_MISSING, "ignore");
        refused(ImageKeys.PEER_TIMEOUT, "10ms");
        refused(ImageKeys.PEER_SLOW, "ignore");
        refused(ImageKeys.PEER_SLOW, "expire");
        refused(ImageKeys.PEER_SLOW, "warn");
        refused(ImageKeys.PEER_SLOW_SIZE, "1G");
        refused(ImageKeys.PEER_SLOW_AGE, "7d");
        refused(ImageKeys.PEER_ASK, "hold");
        refused(ImageKeys.PEER_ASK_TIMEOUT, "soon");
        refused(ImageKeys.JOURNAL_LIMIT, "15MiB");
        refused(ImageKeys.JOURNAL_WARN, "0");
        refused(ImageKeys.JOURNAL_WARN, "most");
        refused(ImageKeys.JOURNAL_FULL, "wait");
        refused(ImageKeys.BACKLOG_LIMIT, "2049M");
        refused(ImageKeys.BACKLOG_ENTRIES, "1");
        refused(ImageKeys.PAYLOAD_LIMIT, "1M");
        refused(ImageKeys.CHECKPOINT_BYTES, "1K");
        refused(ImageKeys.CHECKPOINT_BYTES, "513M");
        refused(ImageKeys.CHECKPOINT_INTERVAL, "soon");
        refused(ImageKeys.APPLY_IDLE, "0s");
        refused(ImageKeys.SUSPEND_TIMEOUT, "10ms");
        refused("trim.age", "1h");
        refused("colour", "red");
    }

    @Test
    void aSlowReplicaIsKeptUnlessItIsSaidWhenItIsSlow() {
        assertEquals(SlowPeers.HOLD, parse(ImageKeys.PEER_SLOW, "hold").slow());
        assertEquals(
                new SlowPeers(SlowPeers.Choice.EXPIRE, 2L << 30, 0),
                parse(ImageKeys.PEER_SLOW, "expire", ImageKeys.PEER_SLOW_SIZE, "2G")
                        .slow());
        assertEquals(
                new SlowPeers(SlowPeers.Choice.WARN, 0, 7_000_000_000L),
                parse(ImageKeys.PEER_SLOW, "warn", ImageKeys.PEER_SLOW_AGE, "7s")
                        .slow());
        String tooMuch = refusal(ImageKeys.PEER_SLOW, "expire", ImageKeys.PEER_SLOW_SIZE, "2049M");
        assertEquals(
                "peer.slow.size: 2 GiB is more than half of journal.limit (4 GiB), and the journal would be full before:"
                        + " lower it, or raise journal.limit",
                tooMuch);
        String useless = refusal(ImageKeys.PEER_SLOW, "hold", ImageKeys.PEER_SLOW_AGE, "7d");
        assertTrue(useless.startsWith("peer.slow.age: it has no effect, because peer.slow is hold"));
        String tooLittle = refusal(ImageKeys.PEER_SLOW, "expire", ImageKeys.PEER_SLOW_AGE, "10ms");
        assertTrue(tooLittle.startsWith("peer.slow.age: "), tooLittle);
    }

    @Test
    void aKeyThatIsNearlyRightNamesTheRightOne() {
        String refusal = refusal("journallimit", "1G");
        assertTrue(refusal.endsWith("write journal.limit"), refusal);
    }

    @Test
    void limitsThatTheJournalCannotReachAreRefusedWithBothKeys() {
        assertEquals(2L << 30, parse(ImageKeys.BACKLOG_LIMIT, "2G").settings().backlogLimitBytes());
        assertEquals(
                512L << 20, parse(ImageKeys.CHECKPOINT_BYTES, "512M").settings().checkpointBytes());
        String backlog = refusal(ImageKeys.BACKLOG_LIMIT, "33M", ImageKeys.JOURNAL_LIMIT, "64M");
        assertEquals(
                "backlog.limit: 33 MiB is more than half of journal.limit (64 MiB): lower it, remove it, or raise"
                        + " journal.limit",
                backlog);
        String checkpoint = refusal(ImageKeys.CHECKPOINT_BYTES, "16G", ImageKeys.JOURNAL_LIMIT, "256M");
        assertEquals(
                "checkpoint.bytes: 16 GiB is more than an eighth of journal.limit (256 MiB): lower it, remove it, or"
                        + " raise journal.limit",
                checkpoint);
    }

    @Test
    void limitsThatAreNotSetFollowASmallJournal() {
        ImageConfig config = parse(ImageKeys.JOURNAL_LIMIT, "16MiB");
        assertEquals(8L << 20, config.settings().backlogLimitBytes());
        assertEquals(2L << 20, config.settings().checkpointBytes());
        assertEquals(4L << 20, config.journal().reserveBytes());
    }
}
