package io.tidemark.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.base.net.TlsLink;
import io.tidemark.tck.tls.Certificates;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsLinkTest {
    @TempDir
    Path directory;

    private static TlsLink link(SocketChannel channel, SSLContext context, boolean client) throws IOException {
        channel.configureBlocking(false);
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(client);
        return new TlsLink(channel, engine);
    }

    private static void leave(SocketChannel channel) throws IOException {
        channel.close();
    }

    /**
     * Over a Unix socket, because there the end of one side is known to the other at once: what is unread at its end makes the
     * next read fail that finds nothing.
     */
    @Test
    void whatCameBeforeAFailureIsReadFirst() throws Exception {
        Path store = new Certificates(directory).store("a");
        SSLContext context = Certificates.context(store, store);
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            try (SocketChannel near = SocketChannel.open(address);
                    SocketChannel far = server.accept()) {
                TlsLink sends = link(near, context, true);
                TlsLink reads = link(far, context, false);
                // Both take turns on this thread.
                int waits;
                do {
                    waits = sends.handshake() | reads.handshake();
                } while (waits != 0);
                byte[] content = new byte[50_000];
                new Random(1).nextBytes(content);
                assertTrue(sends.write(ByteBuffer.wrap(content), null));
                assertTrue(reads.write(ByteBuffer.wrap(new byte[] {1}), null));
                leave(near);
                ByteBuffer in = ByteBuffer.allocate(100_000);
                while (in.position() < content.length) {
                    assertTrue(reads.read(in) > 0);
                }
                assertArrayEquals(content, Arrays.copyOf(in.array(), content.length));
                assertEquals(content.length, in.position());
                assertTrue(reads.hasBufferedInput(), "somebody has to come for the failure");
                assertThrows(IOException.class, () -> reads.read(in));
                assertThrows(IOException.class, () -> reads.read(in));
            }
        }
    }
}
