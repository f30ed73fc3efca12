package io.tidemark.journal.flash;

/**
 * How a pool of flash journals works. Immutable; change one by its {@code with} method.
 *
 * @param segmentBytes size of a segment file in journals made from now on. A journal with a small limit gets smaller ones,
 *     so that it has at least eight; one with a very large limit gets larger ones. At least 1088 KiB.
 * @param batchBytes most bytes that one write and force take, framing included; 1.25 MiB to 64 MiB. Buffers of
 *     this size go to journals while they have something to write; those of all pools together have at most 32 MiB of them,
 *     or three of the largest ({@link BatchMemory}). A journal that finds none waits for its turn.
 * @param directBytes batches of at least so many bytes, with events of an eighth of it on average, go past the page cache and
 *     are durable in one step, two at a time; so do all of a journal that is told not to expect reading; 0 for none
 * @param sealNanos after so much idle time a seal attests what is durable; 0 for never
 * @param preparation how new segments are made ready
 * @param spareSegments most trimmed segments that a journal keeps for use as new ones for long. More are kept, within
 *     its limit, while it needs them again and again
 */
public record FlashOptions(
        long segmentBytes,
        int batchBytes,
        int directBytes,
        long sealNanos,
        Preparation preparation,
        int spareSegments) {
    /** Segments of 64 MiB, batches of 4 MiB, past the page cache from 256 KiB, sealed after 20 ms. */
    public static final FlashOptions DEFAULT =
            new FlashOptions(64L << 20, 4 << 20, 256 << 10, 20_000_000L, Preparation.ADAPTIVE, 16);

    /** The smallest segment: it holds one event of the largest size and its framing. */
    public static final long MIN_SEGMENT_BYTES = 17L << 16;

    /** The largest segment: places inside one are 32-bit numbers. */
    public static final long MAX_SEGMENT_BYTES = 1L << 30;

    private static final int MIN_BATCH_BYTES = 5 << 18;
    private static final int MAX_BATCH_BYTES = 64 << 20;

    /** How a new segment is made ready. A segment that is used again needs none of it. */
    public enum Preparation {
        /** Zeros are written: the first force of each block is as fast as any later one, but each byte is written twice. */
        WRITTEN,
        /** Blocks are reserved: nothing is written twice, but the first force of each block takes longer. */
        ALLOCATED,
        /** Written while batches are small, reserved while they are large. */
        ADAPTIVE
    }

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException naming what is out of range
     */
    public FlashOptions {
        check(segmentBytes >= MIN_SEGMENT_BYTES && segmentBytes <= MAX_SEGMENT_BYTES, "segment size", segmentBytes);
        check(batchBytes >= MIN_BATCH_BYTES && batchBytes <= MAX_BATCH_BYTES, "batch size", batchBytes);
        check(directBytes >= 0, "direct writing from", directBytes);
        check(sealNanos >= 0, "seal after", sealNanos);
        check(spareSegments >= 0, "spare segments", spareSegments);
        java.util.Objects.requireNonNull(preparation, "preparation");
    }

    private static void check(boolean ok, String what, long value) {
        if (!ok) {
            throw new IllegalArgumentException("flash journals: " + what + " " + value + " is out of range");
        }
    }

    /**
     * Other segment size.
     *
     * @param bytes of a segment
     * @return the changed options
     */
    public FlashOptions withSegmentBytes(long bytes) {
        return new FlashOptions(bytes, batchBytes, directBytes, sealNanos, preparation, spareSegments);
    }

    /**
     * Other batch size.
     *
     * @param bytes of a batch
     * @return the changed options
     */
    public FlashOptions withBatchBytes(int bytes) {
        return new FlashOptions(segmentBytes, bytes, directBytes, sealNanos, preparation, spareSegments);
    }

    /**
     * Other threshold for writing past the page cache.
     *
     * @param bytes from which a batch is written so; 0 for never
     * @return the changed options
     */
    public FlashOptions withDirectBytes(int bytes) {
        return new FlashOptions(segmentBytes, batchBytes, bytes, sealNanos, preparation, spareSegments);
    }

    /**
     * Other idle time before a seal.
     *
     * @param nanos idle time; 0 for never
     * @return the changed options
     */
    public FlashOptions withSealNanos(long nanos) {
        return new FlashOptions(segmentBytes, batchBytes, directBytes, nanos, preparation, spareSegments);
    }

    /**
     * Other preparation of segments.
     *
     * @param how new segments are made ready
     * @return the changed options
     */
    public FlashOptions withPreparation(Preparation how) {
        return new FlashOptions(segmentBytes, batchBytes, directBytes, sealNanos, how, spareSegments);
    }

    /**
     * Other number of spare segments.
     *
     * @param count most that are kept
     * @return the changed options
     */
    public FlashOptions withSpareSegments(int count) {
        return new FlashOptions(segmentBytes, batchBytes, directBytes, sealNanos, preparation, count);
    }
}
