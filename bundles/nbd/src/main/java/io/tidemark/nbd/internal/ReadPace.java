package io.tidemark.nbd.internal;

/**
 * Whether reads of a connection come from memory or from a disk. Reads from memory are done where the request was read; for
 * those from a disk a hand-over to another thread is cheap beside the gain of doing several at once.
 *
 * <p>Counts how many of the recent reads were slow, and not how slow they were: on a busy machine a read from memory now and
 * then takes milliseconds, because its thread lost the processor, and a mean would take that for a disk. Written by several
 * threads without a lock: a lost sample does not matter.
 */
final class ReadPace {
    /** Longer than any copy from memory, shorter than any disk. */
    private static final long SLOW_NANOS = 40_000;
    /** For each further piece of a long read: copying it takes time too. */
    private static final long PER_PIECE_NANOS = 10_000;

    private static final int PIECE_BYTES = 16 << 10;
    private static final int ALL = 1024;
    private static final int WEIGHT_SHIFT = 4;

    /** Share of slow ones among recent reads, in 1024ths. */
    private volatile int slowShare;

    private volatile boolean slow;

    void took(long nanos, int bytes) {
        boolean sample = nanos > SLOW_NANOS + bytes / PIECE_BYTES * PER_PIECE_NANOS;
        int before = slowShare;
        int share = before + (((sample ? ALL : 0) - before) >> WEIGHT_SHIFT);
        slowShare = share;
        if (slow ? share < ALL / 4 : share > ALL / 2) {
            slow = !slow;
        }
    }

    boolean slow() {
        return slow;
    }
}
