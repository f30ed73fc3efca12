package io.tidemark.engine.image;

/**
 * Whether batches are worth waiting for, and how much of one is under way at once, so that forces of the journal need not queue
 * behind a whole batch at the device that both share.
 *
 * <p>A batch that is written as fast as the device takes it holds up clients while it lasts; behind it the device has nothing to do
 * until the next one. Where waiting saves writes, because they are overwritten or get neighbours, that is worth it. Where it saves
 * few, a batch begins while its payload is in memory, and no more of it is under way than it takes to be done when the next one
 * is due: then the device has always some of it to do, and never much. Not thread-safe: under the image's lock.
 */
final class Pace {
    /** So few are little in the way of a force, and are still enough for an image to write past the page cache. */
    static final int LEAST_RUNS = 16;

    /** A batch is to be done when such a part of what starts the next one has come in. */
    private static final double EARLY_PART = 0.7;

    /** The sooner it is, the later the next one starts, which saves more. */
    private static final double LATE_PART = 0.35;

    private static final double FASTER = 1.25;
    private static final double SLOWER = 0.95;

    /** Part of its writes that a batch has to save for it to be worth waiting for. */
    private static final double WORTH = 0.25;

    private static final double NOT_WORTH = 0.2;

    /** Batches of fewer writes say nothing. */
    private static final int FEWEST_WRITES = 64;

    /** A small batch saves few: several together say how many. */
    private static final double LEARNING = 1.0 / 8;

    private double runs = BatchWriter.RUNS;
    private double saves = 1;
    private boolean early;

    /** Whether the next batch is to begin while its payload is in memory. */
    boolean isEarly() {
        return early;
    }

    /**
     * Runs that are to be handed to the image at once, by who disturbs others with it.
     *
     * @param written part of the batch that is written
     * @param cameIn since it began, as a part of what starts the next one
     */
    int runs(double written, double cameIn) {
        boolean late = cameIn > written * (early ? EARLY_PART : LATE_PART);
        runs = Math.max(LEAST_RUNS, Math.min(BatchWriter.RUNS, runs * (late ? FASTER : SLOWER)));
        return (int) runs;
    }

    /**
     * Learns from a batch. What a small one saves of its writes grows with their number, as long as it is little.
     *
     * @param writes that it had
     * @param written runs that it took
     * @param larger how many times as many it would have had if it had been waited for
     */
    void ended(long writes, int written, double larger) {
        if (writes < FEWEST_WRITES) {
            return;
        }
        double saved = Math.min(1, Math.max(0, 1 - (double) written / writes) * Math.max(1, larger));
        saves = early ? saves + (saved - saves) * LEARNING : saved;
        early = saves < (early ? WORTH : NOT_WORTH);
    }
}
