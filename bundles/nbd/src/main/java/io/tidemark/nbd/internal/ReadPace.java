package io.tidemark.nbd.internal;

/**
 * Whether reads of a connection come from memory or from a disk: a running average of how long they take. Reads from
 * memory are done where the request was read; for those from a disk a hand-over to another thread is cheap beside the gain
 * of doing several at once. Written by several threads without a lock: a lost sample does not matter.
 */
final class ReadPace {
    private static final long SLOW_NANOS = 50_000;
    private static final long FAST_NANOS = 20_000;
    private static final int WEIGHT_SHIFT = 4;
    /** One read that waited for a suspended image must not count for minutes. */
    private static final long LONGEST_SAMPLE_NANOS = 1_000_000;

    private volatile long averageNanos;
    private volatile boolean slow;

    void took(long nanos, int bytes) {
        // What a long read copies is not what this is about.
        long sample = Math.min(LONGEST_SAMPLE_NANOS, nanos) / (1 + bytes / (16 << 10));
        long before = averageNanos;
        long average = before + ((sample - before) >> WEIGHT_SHIFT);
        averageNanos = average;
        if (slow) {
            slow = average > FAST_NANOS;
        } else if (average > SLOW_NANOS) {
            slow = true;
        }
    }

    boolean slow() {
        return slow;
    }

    long averageNanos() {
        return averageNanos;
    }
}
