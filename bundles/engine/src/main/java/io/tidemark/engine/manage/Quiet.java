package io.tidemark.engine.manage;

import io.tidemark.api.Watermarks;
import io.tidemark.api.journal.JournalClient;

/**
 * When an image is to be looked at though nothing woke it. Where nothing moves that is ever later: what can come then comes from
 * the time that passes, as that a strategy lets go of what is old, and is not urgent.
 */
final class Quiet {
    private static final long MOST_NANOS = 300_000_000_000L;

    private final long leastNanos;

    /** As at the last look, and since when they have been so while there was nothing to do. */
    private Watermarks marks;

    private long sinceNanos;

    /** The first one is for an image that is busy or has something to say. */
    Quiet(long leastNanos) {
        this.leastNanos = leastNanos;
    }

    /**
     * How long not to look.
     *
     * @param now of an image that is served and has no trouble; null for another one
     * @return nanoseconds, from the least to five minutes
     */
    long lookNanos(View now, long nowNanos) {
        Watermarks seen =
                now == null || now.stores() == null ? null : now.engine().watermarks();
        if (seen == null || !seen.equals(marks) || !isSettled(seen, now)) {
            marks = seen;
            sinceNanos = nowNanos;
        }
        return Math.max(leastNanos, Math.min(MOST_NANOS, nowNanos - sinceNanos));
    }

    /** Whether everything is where it is to go, here and at the replicas: what is behind has to be watched. */
    private static boolean isSettled(Watermarks marks, View now) {
        return marks.checkpointed() == marks.appended()
                && now.stores().journal().clients().stream()
                        .noneMatch(client -> client.state() == JournalClient.State.CONNECTED
                                && client.commit().sequence() < marks.durable());
    }
}
