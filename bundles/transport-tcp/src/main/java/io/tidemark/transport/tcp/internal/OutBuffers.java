package io.tidemark.transport.tcp.internal;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** Direct memory for links that have something to send; one that has nothing holds none. */
final class OutBuffers {
    static final int BYTES = 128 << 10;
    private static final int MOST_KEPT = 8;

    private final ArrayDeque<ByteBuffer> kept = new ArrayDeque<>();

    ByteBuffer take() {
        synchronized (kept) {
            ByteBuffer buffer = kept.poll();
            if (buffer != null) {
                return buffer;
            }
        }
        return ByteBuffer.allocateDirect(BYTES);
    }

    void giveBack(ByteBuffer buffer) {
        synchronized (kept) {
            if (kept.size() < MOST_KEPT) {
                kept.push(buffer.clear());
            }
        }
    }
}
