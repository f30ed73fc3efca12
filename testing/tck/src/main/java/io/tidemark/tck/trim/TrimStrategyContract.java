package io.tidemark.tck.trim;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermarks;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link TrimStrategy}. A strategy's test extends this, says how a strategy is made and how an image that
 * uses it is configured.
 */
public abstract class TrimStrategyContract {
    /** Events of the journal that votes are asked for: one a second, of 1000 bytes each. */
    protected static final long EVENT_NANOS = 1_000_000_000L;

    /** See {@link #EVENT_NANOS}. */
    protected static final long EVENT_BYTES = 1000;

    /**
     * Makes the strategy.
     *
     * @return a new one
     */
    protected abstract TrimStrategy newStrategy();

    /**
     * A configuration that the strategy accepts.
     *
     * @return keys and values
     */
    protected abstract Map<String, String> properties();

    /**
     * The situation of a journal whose event {@code n} was written in second {@code n}.
     *
     * @param trimmed last sequence that is gone
     * @param durable last sequence
     * @param clients registered ones
     * @param properties of the image
     * @return the situation in second {@code durable}
     */
    protected static TrimSituation situation(
            long trimmed, long durable, List<JournalClient> clients, Map<String, String> properties) {
        TrimSituation.Lookup lookup = new TrimSituation.Lookup() {
            @Override
            public long sequenceAt(long timeNanos) {
                return Math.max(trimmed, Math.min(durable, Math.floorDiv(timeNanos, EVENT_NANOS)));
            }

            @Override
            public long sequenceAtBytesBack(long bytes) {
                return Math.max(trimmed + 1, durable - bytes / EVENT_BYTES + 1);
            }
        };
        Watermarks watermarks = new Watermarks(durable, durable, durable, durable, trimmed);
        return new TrimSituation(
                "disk",
                watermarks,
                clients,
                (durable - trimmed) * EVENT_BYTES,
                1L << 40,
                durable * EVENT_NANOS,
                properties,
                lookup);
    }

    /**
     * A registered client.
     *
     * @param id of the client
     * @param commit last sequence that it needs no more
     * @param seenSecond when it last reported
     * @return a connected one
     */
    protected static JournalClient client(String id, long commit, long seenSecond) {
        return new JournalClient(
                id, "", new Position(1, commit), JournalClient.State.CONNECTED, seenSecond * EVENT_NANOS);
    }

    @Test
    void itAcceptsItsConfiguration() {
        assertDoesNotThrow(() -> newStrategy().check(properties()));
    }

    @Test
    void itSaysWhichKeysItReads() {
        for (String key : newStrategy().keys()) {
            assertTrue(key.startsWith("trim."), () -> key + " is none of a strategy's keys");
        }
        for (String key : properties().keySet()) {
            assertTrue(
                    !key.startsWith("trim.")
                            || newStrategy().keys().stream()
                                    .anyMatch(each -> each.endsWith(".") ? key.startsWith(each) : key.equals(each)),
                    () -> key + " would be refused, because the strategy does not say that it reads it");
        }
    }

    @Test
    void anEmptyJournalIsNoSurprise() {
        TrimVote vote = newStrategy().vote(situation(0, 0, List.of(), properties()));
        assertEquals(0, vote.trimUpTo());
        assertFalse(vote.reason().isBlank(), "a vote says why");
    }

    @Test
    void itNeverGivesUpMoreThanThereIs() {
        Random dice = new Random(1);
        TrimStrategy strategy = newStrategy();
        for (int i = 0; i < 2000; i++) {
            long durable = dice.nextInt(1_000_000);
            long trimmed = durable == 0 ? 0 : dice.nextLong(durable);
            TrimSituation situation = situation(trimmed, durable, clients(dice, trimmed, durable), properties());
            TrimVote vote = strategy.vote(situation);
            assertNotNull(vote);
            assertTrue(vote.trimUpTo() <= durable, () -> vote + " in " + situation);
            List<String> ids =
                    situation.clients().stream().map(JournalClient::id).toList();
            assertTrue(ids.containsAll(vote.expireClients()), () -> vote + " names a client that nobody registered");
        }
    }

    private static List<JournalClient> clients(Random dice, long trimmed, long durable) {
        List<JournalClient> clients = new ArrayList<>();
        for (int i = dice.nextInt(4); i > 0; i--) {
            long commit = trimmed + (durable == trimmed ? 0 : dice.nextLong(durable - trimmed));
            clients.add(client("peer" + i, commit, durable == 0 ? 0 : dice.nextLong(durable)));
        }
        return clients;
    }

    @Test
    void itGivesUpNoLessWhenTheJournalGrows() {
        TrimStrategy strategy = newStrategy();
        long before = 0;
        for (long durable = 0; durable < 100_000; durable += 997) {
            long now = strategy.vote(situation(0, durable, List.of(), properties()))
                    .trimUpTo();
            assertTrue(now >= before, "at " + durable + " it gives up " + now + ", before " + before);
            before = now;
        }
    }

    @Test
    void withoutConfigurationItKeepsEverythingOrNeedsNone() {
        TrimStrategy strategy = newStrategy();
        boolean needsNone = true;
        try {
            strategy.check(Map.of());
        } catch (IllegalArgumentException e) {
            needsNone = false;
            assertTrue(e.getMessage().matches("[a-z0-9.-]+: .+"), "'" + e.getMessage() + "' begins with no key");
        }
        TrimVote vote = strategy.vote(situation(0, 1000, List.of(), Map.of()));
        assertTrue(needsNone || vote.trimUpTo() == 0, vote.toString());
    }

    @Test
    void aJournalThatCannotBeSearchedIsKept() {
        TrimStrategy strategy = newStrategy();
        TrimSituation good = situation(10, 1_000_000, List.of(client("peer", 20, 0)), properties());
        boolean[] asked = {false};
        TrimSituation.Lookup broken = new TrimSituation.Lookup() {
            @Override
            public long sequenceAt(long timeNanos) throws StorageException {
                asked[0] = true;
                throw new StorageException(Reason.CORRUPT, "segment 7 is damaged", "");
            }

            @Override
            public long sequenceAtBytesBack(long bytes) throws StorageException {
                asked[0] = true;
                throw new StorageException(Reason.IO, "the disk is gone", "");
            }
        };
        TrimVote vote = strategy.vote(new TrimSituation(
                good.image(),
                good.watermarks(),
                good.clients(),
                good.usedBytes(),
                good.limitBytes(),
                good.nowNanos(),
                good.properties(),
                broken));
        assertTrue(!asked[0] || vote.trimUpTo() == 0, vote.toString());
    }

    @Test
    void aClockThatIsWrongDoesNotHurt() {
        TrimSituation good = situation(10, 1000, List.of(client("peer", 20, 30)), properties());
        for (long now : new long[] {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE}) {
            TrimVote vote = newStrategy()
                    .vote(new TrimSituation(
                            good.image(),
                            good.watermarks(),
                            good.clients(),
                            good.usedBytes(),
                            good.limitBytes(),
                            now,
                            good.properties(),
                            good.lookup()));
            assertTrue(vote.trimUpTo() <= 1000, vote.toString());
        }
    }
}
