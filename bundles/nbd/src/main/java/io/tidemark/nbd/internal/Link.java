package io.tidemark.nbd.internal;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Bytes to and from one client, in plain text or over TLS. Nothing here waits. One thread reads; one thread at a time
 * writes, maybe another one.
 */
interface Link {
    /**
     * Reads what is there.
     *
     * @return bytes; 0 when there are none now, negative at the end
     */
    int read(ByteBuffer destination) throws IOException;

    /**
     * Writes as much as goes.
     *
     * @param first sent first; empty is allowed
     * @param second sent behind it; may be null
     * @return whether everything is with the kernel; otherwise to be called again with what is left (maybe nothing) when
     *     the socket is writable
     */
    boolean write(ByteBuffer first, ByteBuffer second) throws IOException;

    /** Whether {@link #read} may give bytes although the socket has none. */
    boolean hasBufferedInput();

    /** For people: protocol, cipher and the client's certificate; empty without TLS. */
    String tls();

    /** Says goodbye as far as the protocol has a word for it. The channel stays open. */
    void sayGoodbye();
}
