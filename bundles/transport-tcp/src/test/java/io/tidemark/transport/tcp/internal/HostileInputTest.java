package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport.Listening;
import io.tidemark.base.text.LogLimit;
import io.tidemark.transport.tcp.Conditions;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpTransport;
import io.tidemark.transport.tcp.internal.Wire.Header;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What comes at the port that no node of ours sends: closed with a line in the log, within bounds, and nothing delivered. */
class HostileInputTest {
    private static final TcpSettings SETTINGS = TcpSettings.DEFAULTS
            .withTcp("127.0.0.1", 0)
            .withTimes(new TcpSettings.Times(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(3)));

    private TcpTransport transport;
    private final Keeper keeper = new Keeper();
    private Listening listening;

    @BeforeEach
    void listen() throws StorageException {
        transport = new TcpTransport("tcp", SETTINGS);
        listening = transport.listen(keeper);
    }

    @AfterEach
    void close() {
        transport.close();
    }

    private RawPeer peer() throws IOException {
        return new RawPeer(listening.addresses().get(0));
    }

    /** A good peer still gets in. */
    private void stillServes() throws Exception {
        keeper.forget();
        try (RawPeer good = peer().greeted()) {
            good.send(good.data(new byte[] {1, 2, 3}));
            Link link = keeper.link();
            Link.Frame frame = Keeper.frame(link);
            assertEquals(3, frame.content().remaining());
            frame.release();
            good.send(good.frame(Header.TYPE_CLOSE, 0, 2, 2, new byte[] {'o', 'k'}));
            assertEquals(Reason.CLOSED, keeper.end().reason());
        }
    }

    private interface Hostility {
        void act(RawPeer peer) throws Exception;
    }

    /** Before a link is there: nothing is said, nobody is told, one line. */
    private void refusedBeforehand(String line, Hostility hostility) throws Exception {
        try (LogLines log = new LogLines()) {
            try (RawPeer peer = peer()) {
                hostility.act(peer);
                peer.untilEnd();
            }
            assertTrue(keeper.links.isEmpty());
            stillServes();
            assertEquals(1, log.warnings().size(), log.all().toString());
            assertTrue(log.warnings().get(0).contains(line), log.warnings().toString());
        }
    }

    /** After it: the peer is told, the listener too, one line, no frame. */
    private void closedAfterwards(Reason reason, String line, Hostility hostility) throws Exception {
        keeper.forget();
        try (LogLines log = new LogLines();
                RawPeer peer = peer().greeted()) {
            Link link = keeper.link();
            try {
                hostility.act(peer);
            } catch (IOException e) {
                // It was thrown out in the middle.
            }
            StorageException end = keeper.end();
            assertEquals(reason, end.reason());
            assertTrue(end.getMessage().contains(line), end.getMessage());
            assertNull(link.poll());
            assertEquals(0, keeper.readables.get());
            peer.untilEnd();
            assertEquals(1, log.warnings().size(), log.all().toString());
            assertTrue(log.warnings().get(0).contains(line), log.warnings().toString());
        }
        stillServes();
    }

    @Test
    void garbageInsteadOfAGreeting() throws Exception {
        refusedBeforehand("no Tidemark node", peer -> peer.send("GET / HTTP/1.1\r\n\r\n".getBytes("US-ASCII")));
        Random random = new Random(4711);
        // Fewer than lines about strangers that are logged in a while.
        for (int i = 0; i < LogLimit.LINES - 5; i++) {
            byte[] bytes = new byte[1 + random.nextInt(100_000)];
            random.nextBytes(bytes);
            refusedBeforehand("no Tidemark node", peer -> {
                try {
                    peer.send(bytes);
                } catch (IOException e) {
                    // It was thrown out in the middle.
                }
            });
        }
    }

    @Test
    void anEndBeforeTheGreeting() throws Exception {
        refusedBeforehand("before it greeted", peer -> peer.socket.shutdownOutput());
        refusedBeforehand("before it greeted", peer -> {
            peer.send(Arrays.copyOf(RawPeer.greeting(1, 1, 8 << 20, peer.nonce), 40));
            peer.socket.shutdownOutput();
        });
    }

    @Test
    void aDamagedGreeting() throws Exception {
        for (int i = 8; i < 64; i += 5) {
            int at = i;
            refusedBeforehand("greeting is damaged", peer -> {
                byte[] greeting = RawPeer.greeting(1, 1, 8 << 20, peer.nonce);
                greeting[at] ^= 4;
                peer.send(greeting);
            });
        }
    }

    @Test
    void anotherVersion() throws Exception {
        refusedBeforehand("it speaks versions 7 to 9 of the protocol, this node 1 to 1", peer -> {
            peer.send(RawPeer.greeting(7, 9, 8 << 20, peer.nonce));
            Greeting theirs = Greeting.decode(peer.socket.getInputStream().readNBytes(64));
            assertEquals(1, theirs.version(), "so that the peer can say the same");
        });
        refusedBeforehand("does not hold two frames", peer -> peer.send(RawPeer.greeting(1, 1, 1 << 20, peer.nonce)));
    }

    @Test
    void theInitiatorSaysTheSameOfAnotherVersion() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                LogLines log = new LogLines()) {
            BlockingQueue<StorageException> failures = new ArrayBlockingQueue<>(1);
            transport.connect(PeerAddress.of("127.0.0.1:" + other.getLocalPort()), new LinkInitiator() {
                @Override
                public LinkListener opened(Link link) {
                    return null;
                }

                @Override
                public void failed(StorageException why) {
                    failures.add(why);
                }
            });
            try (Socket socket = other.accept()) {
                assertEquals(64, socket.getInputStream().readNBytes(64).length);
                socket.getOutputStream().write(RawPeer.greeting(2, 2, 8 << 20, new byte[16]));
                StorageException failure = failures.poll(10, TimeUnit.SECONDS);
                assertEquals(Reason.MISMATCH, failure.reason());
                assertTrue(failure.getMessage().contains("it speaks version 2"), failure.getMessage());
            }
            assertEquals(1, log.warnings().size(), log.all().toString());
        }
    }

    @Test
    void aGreetingThatTrickles() throws Exception {
        refusedBeforehand("nothing came to be within", peer -> {
            byte[] greeting = RawPeer.greeting(1, 1, 8 << 20, peer.nonce);
            int sent = 0;
            try {
                for (; sent < greeting.length; sent++) {
                    peer.send(new byte[] {greeting[sent]});
                    // The pace: all of it would take six times as long as there is time for it.
                    TimeUnit.MILLISECONDS.sleep(100);
                }
            } catch (IOException e) {
                // Thrown out.
            }
            assertTrue(sent < greeting.length, "it was let go on until the end");
        });
    }

    @Test
    void framesThatMakeNoSense() throws Exception {
        String header = "header makes no sense";
        byte[] three = new byte[3];
        closedAfterwards(Reason.CORRUPT, "unknown type 9", peer -> peer.send(peer.frame(9, 0, 3, 3, three)));
        closedAfterwards(Reason.CORRUPT, header, peer -> peer.send(peer.frame(1, 0, 3, 4, three)));
        closedAfterwards(Reason.CORRUPT, header, peer -> peer.send(peer.frame(1, 0, -1, -1, three)));
        closedAfterwards(Reason.CORRUPT, header, peer -> peer.send(peer.frame(1, 2, 3, 3, three)));
        closedAfterwards(Reason.CORRUPT, header, peer -> peer.send(peer.frame(1, 1, 3, 3, three)));
        closedAfterwards(Reason.CORRUPT, header, peer -> peer.send(peer.frame(3, 1, 3, 8, three)));
        closedAfterwards(Reason.CORRUPT, "length that its type", peer -> peer.send(peer.frame(2, 0, 3, 3, three)));
        closedAfterwards(Reason.CORRUPT, "length that its type", peer -> peer.send(peer.frame(5, 0, 600, 600, three)));
        closedAfterwards(
                Reason.CORRUPT, "longer than the", peer -> peer.send(peer.frame(1, 0, 2_000_000, 2_000_000, three)));
        closedAfterwards(
                Reason.CORRUPT, "longer than the", peer -> peer.send(peer.frame(1, 1, 3, Integer.MAX_VALUE, three)));
        closedAfterwards(
                Reason.CORRUPT, "decompress", peer -> peer.send(peer.frame(1, 1, 3, 100, new byte[] {7, 7, 7})));
        closedAfterwards(Reason.CORRUPT, "is not compressed as it says", peer -> {
            try (Scratch scratch = new Scratch()) {
                byte[] deflated = scratch.deflate(Content.of(new byte[5000])).bytes();
                peer.send(peer.frame(1, 1, deflated.length, 5001, deflated));
            }
        });
        closedAfterwards(Reason.CORRUPT, "longer than it says", peer -> {
            try (Scratch scratch = new Scratch()) {
                byte[] deflated = scratch.deflate(Content.of(new byte[5000])).bytes();
                peer.send(peer.frame(1, 1, deflated.length, 4999, deflated));
            }
        });
        closedAfterwards(
                Reason.CORRUPT,
                "gives credit for",
                peer -> peer.send(peer.frame(Header.TYPE_CREDIT, 0, 8, 8, new byte[] {1, 0, 0, 0, 0, 0, 0, 0})));
        closedAfterwards(
                Reason.CORRUPT,
                "gives credit for",
                peer -> peer.send(peer.frame(Header.TYPE_CREDIT, 0, 8, 8, new byte[] {0, 0, 0, 0, 0, 0, 0, -1})));
    }

    @Test
    void damagedRepeatedAndMissingFrames() throws Exception {
        Random random = new Random(5);
        for (int i = 0; i < 10; i++) {
            int at = 16 + random.nextInt(100);
            closedAfterwards(Reason.CORRUPT, "wrong checksum", peer -> {
                byte[] frame = peer.data(new byte[100]);
                frame[at] ^= 1;
                peer.send(frame);
            });
        }
        closedAfterwards(Reason.CORRUPT, "wrong checksum", peer -> {
            peer.data(new byte[10]); // Never sent.
            peer.send(peer.data(new byte[10]));
        });
        try (RawPeer peer = peer().greeted()) {
            Link link = keeper.link();
            byte[] frame = peer.data(new byte[10]);
            peer.send(frame);
            peer.send(frame);
            assertTrue(keeper.end().getMessage().contains("wrong checksum"));
            assertNotNull(link.poll(), "the first of the two was right");
            assertNull(link.poll());
        }
    }

    /** All that a good peer sent once, sent again: its frames belong to another acceptor's nonce. */
    @Test
    void anOldSessionPlayedAgain() throws Exception {
        byte[] greeting;
        byte[] frame;
        try (RawPeer peer = peer().greeted()) {
            greeting = RawPeer.greeting(1, 1, 8 << 20, peer.nonce);
            frame = peer.data(new byte[100]);
            peer.send(frame);
            keeper.link();
        }
        keeper.end();
        keeper.readables.set(0);
        try (RawPeer replay = peer()) {
            replay.send(greeting);
            replay.send(frame);
            Link link = keeper.link();
            assertTrue(keeper.end().getMessage().contains("of another session"));
            assertNull(link.poll());
            assertEquals(0, keeper.readables.get());
        }
        stillServes();
    }

    @Test
    void aFrameThatIsCutOff() throws Exception {
        try (LogLines log = new LogLines()) {
            RawPeer peer = peer().greeted();
            Link link = keeper.link();
            peer.send(Arrays.copyOf(peer.data(new byte[1000]), 500));
            peer.close();
            assertEquals(Reason.UNAVAILABLE, keeper.end().reason());
            assertNull(link.poll());
            assertEquals(1, log.warnings().size(), log.all().toString());
        }
        stillServes();
    }

    @Test
    void moreThanThereIsCreditFor() throws Exception {
        long[] sent = new long[1];
        try (RawPeer peer = peer().greeted()) {
            Link link = keeper.link();
            try {
                byte[] content = new byte[1 << 20];
                while (sent[0] < 4 * peer.window) {
                    peer.send(peer.data(content));
                    sent[0] += Wire.cost(content.length);
                }
            } catch (IOException e) {
                // Thrown out.
            }
            assertTrue(keeper.end().getMessage().contains("more than it has credit for"));
            long held = 0;
            for (Link.Frame frame = link.poll(); frame != null; frame = link.poll()) {
                held += Wire.cost(frame.content().remaining());
                frame.release();
            }
            assertTrue(held <= peer.window, held + " bytes were taken");
            assertTrue(held > peer.window - 2 * (1 << 20), "what was within the credit was taken");
        }
        stillServes();
    }

    /** Who greets like a node is no peer yet, and does not fill the log either. */
    @Test
    void manyWhoGreetAndThenMakeNoSenseAreLoggedNowAndThen() throws Exception {
        int visitors = 10 * LogLimit.LINES;
        long began = System.nanoTime();
        try (LogLines log = new LogLines()) {
            for (int i = 0; i < visitors; i++) {
                keeper.forget();
                try (RawPeer peer = peer().greeted()) {
                    peer.send(peer.frame(9, 0, 3, 3, new byte[3]));
                    peer.untilEnd();
                }
                // The socket ends before the listener hears of it: the next visitor must not be taken for this one.
                assertEquals(Reason.CORRUPT, keeper.end().reason());
            }
            long whiles = 2 + (System.nanoTime() - began) / LogLimit.WHILE_NANOS;
            assertTrue(log.warnings().size() >= LogLimit.LINES, "they are logged at first");
            assertTrue(
                    log.warnings().size() <= whiles * LogLimit.LINES,
                    log.warnings().size() + " lines");
            assertTrue(
                    log.all().size() <= 2 * whiles * LogLimit.LINES, log.all().size() + " lines");
        }
        stillServes();
    }

    @Test
    void pingsWithoutEndTakeNoMemory() throws Exception {
        try (RawPeer peer = peer().greeted()) {
            Link link = keeper.link();
            byte[] token = new byte[8];
            peer.socket.setSoTimeout(1);
            // It never reads the answers; the socket fills up, and a pong that is owed is replaced by the next.
            for (int i = 0; i < 200_000; i++) {
                peer.send(peer.frame(Header.TYPE_PING, 0, 8, 8, token));
            }
            assertEquals(0, link.figures().queuedBytes());
        } catch (IOException e) {
            // Its own socket may be full before.
        }
        keeper.end();
        stillServes();
    }

    @Test
    void whoSaysNothingIsDead() throws Exception {
        long began = System.nanoTime();
        try (RawPeer peer = peer().greeted()) {
            keeper.link();
            StorageException end = keeper.end();
            assertEquals(Reason.UNAVAILABLE, end.reason());
            assertTrue(end.getMessage().contains("nothing came from there for 3.0s"), end.getMessage());
            long tookNanos = System.nanoTime() - began;
            assertTrue(tookNanos >= 3_000_000_000L, "it has the configured time: " + tookNanos);
            assertTrue(tookNanos < 15_000_000_000L, "and not the default: " + tookNanos);
            peer.untilEnd();
        }
    }

    /** Connections that never become links: at most 64 at a time, few lines, and a good peer gets in all the while. */
    @Test
    void thousandsOfHalfOpenConnections() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        // None of them goes because its time is over.
        TcpSettings.Times times = SETTINGS.times();
        transport.apply(SETTINGS.withTimes(new TcpSettings.Times(Duration.ofMinutes(5), times.ping(), times.dead())));
        String address = listening.addresses().get(0);
        int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
        long before = used();
        long began = System.nanoTime();
        try (LogLines log = new LogLines()) {
            for (int i = 0; i < 2000; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
                sockets.add(socket);
                if (i % 500 == 250) {
                    stillServes();
                }
            }
            for (Socket socket : sockets) {
                socket.setSoTimeout(1);
            }
            Conditions.await(
                    () -> sockets.stream()
                                    .filter(socket -> !closedByPeer(socket))
                                    .count()
                            <= Admission.MOST_PENDING,
                    "most are thrown out");
            assertFalse(closedByPeer(sockets.get(sockets.size() - 1)), "the last ones are not");
            long whiles = 2 + (System.nanoTime() - began) / LogLimit.WHILE_NANOS;
            assertTrue(
                    log.warnings().size() <= whiles * LogLimit.LINES,
                    log.warnings().size() + " lines");
            assertTrue(used() - before < 64L << 20, "memory");
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        stillServes();
    }

    private static boolean closedByPeer(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void moreLinksThanAllowed() throws Exception {
        TcpSettings.Limits limits = SETTINGS.limits();
        transport.apply(SETTINGS.withLimits(new TcpSettings.Limits(
                2, limits.windowBytes(), limits.sendBytes(), 0, limits.compression(), limits.workerThreads())));
        try (RawPeer first = peer().greeted();
                RawPeer second = peer().greeted();
                LogLines log = new LogLines()) {
            assertNotNull(keeper.link());
            assertNotNull(keeper.link());
            try (RawPeer third = peer()) {
                assertEquals(0, third.untilEnd().length);
            }
            assertEquals(1, log.warnings().size());
            assertTrue(
                    log.warnings().get(0).contains("which is maxLinks; raise it"),
                    log.warnings().toString());
            first.socket.close();
            keeper.end();
            second.send(second.data(new byte[1]));
            stillServes();
        }
    }

    /** Random damage to what a good peer sends: never more than what was right is delivered, and never something else. */
    @Test
    void anythingDamagedAnywhere() throws Exception {
        Random random = new Random(99);
        for (int round = 0; round < 60; round++) {
            keeper.forget();
            try (RawPeer peer = peer().greeted()) {
                Link link = keeper.link();
                java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
                for (int i = 0; i < 10; i++) {
                    all.write(peer.data(ByteBuffer.allocate(4 + random.nextInt(2000))
                            .putInt(0, i)
                            .array()));
                }
                byte[] bytes = all.toByteArray();
                int at = random.nextInt(bytes.length);
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                try {
                    peer.send(bytes);
                    peer.socket.shutdownOutput();
                } catch (IOException e) {
                    // Thrown out.
                }
                Reason reason = keeper.end().reason();
                assertTrue(reason == Reason.CORRUPT || reason == Reason.UNAVAILABLE, reason.toString());
                int next = 0;
                for (Link.Frame frame = link.poll(); frame != null; frame = link.poll()) {
                    assertEquals(next++, frame.content().getInt());
                    frame.release();
                }
                assertTrue(next < 10);
            }
        }
    }
}
