package io.tidemark.nbd.internal;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Direct buffers that are made when they are needed, up to a bound, and then kept: freeing direct memory would wait for the
 * garbage collector. Safe for all threads.
 */
final class BufferPool {
    private final int bufferBytes;
    private final int limit;
    private final ArrayDeque<Lease> free = new ArrayDeque<>();
    private int made;

    /**
     * An empty pool.
     *
     * @param bufferBytes size of each buffer
     * @param limit most buffers
     */
    BufferPool(int bufferBytes, int limit) {
        this.bufferBytes = bufferBytes;
        this.limit = limit;
    }

    int bufferBytes() {
        return bufferBytes;
    }

    /** A cleared buffer; null when all are lent. */
    synchronized Lease tryTake() {
        Lease lease = free.poll();
        if (lease == null) {
            if (made == limit) {
                return null;
            }
            lease = new Lease(this, ByteBuffer.allocateDirect(bufferBytes));
            made++;
        }
        lease.buffer.clear();
        return lease;
    }

    private synchronized void giveBack(Lease lease) {
        assert free.size() < made : "a buffer is given back twice";
        free.push(lease);
    }

    synchronized int lent() {
        return made - free.size();
    }

    /** A buffer that is lent. */
    static final class Lease {
        private final BufferPool pool;
        private final ByteBuffer buffer;

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
