package io.tidemark.base.machine;

import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageFile;
import io.tidemark.base.text.Sizes;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Payload memory in slabs, each cut into slots of one size. Payloads die in any order, because what is overwritten before it
 * is applied is given up at once; a slot is there for the next one of its size the moment it is released, and a slab whose
 * slots are all free serves any size. Slabs are kept for ever: freeing direct memory would wait for the garbage collector.
 *
 * <p>Where the process has no memory for one more slab, those that are there do: whoever wants more waits as he does at the
 * bound. The first one is made at once, so that something is given back to whoever waits.
 */
final class SlabPayloadPool implements PayloadPool {
    private static final int SLAB_BYTES = 2 << 20;
    private static final int LEAST_SLOT_BYTES = 512;

    /** From here on there is a size between each power of two and the next, so that less of a slot stays unused. */
    private static final int FINE_BYTES = 4 << 10;

    /** An attempt in vain takes half a second, in which Java collects garbage, and the pool's lock. */
    static final long TRY_AGAIN_NANOS = 10_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(SlabPayloadPool.class);
    private static final int NONE = -1;
    private static final int[] SLOT_BYTES = slotSizes();

    private final int slabLimit;
    private final IntFunction<ByteBuffer> memory;
    private final LongSupplier clock;
    private final Object lock = new Object();
    private final ArrayDeque<Slab> free = new ArrayDeque<>();

    /** For each size, a list of the slabs that have a free slot; the head is used first. */
    private final Slab[] partial = new Slab[SLOT_BYTES.length];

    private List<Runnable> waiting = new ArrayList<>();
    private int slabs;
    private long usedBytes;

    /** The process had no memory for one more slab, and when. */
    private boolean isShort;

    private long shortSinceNanos;
    private boolean told;

    SlabPayloadPool(long capacityBytes) {
        this(capacityBytes, StorageFile::allocateAligned, System::nanoTime);
    }

    /** With memory and time from elsewhere. */
    SlabPayloadPool(long capacityBytes, IntFunction<ByteBuffer> memory, LongSupplier clock) {
        if (capacityBytes < 2L * SLAB_BYTES) {
            throw new IllegalArgumentException(
                    "payload memory of " + Sizes.format(capacityBytes) + " is too small; give at least 4 MiB");
        }
        this.memory = memory;
        this.clock = clock;
        this.slabLimit = (int) Math.min(Integer.MAX_VALUE, capacityBytes / SLAB_BYTES);
        free.push(new Slab(memory.apply(SLAB_BYTES)));
        slabs = 1;
    }

    /**
     * Slots of 8 KiB and more are multiples of what writing past the page cache wants, so that such payload is written from
     * where it is.
     */
    private static int[] slotSizes() {
        int[] sizes = new int[32];
        int count = 0;
        for (int size = LEAST_SLOT_BYTES; size <= MAX_PAYLOAD_BYTES; size *= 2) {
            sizes[count++] = size;
            if (size >= FINE_BYTES && size < MAX_PAYLOAD_BYTES) {
                sizes[count++] = size + size / 2;
            }
        }
        return Arrays.copyOf(sizes, count);
    }

    private static int sizeFor(int lengthBytes) {
        int found = Arrays.binarySearch(SLOT_BYTES, lengthBytes);
        return found >= 0 ? found : -found - 1;
    }

    @Override
    public Payload tryTake(int lengthBytes) {
        if (lengthBytes < 1 || lengthBytes > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("a payload of " + lengthBytes + " bytes; 1 to " + MAX_PAYLOAD_BYTES);
        }
        int size = sizeFor(lengthBytes);
        synchronized (lock) {
            Slab slab = partial[size];
            if (slab == null) {
                slab = nextSlab();
                if (slab == null) {
                    return null;
                }
                slab.cut(size);
                link(slab);
            }
            int slot = slab.take();
            if (slab.isFull()) {
                unlink(slab);
            }
            usedBytes += lengthBytes;
            return new SlotPayload(slab, slot, lengthBytes);
        }
    }

    private Slab nextSlab() {
        Slab slab = free.poll();
        if (slab != null || !mayGrow()) {
            return slab;
        }
        try {
            slab = new Slab(memory.apply(SLAB_BYTES));
            slabs++;
            isShort = false;
        } catch (OutOfMemoryError e) {
            isShort = true;
            shortSinceNanos = clock.getAsLong();
            if (!told) {
                told = true;
                LOG.warn(
                        "payload memory stays at {} of {}: {}; raise -XX:MaxDirectMemorySize, or give less",
                        Sizes.format((long) slabs * SLAB_BYTES),
                        Sizes.format(capacityBytes()),
                        e.getMessage());
            }
        }
        return slab;
    }

    private boolean mayGrow() {
        return slabs < slabLimit && (!isShort || clock.getAsLong() - shortSinceNanos >= TRY_AGAIN_NANOS);
    }

    private void link(Slab slab) {
        slab.before = null;
        slab.behind = partial[slab.size];
        if (slab.behind != null) {
            slab.behind.before = slab;
        }
        partial[slab.size] = slab;
    }

    private void unlink(Slab slab) {
        if (slab.before == null) {
            partial[slab.size] = slab.behind;
        } else {
            slab.before.behind = slab.behind;
        }
        if (slab.behind != null) {
            slab.behind.before = slab.before;
        }
    }

    private void released(SlotPayload payload) {
        List<Runnable> listeners;
        synchronized (lock) {
            usedBytes -= payload.length;
            Slab slab = payload.slab;
            if (slab.isFull()) {
                link(slab);
            }
            slab.give(payload.slot);
            if (slab.used == 0) {
                unlink(slab);
                free.push(slab);
            }
            listeners = takeWaiting();
        }
        if (listeners != null) {
            listeners.forEach(Runnable::run);
        }
    }

    private List<Runnable> takeWaiting() {
        if (waiting.isEmpty()) {
            return null;
        }
        List<Runnable> taken = waiting;
        waiting = new ArrayList<>();
        return taken;
    }

    @Override
    public void whenFreed(Runnable listener) {
        synchronized (lock) {
            if (free.isEmpty() && !mayGrow()) {
                waiting.add(listener);
                return;
            }
        }
        listener.run();
    }

    @Override
    public long capacityBytes() {
        return (long) slabLimit * SLAB_BYTES;
    }

    @Override
    public long usedBytes() {
        synchronized (lock) {
            return usedBytes;
        }
    }

    /** Fields under the pool's lock. */
    private static final class Slab {
        final ByteBuffer memory;

        /** Neighbours among the slabs of the size that have a free slot. */
        Slab before;

        Slab behind;
        int size = NONE;
        int used;

        /** The slots from here on were not used since the slab was cut. */
        private int fresh;

        private int slots;

        /** Of the slots before {@link #fresh} that are free: the first, and for each the next one. */
        private int firstFree;

        private int[] nextFree = {};

        Slab(ByteBuffer memory) {
            this.memory = memory;
        }

        void cut(int newSize) {
            if (size != newSize) {
                size = newSize;
                slots = SLAB_BYTES / SLOT_BYTES[newSize];
                nextFree = new int[slots];
            }
            used = 0;
            fresh = 0;
            firstFree = NONE;
        }

        boolean isFull() {
            return used == slots;
        }

        int take() {
            used++;
            if (firstFree == NONE) {
                return fresh++;
            }
            int slot = firstFree;
            firstFree = nextFree[slot];
            return slot;
        }

        void give(int slot) {
            used--;
            nextFree[slot] = firstFree;
            firstFree = slot;
        }
    }

    private final class SlotPayload implements Payload {
        final Slab slab;
        final int slot;
        final int length;
        private final int start;
        private final AtomicInteger references = new AtomicInteger(1);

        SlotPayload(Slab slab, int slot, int length) {
            this.slab = slab;
            this.slot = slot;
            this.length = length;
            this.start = slot * SLOT_BYTES[slab.size];
        }

        @Override
        public ByteBuffer buffer() {
            assert references.get() > 0 : "a payload is used after its release";
            return slab.memory.slice(start, length);
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public void retain() {
            if (references.getAndIncrement() <= 0) {
                throw new IllegalStateException("a payload is retained after its release");
            }
        }

        @Override
        public void release() {
            int left = references.decrementAndGet();
            if (left == 0) {
                released(this);
            } else if (left < 0) {
                throw new IllegalStateException("a payload is released too often");
            }
        }
    }
}
