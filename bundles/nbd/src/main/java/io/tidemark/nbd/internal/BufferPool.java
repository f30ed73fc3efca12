package io.tidemark.nbd.internal;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/**
 * Direct buffers that are made when they are needed, up to a bound, and then kept: freeing direct memory would wait for the
 * garbage collector. Where the process has no memory for one more, there is none free. Safe for all threads.
 */
final class BufferPool {
    /** A borrower may have so many times what is free: there is always something left for one that has nothing. */
    private static final int MOST_TIMES_FREE = 3;

    /** An attempt in vain takes half a second, in which Java collects garbage, and the pool's lock. */
    static final long TRY_AGAIN_NANOS = 10_000_000_000L;

    private final int bufferBytes;
    private final int limit;
    private final ArrayDeque<Lease> free = new ArrayDeque<>();
    private final IntFunction<ByteBuffer> memory;
    private final LongSupplier clock;
    private int made;
    private boolean isShort;
    private long shortSinceNanos;

    /**
     * An empty pool.
     *
     * @param bufferBytes size of each buffer
     * @param limit most buffers
     */
    BufferPool(int bufferBytes, int limit) {
        this(bufferBytes, limit, ByteBuffer::allocateDirect, System::nanoTime);
    }

    /** With memory and time from elsewhere. */
    BufferPool(int bufferBytes, int limit, IntFunction<ByteBuffer> memory, LongSupplier clock) {
        this.bufferBytes = bufferBytes;
        this.limit = limit;
        this.memory = memory;
        this.clock = clock;
    }

    int bufferBytes() {
        return bufferBytes;
    }

    /** A cleared buffer; null when all are lent, or no more can be had. */
    synchronized Lease tryTake() {
        Lease lease = free.poll();
        if (lease == null) {
            lease = oneMore();
        }
        if (lease != null) {
            lease.buffer.clear();
        }
        return lease;
    }

    private Lease oneMore() {
        if (made == limit || (isShort && clock.getAsLong() - shortSinceNanos < TRY_AGAIN_NANOS)) {
            return null;
        }
        try {
            Lease lease = new Lease(this, memory.apply(bufferBytes));
            made++;
            isShort = false;
            return lease;
        } catch (OutOfMemoryError e) {
            isShort = true;
            shortSinceNanos = clock.getAsLong();
            return null;
        }
    }

    /** A cleared buffer; null when all are lent, or so many to this borrower that it would leave too little for others. */
    synchronized Lease tryTake(Borrower borrower) {
        if (borrower.has >= MOST_TIMES_FREE * (limit - lent())) {
            return null;
        }
        Lease lease = tryTake();
        if (lease != null) {
            lease.borrower = borrower;
            borrower.has++;
        }
        return lease;
    }

    private synchronized void giveBack(Lease lease) {
        assert free.size() < made : "a buffer is given back twice";
        if (lease.borrower != null) {
            lease.borrower.has--;
            lease.borrower = null;
        }
        free.push(lease);
    }

    synchronized int lent() {
        return made - free.size();
    }

    /** One of several that share a pool, and of which none is to have all of it. */
    static final class Borrower {
        /** Under the pool's lock. */
        private int has;
    }

    /** A buffer that is lent. */
    static final class Lease {
        private final BufferPool pool;
        private final ByteBuffer buffer;
        private Borrower borrower;

        private Lease(BufferPool pool, ByteBuffer buffer) {
            this.pool = pool;
            this.buffer = buffer;
        }

        ByteBuffer buffer() {
            return buffer;
        }

        /** To be called once. */
        void giveBack() {
            pool.giveBack(this);
        }
    }
}
