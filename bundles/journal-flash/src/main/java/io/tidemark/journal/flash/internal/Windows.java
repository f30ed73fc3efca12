package io.tidemark.journal.flash.internal;

import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.function.IntFunction;

/**
 * Memory through which journals of a pool are read. A reader has a window only while it has something to read, so that many
 * that wait for events take none. Safe for all threads.
 */
final class Windows {
    /** The least that one has. */
    static final int BYTES = 256 << 10;

    /** So many are not given back to the machine. */
    private static final int KEPT = 8;

    private final IntFunction<ByteBuffer> memory;
    private ByteBuffer zeros;

    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

    Windows() {
        this(StorageFile::allocateAligned);
    }

    /** With memory from elsewhere. */
    Windows(IntFunction<ByteBuffer> memory) {
        this.memory = memory;
    }

    /** One of at least {@link #BYTES}, with whatever somebody else read; aligned as files want it. */
    ByteBuffer take() {
        synchronized (this) {
            if (!free.isEmpty()) {
                return free.pop().clear();
            }
        }
        return allocate(BYTES);
    }

    /** In place of one that is too small, which is given up. */
    ByteBuffer larger(long bytes) {
        return allocate((int) Layout.align(bytes));
    }

    /** Of just that size: how much is read at once must not be an accident. */
    private ByteBuffer allocate(int bytes) {
        return memory.apply(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** At least so many zeros, which everybody shares; a buffer of its own, aligned as files want it. */
    synchronized ByteBuffer zeros(int bytes) {
        if (zeros == null || zeros.capacity() < bytes) {
            zeros = allocate(bytes).asReadOnlyBuffer();
        }
        return zeros.duplicate().clear();
    }

    synchronized void give(ByteBuffer window) {
        if (free.size() < KEPT) {
            free.push(window);
        }
    }
}
