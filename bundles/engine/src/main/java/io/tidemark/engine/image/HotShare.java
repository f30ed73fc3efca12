package io.tidemark.engine.image;

import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.context.PayloadPool;

/**
 * Whether one more payload fits into an image's share of the memory. What waits or is not durable stays; what is durable can be
 * dropped, and has to be read back from the journal before the image gets it. Of small scattered payload that costs little, for
 * most of it is overwritten before; of large payload it costs the journal's device a third pass over the same bytes, just when
 * it has the most to do. So whoever brings large payload waits while the image takes about as much as the journal does. In
 * front of a slower image nobody waits: a burst runs at the journal's speed. Small payload never waits for the image, for which
 * a part of the share is left. Guarded by the image's lock.
 */
final class HotShare {
    /** Bytes of an average event from which on it is cheaper to write it from memory now than to gather. */
    static final long LARGE_BYTES = 32 << 10;

    /** The image keeps up while it takes at least one byte of so many that the journal could take. */
    private static final int MOST_BEHIND = 3;

    /** Nobody waits for longer in one go: an image that takes so long for a batch is slow, or stuck. */
    private static final long MOST_WAIT_NANOS = 1_000_000_000L;

    /** So long after that it is tried again, if nothing has shown before that the image keeps up. */
    private static final long TRY_AGAIN_NANOS = 10_000_000_000L;

    /** Left free for what is small, and for what is taken and not handed in yet: else that would drop what was waited for. */
    private static final int FREE_PART = 8;

    /** Left of all memory for the images that serve, whatever waits at others. */
    private static final int OTHERS_PART = 4;

    private final Core core;
    private final Speed journal = new Speed();
    private final Speed image = new Speed();
    private boolean behind;
    private long behindSinceNanos;
    private boolean awaited;
    private long awaitedSinceNanos;

    /** Time of forces that no sample of the journal's speed has yet, and since when it is counted. */
    private long forcingNanos;

    private long forcingSinceNanos;

    /** Nanoseconds per byte over the last some MiB. */
    private static final class Speed {
        private static final double SPAN_BYTES = 64 << 20;

        private double bytes;
        private double nanos;

        void add(long moreBytes, long moreNanos) {
            bytes += moreBytes;
            nanos += moreNanos;
            if (bytes > SPAN_BYTES) {
                nanos *= SPAN_BYTES / bytes;
                bytes = SPAN_BYTES;
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
        long pinned = core.held.bytes() + core.unforced.bytes();
        if (pinned > 0 && (pinned + lengthBytes > share || isCrowding())) {
            return false;
        }
        long all = core.held.bytes() + core.hot.bytes();
        if (lengthBytes < LARGE_BYTES || all == 0 || all + lengthBytes <= share - share / FREE_PART) {
            return true;
        }
        long now = core.context.clock().monotonicNanos();
        if (!waitsForImage() || !keepsUp(now)) {
            awaited = false;
            return true;
        }
        if (!awaited) {
            awaited = true;
            core.figures.appliesAwaited++;
            awaitedSinceNanos = now;
            core.committer.arm();
        } else if (now - awaitedSinceNanos >= MOST_WAIT_NANOS) {
            giveUp();
            return true;
        }
        return false;
    }

    /**
     * Whether requests wait here for a store, a replica or room, which may take long, while there is little memory left: each
     * share has a least size, so that those of many images may be more than all memory. Others have to get on with the rest.
     */
    private boolean isCrowding() {
        if (core.held.bytes() == 0 || core.state == State.SERVING) {
            return false;
        }
        PayloadPool pool = core.context.payloads();
        return pool.usedBytes() > pool.capacityBytes() - pool.capacityBytes() / OTHERS_PART;
    }

    /** Bytes of payload that stay in memory beside the requests that wait, as far as they are durable. */
    long leftForHot() {
        return isCrowding() ? 0 : Math.max(0, core.settings.hotPayloadBytes() - core.held.bytes());
    }

    /** Whether what is in memory is on its way to the image, and is large. */
    private boolean waitsForImage() {
        boolean applies = !core.suspended && !core.imageFull && !core.journalFull && !core.stopping;
        return applies
                && core.readable() > core.applied
                && (core.following == null || core.following.keepsPayload())
                && isLarge(core.activeBytes + core.frozenBytes);
    }

    private boolean keepsUp(long nowNanos) {
        return !behind || nowNanos - behindSinceNanos >= TRY_AGAIN_NANOS;
    }

    /** Whether the image takes too little for anybody to wait for it. */
    boolean isBehind() {
        return behind;
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
        fallBehind(waitsForImage());
        awaited = false;
        core.room.signal();
    }

    private void fallBehind(boolean now) {
        behind = now;
        if (now) {
            behindSinceNanos = core.context.clock().monotonicNanos();
        }
    }

    /** The first of the forces that are under way begins. */
    void forcing(long nowNanos) {
        forcingSinceNanos = nowNanos;
    }

    /** A force has ended, which was the first to claim so much; others may be under way still. */
    void forced(long bytes, long events, long nowNanos) {
        // Two may be under way, and each moment counts once.
        forcingNanos += Math.max(0, nowNanos - forcingSinceNanos);
        forcingSinceNanos = Math.max(nowNanos, forcingSinceNanos);
        if (bytes > 0 && bytes >= LARGE_BYTES * events) {
            journal.add(bytes, forcingNanos);
        }
        forcingNanos = 0;
    }

    /**
     * A batch has reached the image.
     *
     * @param nanos that the image had for it; reading back what was not in memory is not its fault
     */
    void applied(long bytes, int extents, long nanos) {
        awaited = false;
        if (bytes > 0 && bytes >= LARGE_BYTES * extents) {
            image.add(bytes, nanos);
            double journalNanos = journal.nanosPerByte();
            fallBehind(journalNanos > 0 && image.nanosPerByte() > MOST_BEHIND * journalNanos);
        }
    }
}
