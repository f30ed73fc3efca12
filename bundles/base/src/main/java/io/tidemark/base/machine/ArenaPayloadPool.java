package io.tidemark.base.machine;

import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageFile;
import io.tidemark.base.text.Sizes;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Payload memory in arenas that are filled from the front and reused when nothing in them is referred to any more.
 * Payloads die roughly in the order in which they were born (the applier frees them so), which is what makes this cheap
 * and keeps it from fragmenting. Arenas are kept for ever: freeing direct memory would wait for the garbage collector.
 */
final class ArenaPayloadPool implements PayloadPool {
    private static final int ARENA_BYTES = 2 << 20;
    private static final int ALIGNMENT_BYTES = 64;

    /** Payload from this length on is aligned so that it can be written past the page cache from where it is. */
    private static final int DIRECT_BYTES = 64 << 10;

    private final int arenaLimit;
    private final Object lock = new Object();
    private final ArrayDeque<Arena> free = new ArrayDeque<>();
    private List<Runnable> waiting = new ArrayList<>();
    private int arenas;
    private Arena current;
    private long usedBytes;

    ArenaPayloadPool(long capacityBytes) {
        if (capacityBytes < 2L * ARENA_BYTES) {
            throw new IllegalArgumentException(
                    "payload memory of " + Sizes.format(capacityBytes) + " is too small; give at least 4 MiB");
        }
        this.arenaLimit = (int) Math.min(Integer.MAX_VALUE, capacityBytes / ARENA_BYTES);
    }

    @Override
    public Payload tryTake(int lengthBytes) {
        if (lengthBytes < 1 || lengthBytes > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("a payload of " + lengthBytes + " bytes; 1 to " + MAX_PAYLOAD_BYTES);
        }
        int alignment = lengthBytes < DIRECT_BYTES ? ALIGNMENT_BYTES : StorageFile.DIRECT_ALIGNMENT_BYTES;
        int rounded = align(lengthBytes, ALIGNMENT_BYTES);
        List<Runnable> freed = null;
        try {
            synchronized (lock) {
                if (current != null && align(current.next, alignment) + rounded > ARENA_BYTES) {
                    Arena full = current;
                    current = null;
                    freed = dropHold(full);
                }
                if (current == null) {
                    current = nextArena();
                }
                if (current == null) {
                    return null;
                }
                int start = align(current.next, alignment);
                current.next = start + rounded;
                current.references++;
                usedBytes += lengthBytes;
                return new ArenaPayload(current, start, lengthBytes);
            }
        } finally {
            run(freed);
        }
    }

    private static int align(int bytes, int alignment) {
        return (bytes + alignment - 1) & -alignment;
    }

    /** Under the lock. A new arena starts with one reference, held while it is being filled. */
    private Arena nextArena() {
        Arena arena = free.poll();
        if (arena == null) {
            if (arenas == arenaLimit) {
                return null;
            }
            arenas++;
            arena = new Arena(ByteBuffer.allocateDirect(ARENA_BYTES + StorageFile.DIRECT_ALIGNMENT_BYTES)
                    .alignedSlice(StorageFile.DIRECT_ALIGNMENT_BYTES));
        }
        arena.next = 0;
        arena.references = 1;
        return arena;
    }

    /** Under the lock. */
    private List<Runnable> dropHold(Arena arena) {
        if (--arena.references > 0) {
            return null;
        }
        free.push(arena);
        return takeWaiting();
    }

    private List<Runnable> takeWaiting() {
        if (waiting.isEmpty()) {
            return null;
        }
        List<Runnable> taken = waiting;
        waiting = new ArrayList<>();
        return taken;
    }

    private void released(ArenaPayload payload) {
        List<Runnable> freed;
        synchronized (lock) {
            usedBytes -= payload.length;
            Arena arena = payload.arena;
            if (arena == current && arena.references == 2) {
                // Only the filling hold is left: start over in place, so that an idle client never changes arenas.
                arena.references = 1;
                arena.next = 0;
                freed = takeWaiting();
            } else {
                freed = dropHold(arena);
            }
        }
        run(freed);
    }

    private static void run(List<Runnable> listeners) {
        if (listeners != null) {
            listeners.forEach(Runnable::run);
        }
    }

    @Override
    public void whenFreed(Runnable listener) {
        synchronized (lock) {
            if (free.isEmpty() && arenas == arenaLimit) {
                waiting.add(listener);
                return;
            }
        }
        listener.run();
    }

    @Override
    public long capacityBytes() {
        return (long) arenaLimit * ARENA_BYTES;
    }

    @Override
    public long usedBytes() {
        synchronized (lock) {
            return usedBytes;
        }
    }

    /** Fields under the pool's lock. */
    private static final class Arena {
        final ByteBuffer memory;
        int next;
        int references;

        Arena(ByteBuffer memory) {
            this.memory = memory;
        }
    }

    private final class ArenaPayload implements Payload {
        final Arena arena;
        final int start;
        final int length;
        private final AtomicInteger references = new AtomicInteger(1);

        ArenaPayload(Arena arena, int start, int length) {
            this.arena = arena;
            this.start = start;
            this.length = length;
        }

        @Override
        public ByteBuffer buffer() {
            assert references.get() > 0 : "a payload is used after its release";
            return arena.memory.slice(start, length);
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
