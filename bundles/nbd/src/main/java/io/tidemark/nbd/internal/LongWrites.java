package io.tidemark.nbd.internal;

import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.device.BlockDevice;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Memory of a server for writes that are longer than one payload, each received whole before its first byte is written. Its
 * bound is one for all devices, what was received for a device that takes nothing now has to stay, and so has what a client
 * still sends into. So nobody waits for it while it is kept for another device, or for a client that has stopped:
 * {@link #keptForOthers} says so, and such a write does without. Safe for all threads.
 */
final class LongWrites {
    /** A write of the greatest length, and one piece more. */
    private static final int PIECES = Nbd.MAX_PAYLOAD_BYTES / PayloadPool.MAX_PAYLOAD_BYTES + 1;

    /**
     * A device that took no piece for so long pauses, and a client that sent none has stopped or is slow. Those that are only
     * busy take and send something every now and then.
     */
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** As many as there are buffers: taken all at once, so that two writers cannot wait for each other. */
    final Semaphore permits = new Semaphore(PIECES, true);

    private final BufferPool buffers;
    private final Set<Holder> holders = ConcurrentHashMap.newKeySet();

    LongWrites() {
        this(new BufferPool(PayloadPool.MAX_PAYLOAD_BYTES, PIECES));
    }

    /** With buffers from elsewhere. */
    LongWrites(BufferPool buffers) {
        this.buffers = buffers;
    }

    /** A write that has permits: it waits for its client at first, and then for its device. */
    static final class Holder {
        /** Null while the client has the say. */
        private volatile BlockDevice device;

        private volatile long sinceNanos = System.nanoTime();

        /** One piece more came, or was taken. */
        void goesOn() {
            sinceNanos = System.nanoTime();
        }

        /** All pieces are here: from now on the device has the say how long they are kept. */
        void received(BlockDevice forDevice) {
            goesOn();
            device = forDevice;
        }
    }

    /** For who has permits, until {@link #end}. */
    Holder begin() {
        Holder holder = new Holder();
        holders.add(holder);
        return holder;
    }

    void end(Holder holder) {
        holders.remove(holder);
    }

    /**
     * Whether pieces are kept for another device that takes nothing now, or for a client that sends nothing: they may come back
     * in a second, or in a day.
     */
    boolean keptForOthers(BlockDevice device) {
        long now = System.nanoTime();
        return holders.stream().anyMatch(each -> each.device != device && now - each.sinceNanos > PAUSE_NANOS);
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
