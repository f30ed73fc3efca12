package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.Journal;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;

/**
 * Reads: the overlay of a moment, taken under the lock, over the image. For several threads at once.
 *
 * <p>What has changed the image since that moment was not acknowledged when the read began, so it may or may not be seen.
 */
final class Reads {
    /** Part of a long range that is mapped in one step, so that the lock is not held for long. */
    private static final long MAP_STEP_BYTES = 32L << 20;

    private final Core core;
    private final ArrayDeque<Pieces> spare = new ArrayDeque<>();

    /** Of reads under way: the least sequence that each may still read from the journal. Guarded by the image's lock. */
    private long[] pins = new long[16];

    private int pinCount;

    Reads(Core core) {
        this.core = core;
    }

    /** The least sequence that a read under way may want from the journal. Under the lock. */
    long firstPinned() {
        long first = Long.MAX_VALUE;
        for (int i = 0; i < pinCount; i++) {
            first = Math.min(first, pins[i]);
        }
        return first;
    }

    private void pin(long sequence) {
        if (pinCount == pins.length) {
            pins = java.util.Arrays.copyOf(pins, pinCount * 2);
        }
        pins[pinCount++] = sequence;
    }

    private void unpin(long sequence) {
        for (int i = 0; i < pinCount; i++) {
            if (pins[i] == sequence) {
                pins[i] = pins[--pinCount];
                return;
            }
        }
    }

    private record Stores(Journal journal, BlockImage image, long pinned) {}

    /** Takes the overlay of a range; waits while the image is suspended, or fails. Balanced by {@link #leave}. */
    private Stores enter(long offset, long length, boolean waits, Pieces upper, Pieces out, boolean payload)
            throws StorageException {
        while (true) {
            synchronized (core.lock) {
                if (core.stopping) {
                    throw Failures.closed(core.labels.name());
                }
                if (core.suspended && !waits) {
                    throw Failures.unavailable(core.labels.name(), core.suspendedWhy);
                }
                if (offset < 0 || length < 0 || offset + length > core.sizeBytes || offset + length < 0) {
                    throw Failures.beyondEnd(core.labels.name(), offset, length, core.sizeBytes);
                }
                if (!core.suspended && core.image != null) {
                    core.enter();
                    slice(offset, offset + length, upper, out);
                    long pinned = Long.MAX_VALUE;
                    if (payload && out.count() > 0) {
                        core.attachPayload(out);
                        pinned = out.firstCold();
                        if (pinned != Long.MAX_VALUE) {
                            pin(pinned);
                        }
                    }
                    if (payload) {
                        core.figures.read(length, pinned != Long.MAX_VALUE);
                    }
                    return new Stores(core.journal, core.image, pinned);
                }
            }
            core.changed.await(() -> core.stopping || !core.suspended);
        }
    }

    private void leave(Stores stores) {
        synchronized (core.lock) {
            if (stores.pinned() != Long.MAX_VALUE) {
                unpin(stores.pinned());
            }
            core.leave();
        }
    }

    /** The overlay of a range: what gathers above the batch that is being applied. */
    private void slice(long from, long to, Pieces upper, Pieces out) {
        if (core.frozen == null || core.frozen.isEmpty()) {
            core.active.slice(from, to, out);
            return;
        }
        core.active.slice(from, to, upper);
        long at = from;
        for (int i = 0; i < upper.count(); i++) {
            core.frozen.slice(at, upper.offset(i), out);
            out.addFrom(upper, i);
            at = upper.end(i);
        }
        core.frozen.slice(at, to, out);
        upper.release();
    }

    void read(long offset, ByteBuffer destination, boolean waits) throws StorageException {
        int start = destination.position();
        Pieces upper = take();
        Pieces pieces = take();
        try {
            while (true) {
                int length = destination.limit() - start;
                Stores stores = enter(offset, length, waits, upper, pieces, true);
                try {
                    // Reading the clock costs about as much as what memory answers.
                    boolean timed = stores.pinned() != Long.MAX_VALUE || pieces.bytes() < length;
                    long began = timed ? core.context.clock().monotonicNanos() : 0;
                    // On a duplicate: a second attempt and a caller whose read failed find position and limit as they
                    // were.
                    copy(offset, destination.duplicate(), pieces, stores);
                    if (timed) {
                        core.figures.readFromStores(core.context.clock().monotonicNanos() - began);
                    }
                    if (imageStillHolds()) {
                        destination.position(destination.limit());
                        return;
                    }
                } catch (StorageException e) {
                    if (e.reason() != Reason.STALE_SERVICE && e.reason() != Reason.CLOSED) {
                        throw told(e);
                    }
                    // A store went away: its service is being replaced. Wait for the next one.
                    storeWentAway(e);
                } finally {
                    leave(stores);
                    pieces.release();
                }
            }
        } finally {
            give(upper);
            give(pieces);
        }
    }

    /**
     * Whether the image may be believed for what was just read. When its force has failed meanwhile it may have lost what
     * was applied, and the read is done again once the overlay covers everything above the checkpoint. What a device lost
     * behind our back, before any force said so, nobody can see.
     */
    private boolean imageStillHolds() {
        synchronized (core.lock) {
            return !core.imageLost;
        }
    }

    private void storeWentAway(StorageException why) {
        Aftermath after = new Aftermath();
        synchronized (core.lock) {
            core.failed(ImageListener.Part.IMAGE, why, after);
        }
        after.settle(core);
    }

    private static void copy(long offset, ByteBuffer destination, Pieces pieces, Stores stores)
            throws StorageException {
        int start = destination.position();
        int end = destination.limit();
        long at = offset;
        for (int i = 0; i < pieces.count(); i++) {
            fromImage(at, pieces.offset(i), offset, start, destination, stores);
            window(destination, pieces.offset(i), pieces.end(i), offset, start);
            Payload payload = pieces.payload(i);
            if (pieces.place(i) < 0) {
                zero(destination);
            } else if (payload != null) {
                destination.put(pieces.bytes(i));
            } else {
                stores.journal().readBody(pieces.place(i), pieces.body(i), destination);
            }
            at = pieces.end(i);
        }
        fromImage(at, offset + (end - start), offset, start, destination, stores);
        destination.limit(end).position(end);
    }

    private static void fromImage(long from, long to, long offset, int start, ByteBuffer destination, Stores stores)
            throws StorageException {
        if (from < to) {
            window(destination, from, to, offset, start);
            stores.image().read(from, destination);
        }
    }

    private static void window(ByteBuffer destination, long from, long to, long offset, int start) {
        destination.limit(start + (int) (to - offset)).position(start + (int) (from - offset));
    }

    private static void zero(ByteBuffer destination) {
        while (destination.remaining() >= Long.BYTES) {
            destination.putLong(0);
        }
        while (destination.hasRemaining()) {
            destination.put((byte) 0);
        }
    }

    /** A client hears of no more than an I/O error; what is broken, and what to do, is for the operator. Said once. */
    private StorageException told(StorageException failure) {
        String line = "a read failed: " + failure.getMessage();
        boolean known;
        synchronized (core.lock) {
            core.figures.failures++;
            known = line.equals(core.failedRead);
            core.failedRead = line;
        }
        if (!known) {
            core.listener.warning(line);
        }
        return failure;
    }

    /** The map of a range, journaled writes included. */
    void extents(long offset, long length, boolean waits, BlockImage.ExtentVisitor visitor) throws StorageException {
        MergingVisitor merged = new MergingVisitor(visitor, offset, this::imageStillHolds);
        Pieces upper = take();
        Pieces pieces = take();
        try {
            long at = offset;
            long end = offset + length;
            while (at < end && !merged.ended()) {
                long stepEnd = Math.min(end, at + MAP_STEP_BYTES);
                Stores stores = enter(at, stepEnd - at, waits, upper, pieces, false);
                try {
                    step(at, stepEnd, pieces, stores.image(), merged);
                    at = imageStillHolds() ? stepEnd : merged.forget();
                } catch (StorageException e) {
                    if (e.reason() != Reason.STALE_SERVICE && e.reason() != Reason.CLOSED) {
                        throw told(e);
                    }
                    storeWentAway(e);
                    at = merged.forget();
                } finally {
                    leave(stores);
                    pieces.release();
                }
            }
            merged.flush();
        } finally {
            give(upper);
            give(pieces);
        }
    }

    private static void step(long from, long to, Pieces pieces, BlockImage image, MergingVisitor out)
            throws StorageException {
        long at = from;
        for (int i = 0; i < pieces.count() && !out.ended(); i++) {
            if (at < pieces.offset(i)) {
                image.extents(at, pieces.offset(i) - at, out);
            }
            out.extent(pieces.offset(i), pieces.length(i), pieces.place(i) >= 0);
            at = pieces.end(i);
        }
        if (at < to && !out.ended()) {
            image.extents(at, to - at, out);
        }
    }

    private Pieces take() {
        synchronized (spare) {
            Pieces pieces = spare.poll();
            return pieces != null ? pieces : new Pieces();
        }
    }

    private void give(Pieces pieces) {
        pieces.release();
        synchronized (spare) {
            spare.push(pieces);
        }
    }

    /** Joins adjacent extents of the same sort. Where the image had data that it has lost it has holes, which are not told. */
    private static final class MergingVisitor implements BlockImage.ExtentVisitor {
        private final BlockImage.ExtentVisitor target;
        private final BooleanSupplier holds;
        private long offset;
        private long length;
        private boolean data;
        private long told;
        private boolean ended;
        private boolean doubtful;

        MergingVisitor(BlockImage.ExtentVisitor target, long from, BooleanSupplier holds) {
            this.target = target;
            this.told = from;
            this.holds = holds;
        }

        boolean ended() {
            return ended || doubtful;
        }

        /** Takes back what was not told yet; returns from where on that is. */
        long forget() {
            length = 0;
            doubtful = false;
            return told;
        }

        @Override
        public boolean extent(long nextOffset, long nextLength, boolean nextData) {
            if (length > 0 && data == nextData) {
                length += nextLength;
                return !ended();
            }
            doubtful = length > 0 && !data && !holds.getAsBoolean();
            if (doubtful) {
                return false;
            }
            flush();
            offset = nextOffset;
            length = nextLength;
            data = nextData;
            return !ended;
        }

        void flush() {
            if (length > 0 && !ended) {
                ended = !target.extent(offset, length, data);
                told = offset + length;
            }
            length = 0;
        }
    }
}
