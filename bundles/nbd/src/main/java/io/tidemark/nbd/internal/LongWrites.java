package io.tidemark.nbd.internal;

import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.device.BlockDevice;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Memory of a server for writes that are longer than one payload, each received whole before its first byte is written. Its
 * bound is one for all devices, and what was received for a device that takes nothing now has to stay. So nobody waits for it
 * while it is kept for another device: {@link #keptForOthers} says so, and such a write does without. Safe for all threads.
 */
final class LongWrites {
    /** A write of the greatest length, and one piece more. */
    private static final int PIECES = Nbd.MAX_PAYLOAD_BYTES / PayloadPool.MAX_PAYLOAD_BYTES + 1;

    /** A device that took nothing for so long pauses. One that is only busy takes something every now and then. */
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** As many as there are buffers: taken all at once, so that two writers cannot wait for each other. */
    final Semaphore permits = new Semaphore(PIECES, true);

    private final BufferPool buffers;
    private final Set<HandOver> handOvers = ConcurrentHashMap.newKeySet();

    LongWrites() {
        this(new BufferPool(PayloadPool.MAX_PAYLOAD_BYTES, PIECES));
    }

    /** With buffers from elsewhere. */
    LongWrites(BufferPool buffers) {
        this.buffers = buffers;
    }

    /** A write that was received and waits until its device has taken it. */
    static final class HandOver {
        private final BlockDevice device;
        private volatile long sinceNanos = System.nanoTime();

        private HandOver(BlockDevice device) {
            this.device = device;
        }

        /** The device has taken some of it. */
        void goesOn() {
            sinceNanos = System.nanoTime();
        }
    }

    /** From here to {@link #end} a device has the say how long pieces are kept. */
    HandOver begin(BlockDevice device) {
        HandOver handOver = new HandOver(device);
        handOvers.add(handOver);
        return handOver;
    }

    void end(HandOver handOver) {
        handOvers.remove(handOver);
    }

    /** Whether pieces are kept for another device that takes nothing now: they may come back in a second, or in a day. */
    boolean keptForOthers(BlockDevice device) {
        long now = System.nanoTime();
        return handOvers.stream().anyMatch(each -> each.device != device && now - each.sinceNanos > PAUSE_NANOS);
    }

    /** Buffers, for which the caller has permits; null when there is no memory for them. */
    BufferPool.Lease[] tryTake(int count) {
        BufferPool.Lease[] pieces = new BufferPool.Lease[count];
        for (int i = 0; i < count; i++) {
            pieces[i] = buffers.tryTake();
            if (pieces[i] == null) {
                giveBack(pieces);
                return null;
            }
        }
        return pieces;
    }

    /** Without the permits. */
    static void giveBack(BufferPool.Lease... pieces) {
        for (BufferPool.Lease piece : pieces) {
            if (piece != null) {
                piece.giveBack();
            }
        }
    }
}
