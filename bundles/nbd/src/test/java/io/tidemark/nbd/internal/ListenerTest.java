package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.tidemark.base.net.Endpoint;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ListenerTest {
    /** Between listening and the terms that clients are served by there must be no client. */
    @Test
    void whoComesEarlyWaits() throws Exception {
        BlockingQueue<SocketChannel> taken = new LinkedBlockingQueue<>();
        Listener listener = new Listener(new Endpoint.Tcp("127.0.0.1", 0), taken::add);
        try (SocketChannel early = SocketChannel.open(listener.socket().address())) {
            assertNull(taken.poll(100, TimeUnit.MILLISECONDS));
            listener.start();
            try (SocketChannel served = taken.poll(10, TimeUnit.SECONDS)) {
                assertEquals(early.getLocalAddress(), served.getRemoteAddress());
            }
        } finally {
            listener.close();
        }
    }

    @Test
    void whoCannotBeServedIsNotLeftWaiting() throws Exception {
        Listener listener = new Listener(new Endpoint.Tcp("127.0.0.1", 0), client -> {
            throw new IllegalStateException("made to fail");
        });
        listener.start();
        try (SocketChannel client = SocketChannel.open(listener.socket().address())) {
            assertEquals(-1, client.read(ByteBuffer.allocate(1)));
        } finally {
            listener.close();
        }
    }
}
