package io.tidemark.engine.image;

import java.util.Map;

/** Counts values by powers of two. Guarded by whoever owns it. */
final class Histogram {
    private final long[] buckets = new long[64];
    private long count;
    private long sum;
    private long max;

    void add(long value) {
        long v = Math.max(value, 0);
        buckets[64 - Long.numberOfLeadingZeros(v | 1) - 1]++;
        count++;
        sum += v;
        max = Math.max(max, v);
    }

    /** The upper bound of the bucket that the given part of all values does not exceed. */
    long quantile(double part) {
        long wanted = (long) Math.ceil(count * part);
        long seen = 0;
        for (int i = 0; i < buckets.length; i++) {
            seen += buckets[i];
            if (seen >= wanted && seen > 0) {
                return Math.min(i >= 62 ? Long.MAX_VALUE : (1L << (i + 1)) - 1, max);
            }
        }
        return 0;
    }

    /** Adds count, mean, median, 99th percentile and maximum to a map. */
    void report(String name, Map<String, Long> out) {
        out.put(name + ".count", count);
        out.put(name + ".mean", count == 0 ? 0 : sum / count);
        out.put(name + ".p50", quantile(0.5));
        out.put(name + ".p99", quantile(0.99));
        out.put(name + ".max", max);
    }
}
