package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.base.net.PlainLink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

class OutboxTest {
    private static final int MANY = 64 << 20;

    /** Readers of a slow image end after the connection: the buffers of their replies are those of all clients. */
    @Test
    void repliesThatComeAfterTheEndOfAFullConnectionGiveTheirBuffersBack() throws Exception {
        BufferPool pool = new BufferPool(512, 2);
        try (ServerSocketChannel listener =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                Socket client = new Socket(
                        listener.socket().getInetAddress(), listener.socket().getLocalPort());
                SocketChannel server = listener.accept()) {
            server.configureBlocking(false);
            Counters counters = new Counters(new Counters.Totals());
            Outbox outbox = new Outbox(
                    new PlainLink(server), new Replies(false), counters, ByteBuffer.allocate(4096), () -> {});
            Request queued = reading(outbox, counters, pool);
            Request late = reading(outbox, counters, pool);
            ByteBuffer own = ByteBuffer.allocateDirect(MANY);
            while (outbox.ownerSends(own)) {
                own.clear();
            }
            assertTrue(outbox.blocked());
            outbox.add(queued);
            outbox.pump();
            assertEquals(2, counters.inFlight());
            reset(client);
            assertThrows(IOException.class, () -> {
                while (true) {
                    outbox.ownerSends(own);
                }
            });
            outbox.close();
            outbox.add(late);
            outbox.pump();
            assertEquals(0, pool.lent());
            assertEquals(0, counters.inFlight());
        }
    }

    private static void reset(Socket client) throws IOException {
        client.setSoLinger(true, 0);
        client.close();
    }

    private static Request reading(Outbox outbox, Counters counters, BufferPool pool) {
        Request request = new Request(outbox);
        request.command = Nbd.CMD_READ;
        request.length = 512;
        request.lease = pool.tryTake();
        request.reply = request.lease.buffer();
        counters.begun(request);
        return request;
    }
}
