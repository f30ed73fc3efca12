package io.tidemark.mirror.internal.fork;

import java.util.Arrays;

/**
 * The parts of an image that some events changed, each byte once. Takes bounded memory: where there are too many parts, those
 * that are close to each other are taken together. For one thread.
 */
final class ChangedParts {
    /** Begins and ends, so 4 MiB, and three times as much while others come in between. */
    private static final int MOST_PARTS = 1 << 18;

    private static final int NEW_PARTS = 1 << 16;
    private static final long FIRST_GAP_BYTES = 4096;

    /** A part in each row of two: its first byte and the one behind it. Sorted, and apart from each other by more than the gap. */
    private long[] parts = new long[0];

    private final long[] fresh = new long[2 * NEW_PARTS];
    private final int mostParts;
    private int freshNumbers;
    private long gap;

    ChangedParts() {
        this(MOST_PARTS);
    }

    ChangedParts(int mostParts) {
        this.mostParts = mostParts;
    }

    void add(long offset, long length) {
        if (length <= 0) {
            return;
        }
        if (freshNumbers == fresh.length) {
            merge();
        }
        fresh[freshNumbers++] = offset;
        fresh[freshNumbers++] = offset + length;
    }

    /** Separate parts. */
    long count() {
        merge();
        return parts.length / 2;
    }

    /** Bytes in all of them. */
    long bytes() {
        merge();
        long sum = 0;
        for (int at = 0; at < parts.length; at += 2) {
            sum += parts[at + 1] - parts[at];
        }
        return sum;
    }

    /** Whether no bytes between parts were taken for changed. */
    boolean isExact() {
        return gap == 0;
    }

    private void merge() {
        if (freshNumbers == 0) {
            return;
        }
        long[] sorted = sortedFresh();
        freshNumbers = 0;
        long[] old = parts;
        Union union = new Union(new long[old.length + sorted.length], gap);
        int i = 0;
        int j = 0;
        while (i < old.length || j < sorted.length) {
            boolean takeOld = j == sorted.length || (i < old.length && old[i] <= sorted[j]);
            if (takeOld) {
                union.add(old[i], old[i + 1]);
                i += 2;
            } else {
                union.add(sorted[j], sorted[j + 1]);
                j += 2;
            }
        }
        parts = union.parts();
        while (parts.length / 2 > mostParts) {
            coarsen();
        }
    }

    private long[] sortedFresh() {
        long[][] pairs = new long[freshNumbers / 2][];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = new long[] {fresh[2 * i], fresh[2 * i + 1]};
        }
        Arrays.sort(pairs, (one, other) -> Long.compare(one[0], other[0]));
        long[] sorted = new long[freshNumbers];
        for (int i = 0; i < pairs.length; i++) {
            sorted[2 * i] = pairs[i][0];
            sorted[2 * i + 1] = pairs[i][1];
        }
        return sorted;
    }

    private void coarsen() {
        gap = gap == 0 ? FIRST_GAP_BYTES : 2 * gap;
        Union union = new Union(new long[parts.length], gap);
        for (int i = 0; i < parts.length; i += 2) {
            union.add(parts[i], parts[i + 1]);
        }
        parts = union.parts();
    }

    /** Parts that come in the order of their begins. */
    private static final class Union {
        private final long[] out;
        private final long gap;
        private int numbers;

        Union(long[] room, long gap) {
            this.out = room;
            this.gap = gap;
        }

        void add(long begin, long end) {
            if (numbers > 0 && begin - gap <= out[numbers - 1]) {
                out[numbers - 1] = Math.max(out[numbers - 1], end);
            } else {
                out[numbers++] = begin;
                out[numbers++] = end;
            }
        }

        long[] parts() {
            return Arrays.copyOf(out, numbers);
        }
    }
}
