package io.tidemark.engine.image;

/**
 * Whether one more payload fits into an image's share of the memory. What waits or is not durable stays; what is durable can be
 * dropped, and has to be read back from the journal before the image gets it. Of small scattered payload that costs little, for
 * most of it is overwritten before; of large payload it costs the journal's device a third pass over the same bytes, just when
 * it has the most to do. So whoever brings large payload waits while the image takes about as much as the journal does. In
 * front of a slower image nobody waits: a burst runs at the journal's speed. Guarded by the image's lock.
 */
final class HotShare {
    /** Bytes of an average event from which on it is cheaper to write it from memory now than to gather. */
    static final long LARGE_BYTES = 32 << 10;

    /** The image keeps up while it takes at least one byte of so many that the journal could take. */
    private static final int MOST_BEHIND = 3;

    /** Nobody waits for longer: an image that takes so long for a batch is slow, or stuck. */
    private static final long MOST_WAIT_NANOS = 1_000_000_000L;

    /** Left free for what is taken and not handed in yet: else that would drop what was waited for. */
    private static final int FREE_PART = 8;

    private final Core core;
    private final Speed journal = new Speed();
    private final Speed image = new Speed();
    private boolean behind;
    private boolean awaited;
    private long awaitedSinceNanos;

    /** Nanoseconds per byte over the last some MiB. */
    private static final class Speed {
        private static final double SPAN_BYTES = 64 << 20;

        private double bytes;
        private double nanos;

        void add(long moreBytes, long moreNanos) {
            bytes += moreBytes;
            nanos += moreNanos;
            if (bytes > SPAN_BYTES) {
                bytes /= 2;
                nanos /= 2;
            }
        }

        /** 0 as long as nothing is known. */
        double nanosPerByte() {
            return bytes == 0 ? 0 : nanos / bytes;
        }
    }

    HotShare(Core core) {
        this.core = core;
    }

    /**
     * Whether payload may be taken. Where not, there is a chance with every force and every batch.
     *
     * @param lengthBytes of it
     */
    boolean fits(int lengthBytes) {
        long share = core.settings.hotPayloadBytes();
        long pinned = core.heldBytes + core.unforced.bytes();
        if (pinned > 0 && pinned + lengthBytes > share) {
            return false;
        }
        long all = core.heldBytes + core.hot.bytes();
        if (all == 0 || all + lengthBytes <= share - share / FREE_PART || !waitsForImage()) {
            return true;
        }
        if (!awaited) {
            awaited = true;
            core.figures.appliesAwaited++;
            awaitedSinceNanos = core.context.clock().monotonicNanos();
            core.committer.arm();
        }
        return false;
    }

    private boolean waitsForImage() {
        boolean applies = !core.suspended && !core.imageFull && !core.journalFull && !core.stopping;
        return !behind
                && applies
                && (core.following == null || core.following.keepsPayload())
                && isLarge(core.activeBytes + core.frozenBytes);
    }

    /** Whether so many bytes of events that are not applied are large ones. */
    boolean isLarge(long bytes) {
        return bytes >= LARGE_BYTES * (core.readable() - core.applied);
    }

    /** How long whoever waits for the image will still do so; without end when nobody does. */
    long patienceNanos() {
        if (!awaited) {
            return Long.MAX_VALUE;
        }
        return Math.max(
                0, awaitedSinceNanos + MOST_WAIT_NANOS - core.context.clock().monotonicNanos());
    }

    /** Nobody waits for the image any more, until it has shown that it keeps up. Whoever waited is to look again. */
    void giveUp() {
        awaited = false;
        behind = true;
    }

    /** A force has made so much durable. */
    void forced(long bytes, long events, long nanos) {
        if (bytes > 0 && bytes >= LARGE_BYTES * events) {
            journal.add(bytes, nanos);
        }
    }

    /** A batch has reached the image. */
    void applied(long bytes, int extents, long nanos) {
        awaited = false;
        if (bytes > 0 && bytes >= LARGE_BYTES * extents) {
            image.add(bytes, nanos);
            behind = image.nanosPerByte() > MOST_BEHIND * journal.nanosPerByte() && journal.nanosPerByte() > 0;
        }
    }
}
