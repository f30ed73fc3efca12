package io.tidemark.nbd.internal;

import java.nio.ByteBuffer;

/** The memory that a connection in transmission has for itself. Direct, so that the kernel and the image copy straight. */
final class ConnectionBuffers {
    /** Holds what comes in one system call: several dozen small requests. */
    static final int RECEIVE_BYTES = 256 << 10;
    /** Holds replies of reads; longer reads go out in pieces of this size. */
    static final int STAGED_BYTES = 256 << 10;

    private static final int ENCODED_BYTES = 16 << 10;

    final ByteBuffer received = ByteBuffer.allocateDirect(RECEIVE_BYTES);
    final ByteBuffer staged = ByteBuffer.allocateDirect(STAGED_BYTES);
    final ByteBuffer encoded = ByteBuffer.allocateDirect(ENCODED_BYTES);

    /** Holds for all connections together. */
    static int totalBytes() {
        return RECEIVE_BYTES + STAGED_BYTES + ENCODED_BYTES;
    }
}
