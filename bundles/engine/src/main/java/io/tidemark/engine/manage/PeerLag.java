package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.context.Clock;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.Journal.JournalStatus;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the clients of one journal that are behind by more than the image allows. Never too early: what it finds may be given up.
 *
 * <p>Wall clocks step, and nodes are down for days, which is no fault of their peers. So a client is slow by time only when this
 * process has seen for a while, on the clock that does not step, that it lacks something all the time. How old that something is may
 * then come from the times in the journal, because otherwise each start of the node would count from zero. For the image's worker.
 */
final class PeerLag {
    /** So long a client that is behind is looked at in any case: after a start it needs some time to link. */
    private static final long LEAST_SEEN_NANOS = 60_000_000_000L;

    /** Looks come more often than this; a process that was frozen for longer has not seen anything meanwhile. */
    private static final long LONGEST_LOOK_NANOS = 30_000_000_000L;

    /**
     * A client that is too far behind.
     *
     * @param client as it was looked at
     * @param words what it lacks, as in {@code lacks more than 1 GiB of the journal (peer.slow.size)}
     */
    record Slow(JournalClient client, String words) {}

    /** What was seen of a client: since when it lacks the event that was the last one then. */
    private static final class Seen {
        private long target;
        private long lackedNanos;
    }

    private final Clock clock;
    private final Map<String, Seen> seen = new HashMap<>();
    private Journal looked;
    private long lookedNanos;
    private long firstNanos;
    private long firstWallNanos;

    PeerLag(Clock clock) {
        this.clock = clock;
    }

    /**
     * Looks at all clients that count. To be called every some seconds, as long as the journal can be read.
     *
     * @param allowed how far they may be behind
     * @param journal of the image
     * @return those that are further
     * @throws StorageException when the journal cannot be searched
     */
    List<Slow> look(SlowPeers allowed, Journal journal) throws StorageException {
        List<JournalClient> clients = journal.clients().stream()
                .filter(client -> client.state() == JournalClient.State.CONNECTED)
                .toList();
        see(journal, clients);
        List<Slow> slow = new ArrayList<>();
        for (JournalClient client : clients) {
            if (isBehindBySize(allowed, journal, client)) {
                slow.add(new Slow(
                        client,
                        "lacks more than " + Sizes.format(allowed.bytes()) + " of the journal ("
                                + ImageKeys.PEER_SLOW_SIZE + ")"));
            } else if (isBehindByAge(allowed, journal, client)) {
                slow.add(new Slow(
                        client,
                        "lacks events since more than " + Durations.format(allowed.nanos()) + " ("
                                + ImageKeys.PEER_SLOW_AGE + ")"));
            }
        }
        return slow;
    }

    private void see(Journal journal, List<JournalClient> clients) {
        long now = clock.monotonicNanos();
        if (journal != looked) {
            // Closed, it gave nothing to anybody.
            seen.clear();
            looked = journal;
            firstNanos = now;
            firstWallNanos = clock.wallNanos();
            lookedNanos = now;
        }
        long step = Math.min(now - lookedNanos, LONGEST_LOOK_NANOS);
        lookedNanos = now;
        seen.keySet().retainAll(clients.stream().map(JournalClient::id).toList());
        long durable = journal.durable();
        for (JournalClient client : clients) {
            Seen one = seen.computeIfAbsent(client.id(), id -> new Seen());
            if (client.commit().sequence() >= one.target) {
                one.target = durable;
                one.lackedNanos = 0;
            } else {
                one.lackedNanos += step;
            }
        }
    }

    /** A journal counts in segments: one more than allowed, and it is sure. */
    private static boolean isBehindBySize(SlowPeers allowed, Journal journal, JournalClient client)
            throws StorageException {
        if (allowed.bytes() == 0) {
            return false;
        }
        JournalStatus status = journal.status();
        long segmentBytes = status.usedBytes() / Math.max(1, status.segments());
        return client.commit().sequence() + 1 < journal.sequenceAtBytesBack(allowed.bytes() + segmentBytes);
    }

    private boolean isBehindByAge(SlowPeers allowed, Journal journal, JournalClient client) throws StorageException {
        Seen one = seen.get(client.id());
        boolean lacks = client.commit().sequence() < one.target;
        if (allowed.nanos() == 0 || !lacks || one.lackedNanos < Math.min(allowed.nanos(), LEAST_SEEN_NANOS)) {
            return false;
        }
        return one.lackedNanos >= allowed.nanos()
                || journal.sequenceAt(wallNanos() - allowed.nanos())
                        > client.commit().sequence();
    }

    /** A clock that has stepped since the first look makes nothing older. */
    private long wallNanos() {
        return Math.min(clock.wallNanos(), firstWallNanos + clock.monotonicNanos() - firstNanos);
    }
}
