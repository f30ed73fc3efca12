package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.transport.Link.Urgency;
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
                1 << 20,
                new OutBuffers(),
                new FrameMemory(),
                new TokenBucket(0, 0),
                new CompressionChoice(Compression.OFF, 0),
                0);
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
                assertTrue(side.offer(Urgency.NORMAL, new ByteBuffer[] {ByteBuffer.allocate(100)}, 100));
                side.refuse();
                assertFalse(side.offer(Urgency.FIRST, new ByteBuffer[0], 0));
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

    private static boolean offer(SendSide side, Urgency urgency, int bytes) {
        return side.offer(urgency, new ByteBuffer[] {ByteBuffer.allocate(bytes)}, bytes);
    }

    /** Neither their queue nor the peer's memory, nor both. */
    @Test
    void whatIsLessUrgentTakesNoRoomFromWhatIsMore() {
        SendSide side = open();
        while (offer(side, Urgency.LAST, 10_000)) {
            // All that it takes.
        }
        assertTrue(side.counts().queuedBytes() <= 1 << 18, () -> side.counts().toString());
        while (offer(side, Urgency.NORMAL, 10_000)) {
            // Nor here.
        }
        assertTrue(side.counts().creditBytes() < 20_000, () -> side.counts().toString());
        assertTrue(offer(side, Urgency.FIRST, 10_000));
        assertFalse(side.writableDue());
    }

    @Test
    void aFrameOfAnyLengthFitsWhereNothingIsUsed() {
        for (Urgency urgency : Urgency.values()) {
            assertTrue(offer(open(), urgency, (1 << 20) - 1024), urgency.name());
        }
    }

    /** As where memory for it is not to be had. */
    @Test
    void aFrameThatFailsLeavesRoomForTheNextOne() {
        SendSide side = open();
        ByteBuffer[] tooMuch = {ByteBuffer.allocate(200_000)};
        for (int i = 0; i < 20; i++) {
            assertThrows(IndexOutOfBoundsException.class, () -> side.offer(Urgency.LAST, tooMuch, 100_000));
        }
        assertEquals(0, side.counts().queuedBytes());
        assertTrue(offer(side, Urgency.LAST, (1 << 20) - 1024));
    }

    private static void add(SendQueues queues, Urgency urgency, byte[] content) {
        queues.reserve(urgency, Wire.cost(content.length));
        queues.add(urgency, Content.of(content));
    }

    @Test
    void whatIsUrgentOvertakesAndWhatGoesLastHasItsShare() {
        SendQueues queues = new SendQueues(1 << 20);
        for (byte i = 0; i < 12; i++) {
            add(queues, Urgency.LAST, new byte[] {'l', i});
        }
        for (byte i = 0; i < 12; i++) {
            add(queues, Urgency.NORMAL, new byte[] {'n', i});
        }
        add(queues, Urgency.FIRST, new byte[] {'f', 0});
        add(queues, Urgency.FIRST, new byte[] {'f', 1});
        StringBuilder order = new StringBuilder();
        byte[] next = new byte['n' + 1];
        for (Content frame = queues.next(); frame != null; frame = queues.next()) {
            order.append((char) frame.bytes()[0]);
            assertEquals(next[frame.bytes()[0]]++, frame.bytes()[1], "each in its order");
        }
        assertEquals("ffnnnlnnnlnnnlnnnllllllll".length() + 1, order.length());
        assertTrue(order.toString().matches("ff(n{3,4}l){3}n+l+"), order.toString());
        assertTrue(queues.isEmpty());
        assertEquals(0, queues.cost());
    }
}
