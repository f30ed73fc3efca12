package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.base.net.PlainLink;
import io.tidemark.transport.tcp.TcpSettings.Compression;
import io.tidemark.transport.tcp.internal.Wire.Header;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

class SendSideTest {
    private static final byte[] NONCE = new byte[16];

    private static SendSide open() {
        SendSide side = new SendSide(
                1 << 20, new OutBuffers(), new TokenBucket(0, 0), new CompressionChoice(Compression.OFF, 0), 0);
        side.open(1 << 20, false, new Checksum(NONCE, NONCE, true));
        return side;
    }

    /**
     * A user's close refuses at once, and the link ends in a turn of its own. A turn in between must not say the reason: the
     * peer would end, and the link would take that for the end and its cause.
     */
    @Test
    void theReasonIsNotSaidBeforeTheLinkEnds() throws Exception {
        try (ServerSocketChannel server = ServerSocketChannel.open();
                Scratch scratch = new Scratch()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (SocketChannel near = SocketChannel.open(server.getLocalAddress());
                    SocketChannel far = server.accept()) {
                near.configureBlocking(false);
                PlainLink link = new PlainLink(near);
                SendSide side = open();
                assertTrue(side.offer(new ByteBuffer[] {ByteBuffer.allocate(100)}, 100));
                side.refuse();
                assertFalse(side.offer(new ByteBuffer[0], 0));
                assertSame(SendSide.Wait.NOTHING, side.send(link, scratch));
                assertFalse(side.saidClose());
                assertEquals(Header.SIZE + 100, side.handedOver(), "what was taken before");
                side.end("enough", false);
                assertSame(SendSide.Wait.NOTHING, side.send(link, scratch));
                assertTrue(side.saidClose());
                assertEquals(Header.SIZE + 100 + Header.SIZE + 6, side.handedOver());
                ByteBuffer all = ByteBuffer.allocate((int) side.handedOver());
                while (all.hasRemaining()) {
                    assertTrue(far.read(all) > 0);
                }
                assertEquals(Header.TYPE_CLOSE, all.get(Header.SIZE + 100 + Header.TYPE));
            }
        }
    }
}
