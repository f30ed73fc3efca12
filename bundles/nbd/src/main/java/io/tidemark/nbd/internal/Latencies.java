package io.tidemark.nbd.internal;

import io.tidemark.nbd.NbdLatency;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/** Counts times by powers of two. Safe for all threads, without a lock or an allocation. */
final class Latencies {
    private final LongAdder[] buckets = new LongAdder[64];
    private final LongAdder sum = new LongAdder();
    private final LongAccumulator max = new LongAccumulator(Math::max, 0);

    Latencies() {
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new LongAdder();
        }
    }

    void add(long nanos) {
        buckets[63 - Long.numberOfLeadingZeros(nanos | 1)].increment();
        sum.add(nanos);
        max.accumulate(nanos);
    }

    NbdLatency now() {
        long[] counts = new long[buckets.length];
        long count = 0;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = buckets[i].sum();
            count += counts[i];
        }
        long most = max.get();
        return new NbdLatency(
                count,
                count == 0 ? 0 : sum.sum() / count,
                quantile(counts, count * 0.5, most),
                quantile(counts, count * 0.99, most),
                most);
    }

    /** The upper bound of the bucket that so many values do not exceed. */
    private static long quantile(long[] counts, double wanted, long most) {
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted && seen > 0) {
                return Math.min((1L << Math.min(i + 1, 62)) - 1, most);
            }
        }
        return 0;
    }
}
