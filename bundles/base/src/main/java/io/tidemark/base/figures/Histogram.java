package io.tidemark.base.figures;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts values by powers of two. Safe for all threads, without a lock or an allocation for a value, but for the first one of its
 * power: a node has thousands of these, and most count nothing.
 */
public final class Histogram {
    private final AtomicReferenceArray<LongAdder> buckets = new AtomicReferenceArray<>(64);
    private final LongAdder sum = new LongAdder();
    private final LongAccumulator max = new LongAccumulator(Math::max, 0);

    /** One without values. */
    public Histogram() {}

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
        bucket(63 - Long.numberOfLeadingZeros(counted | 1)).increment();
        sum.add(counted);
        max.accumulate(counted);
    }

    private LongAdder bucket(int power) {
        LongAdder bucket = buckets.get(power);
        if (bucket == null) {
            buckets.compareAndSet(power, null, new LongAdder());
            bucket = buckets.get(power);
        }
        return bucket;
    }

    /**
     * What was counted so far.
     *
     * @return figures; values that are counted meanwhile may be in some of them only
     */
    public Figures now() {
        long[] counts = new long[buckets.length()];
        long count = 0;
        for (int i = 0; i < counts.length; i++) {
            LongAdder bucket = buckets.get(i);
            counts[i] = bucket == null ? 0 : bucket.sum();
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
