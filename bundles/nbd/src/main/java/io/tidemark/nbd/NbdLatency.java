package io.tidemark.nbd;

/** How long requests of one sort took, from their header to their reply's way out; as JMX shows it. */
public final class NbdLatency {
    private final long count;
    private final long mean;
    private final long p50;
    private final long p99;
    private final long max;

    /**
     * Figures.
     *
     * @param count of requests
     * @param mean nanoseconds
     * @param p50 nanoseconds that half of them did not exceed
     * @param p99 nanoseconds that 99 of 100 did not exceed
     * @param max nanoseconds
     */
    public NbdLatency(long count, long mean, long p50, long p99, long max) {
        this.count = count;
        this.mean = mean;
        this.p50 = p50;
        this.p99 = p99;
        this.max = max;
    }

    /**
     * Requests that were answered.
     *
     * @return how many
     */
    public long getCount() {
        return count;
    }

    /**
     * Mean.
     *
     * @return nanoseconds
     */
    public long getMean() {
        return mean;
    }

    /**
     * Median, rounded up to a power of two.
     *
     * @return nanoseconds
     */
    public long getP50() {
        return p50;
    }

    /**
     * What 99 of 100 do not exceed, rounded up to a power of two.
     *
     * @return nanoseconds
     */
    public long getP99() {
        return p99;
    }

    /**
     * Longest.
     *
     * @return nanoseconds
     */
    public long getMax() {
        return max;
    }
}
