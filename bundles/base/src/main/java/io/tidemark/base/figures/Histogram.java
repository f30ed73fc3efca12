package io.tidemark.base.figures;

import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** Counts values by powers of two. Safe for all threads, without a lock or an allocation for a value. */
public final class Histogram {
    private final LongAdder[] buckets = new LongAdder[64];
    private final LongAdder sum = new LongAdder();
    private final LongAccumulator max = new LongAccumulator(Math::max, 0);

    /** One without values. */
    public Histogram() {
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new LongAdder();
        }
    }

    /**
     * What was counted.
     *
     * @param count of values
     * @param mean 0 when there are none
     * @param p50 what half of them do not exceed: the end of its power of two, or the largest value
     * @param p99 the same for 99 of 100
     * @param max the largest
     */
    public record Figures(long count, long mean, long p50, long p99, long max) {}

    /**
     * Counts a value.
     *
     * @param value one below 0 counts as 0
     */
    public void add(long value) {
        long counted = Math.max(value, 0);
        buckets[63 - Long.numberOfLeadingZeros(counted | 1)].increment();
        sum.add(counted);
        max.accumulate(counted);
    }

    /**
     * What was counted so far.
     *
     * @return figures; values that are counted meanwhile may be in some of them only
     */
    public Figures now() {
        long[] counts = new long[buckets.length];
        long count = 0;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = buckets[i].sum();
            count += counts[i];
        }
        long most = max.get();
        return new Figures(
                count,
                count == 0 ? 0 : sum.sum() / count,
                quantile(counts, Math.ceil(count * 0.5), most),
                quantile(counts, Math.ceil(count * 0.99), most),
                most);
    }

    private static long quantile(long[] counts, double wanted, long most) {
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted && seen > 0) {
                return i >= 62 ? most : Math.min((1L << (i + 1)) - 1, most);
            }
        }
        return 0;
    }
}
