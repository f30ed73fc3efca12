package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.transport.tcp.Conditions;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpTransport;
import io.tidemark.transport.tcp.internal.Wire.Header;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said before a link is closed gets there, whatever the other side does meanwhile; and no peer keeps a link from ending. */
class ClosingTest {
    private static final TcpSettings SETTINGS = TcpSettings.DEFAULTS
            .withTcp("127.0.0.1", 0)
            .withTimes(new TcpSettings.Times(Duration.ofSeconds(10), Duration.ofSeconds(1), Duration.ofSeconds(3)));
    private static final int FRAME = 50_000;
    private static final int FRAMES = 10;

    @TempDir
    Path directory;

    private static byte[] content(int number) {
        byte[] bytes = new byte[FRAME];
        new Random(number).nextBytes(bytes);
        return bytes;
    }

    /** Hands in frames, and closes. */
    private static void sayAndClose(Keeper keeper, Link link) throws InterruptedException {
        for (int i = 0; i < FRAMES; i++) {
            assertTrue(link.trySend(ByteBuffer.wrap(content(i))));
        }
        link.close("enough");
        StorageException end = keeper.end();
        assertEquals(Reason.CLOSED, end.reason(), end.getMessage());
    }

    /** All the frames come, pings left out, and then the reason and the end. */
    private static void hearsAll(RawPeer peer) throws IOException {
        int next = 0;
        RawPeer.Said said = peer.hear();
        while (said.type() != Header.TYPE_CLOSE) {
            if (said.type() == Header.TYPE_DATA) {
                assertArrayEquals(content(next++), said.content(), "frame " + next);
            }
            said = peer.hear();
        }
        assertEquals(FRAMES, next);
        assertArrayEquals("enough".getBytes("US-ASCII"), said.content());
        assertNull(peer.hear());
    }

    /**
     * A socket that is closed over something unread takes back what its peer has not received: here nearly all of it, since the
     * peer's system takes little.
     */
    @Test
    void whatThePeerGoesOnSendingTakesNothingFromIt() throws Exception {
        Keeper keeper = new Keeper();
        try (TcpTransport transport = new TcpTransport("tcp", SETTINGS)) {
            String address = transport.listen(keeper).addresses().get(0);
            try (RawPeer peer = new RawPeer(address, 16 << 10).greeted()) {
                sayAndClose(keeper, keeper.link());
                try {
                    // Within its credit, and more than sockets hold: when all of it is away, the node has met some of
                    // it.
                    byte[] content = new byte[1 << 20];
                    for (int i = 0; i < 6; i++) {
                        peer.send(peer.data(content));
                    }
                } catch (IOException e) {
                    throw new AssertionError("it was thrown out before it was told all", e);
                }
                hearsAll(peer);
            }
        }
    }

    /** Nothing wakes a link that waits for bandwidth but its time. */
    @Test
    void whatWaitsForBandwidthIsSentBeforeTheReason() throws Exception {
        Keeper keeper = new Keeper();
        TcpSettings.Limits limits = SETTINGS.limits();
        TcpSettings slow = SETTINGS.withLimits(new TcpSettings.Limits(
                1, limits.windowBytes(), limits.sendBytes(), 1_000_000, TcpSettings.Compression.OFF, 1));
        try (TcpTransport transport = new TcpTransport("tcp", slow)) {
            String address = transport.listen(keeper).addresses().get(0);
            try (RawPeer peer = new RawPeer(address).greeted()) {
                sayAndClose(keeper, keeper.link());
                hearsAll(peer);
            }
        }
    }

    @Test
    void aPeerThatDoesNotStopSendingIsThrownOut() throws Exception {
        Keeper keeper = new Keeper();
        try (TcpTransport transport = new TcpTransport("tcp", SETTINGS)) {
            String address = transport.listen(keeper).addresses().get(0);
            try (RawPeer peer = new RawPeer(address).greeted()) {
                sayAndClose(keeper, keeper.link());
                byte[] garbage = new byte[1 << 20];
                long sent = 0;
                try {
                    while (sent < 1L << 30) {
                        peer.send(garbage);
                        sent += garbage.length;
                    }
                } catch (IOException e) {
                    // Thrown out.
                }
                // Twice the window, and what sockets hold.
                assertTrue(sent < 64L << 20, sent + " bytes were taken");
            }
        }
    }

    /** A link that is being closed counts: the peers here get in when the one before them is left. */
    @Test
    void aPeerThatDoesNotEndIsLeft() throws Exception {
        Keeper keeper = new Keeper();
        TcpSettings.Limits limits = SETTINGS.limits();
        TcpSettings one = SETTINGS.withLimits(new TcpSettings.Limits(
                1, limits.windowBytes(), limits.sendBytes(), 0, limits.compression(), limits.workerThreads()));
        try (TcpTransport transport = new TcpTransport("tcp", one)) {
            String address = transport.listen(keeper).addresses().get(0);
            try (RawPeer silent = new RawPeer(address, 16 << 10).greeted()) {
                sayAndClose(keeper, keeper.link());
                breakTheProtocol(keeper, address);
                assertNotNull(silent.hear());
            }
        }
    }

    private static void breakTheProtocol(Keeper keeper, String address) throws Exception {
        try (RawPeer wrong = admitted(address)) {
            keeper.link();
            wrong.send(wrong.frame(9, 0, 0, 0, new byte[0]));
            assertEquals(Reason.CORRUPT, keeper.end().reason());
            try (RawPeer good = admitted(address)) {
                good.send(good.data(new byte[1]));
                keeper.link().close("enough");
                assertEquals(Reason.CLOSED, keeper.end().reason());
            }
        }
    }

    /** As soon as there is room for it. */
    private static RawPeer admitted(String address) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            RawPeer peer = new RawPeer(address);
            try {
                return peer.greeted();
            } catch (IOException e) {
                peer.close();
                assertTrue(System.nanoTime() < deadline, "nobody makes room: " + e);
            }
        }
    }

    /**
     * A peer that nothing can be sent to any more may have said why before. With a Unix socket one side can be made so without
     * an end: it reads no more, and writes on.
     */
    @Test
    void whatAPeerSaidBeforeItLeftIsHeard() throws Exception {
        Keeper keeper = new Keeper();
        Path socket = directory.resolve("s");
        TcpSettings unix = SETTINGS.withTcp("", 0).withUnixSocket(socket);
        try (TcpTransport transport = new TcpTransport("tcp", unix)) {
            assertEquals(1, transport.listen(keeper).addresses().size());
            try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                Checksum sums = greet(peer);
                Link link = keeper.link();
                // Its first ping: had that come too late already, there would be no answer under way.
                receive(peer, Header.SIZE + Long.BYTES);
                peer.shutdownInput();
                long before = link.figures().wireBytesSent();
                send(peer, RawPeer.frame(sums, Header.TYPE_PING, 0, 8, 8, new byte[8]));
                Conditions.await(() -> link.figures().wireBytesSent() > before, "the answer is under way, in vain");
                send(peer, RawPeer.frame(sums, Header.TYPE_DATA, 0, 3, 3, new byte[] {1, 2, 3}));
                send(peer, RawPeer.frame(sums, Header.TYPE_CLOSE, 0, 2, 2, new byte[] {'o', 'k'}));
                StorageException end = keeper.end();
                assertEquals(Reason.CLOSED, end.reason(), end.getMessage());
                Link.Frame frame = link.poll();
                assertEquals(3, frame.content().remaining());
                frame.release();
            }
        }
    }

    private static Checksum greet(SocketChannel peer) throws IOException {
        byte[] nonce = new byte[16];
        send(peer, RawPeer.greeting(Wire.LEAST_VERSION, Wire.VERSION, 8L << 20, nonce));
        byte[] theirs = receive(peer, Wire.GreetingFields.SIZE);
        return new Checksum(nonce, Greeting.decode(theirs).nonce(), true);
    }

    private static byte[] receive(SocketChannel peer, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        while (bytes.hasRemaining()) {
            assertTrue(peer.read(bytes) > 0);
        }
        return bytes.array();
    }

    private static void send(SocketChannel peer, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            peer.write(buffer);
        }
    }
}
