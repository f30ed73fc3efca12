package io.tidemark.engine.manage;

/** When to try again what failed. For one thread. */
final class Backoff {
    private static final long FIRST_NANOS = 100_000_000L;
    private static final long LAST_NANOS = 10_000_000_000L;
    private static final long REFUSED_NANOS = 30_000_000_000L;
    private static final long HEALTHY_NANOS = 60_000_000_000L;

    private long delayNanos;
    private long dueNanos;
    private boolean waiting;
    private long succeededNanos;

    /** It failed in a way that may pass by itself. */
    void failed(long nowNanos) {
        delayNanos = delayNanos == 0 ? FIRST_NANOS : Math.min(LAST_NANOS, 2 * delayNanos);
        waiting = true;
        dueNanos = nowNanos + delayNanos;
    }

    /** It failed in a way that somebody has to mend; looked at now and then, because nobody may tell us. */
    void refused(long nowNanos) {
        waiting = true;
        dueNanos = nowNanos + REFUSED_NANOS;
    }

    void succeeded(long nowNanos) {
        waiting = false;
        succeededNanos = nowNanos;
    }

    /** What works only for moments is tried ever more rarely. */
    void brokeAgain(long nowNanos) {
        if (nowNanos - succeededNanos > HEALTHY_NANOS) {
            delayNanos = 0;
        } else if (delayNanos > 0) {
            failed(nowNanos);
        } else {
            delayNanos = FIRST_NANOS;
        }
    }

    /** Not a failure: only to be looked at again by then. */
    void until(long nowNanos, long thenNanos) {
        waiting = true;
        dueNanos = Math.max(nowNanos, thenNanos);
    }

    /** Something has changed: try at once. */
    void kick() {
        waiting = false;
    }

    long leftNanos(long nowNanos) {
        return waiting ? Math.max(0, dueNanos - nowNanos) : 0;
    }
}
