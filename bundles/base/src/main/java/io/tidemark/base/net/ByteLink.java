package io.tidemark.base.net;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Bytes to and from one peer, in plain text or over TLS. Nothing here waits. One thread at a time reads; one thread at a time
 * writes, maybe another one.
 */
public sealed interface ByteLink permits PlainLink, TlsLink {
    /**
     * Reads what is there.
     *
     * @param destination filled as far as there is something
     * @return bytes; 0 when there are none now, negative at the end
     * @throws IOException when the connection or TLS is broken, and all that came before was read
     */
    int read(ByteBuffer destination) throws IOException;

    /**
     * Writes as much as goes.
     *
     * @param first sent first; empty is allowed
     * @param second sent behind it; may be null
     * @return whether everything is with the kernel; otherwise to be called again with what is left (maybe nothing) when
     *     the socket is writable
     * @throws IOException when the connection or TLS is broken
     */
    boolean write(ByteBuffer first, ByteBuffer second) throws IOException;

    /**
     * Whether {@link #read} may give bytes although the socket has none.
     *
     * @return true when something is decrypted, or may be, or a failure is still to be told
     */
    boolean hasBufferedInput();

    /**
     * For people.
     *
     * @return protocol, cipher and the peer's certificate; empty without TLS
     */
    String tls();

    /** Says goodbye as far as the protocol has a word for it. The channel stays open. */
    void sayGoodbye();
}
