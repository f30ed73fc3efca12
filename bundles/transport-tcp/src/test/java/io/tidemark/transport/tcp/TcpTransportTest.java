package io.tidemark.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkFigures;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport.Listening;
import io.tidemark.tck.tls.Certificates;
import io.tidemark.transport.tcp.TcpSettings.Compression;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the contract does not say: TLS, bandwidth, compression that gives way, dead peers, configuration, threads. */
class TcpTransportTest {
    private static final TcpSettings PLAIN = TcpContractTest.PLAIN;

    @TempDir
    Path directory;

    /** One end, for threads that may wait. */
    private static final class Side implements LinkInitiator, LinkListener {
        final CompletableFuture<Link> link = new CompletableFuture<>();
        final CompletableFuture<StorageException> end = new CompletableFuture<>();
        final Semaphore readable = new Semaphore(0);
        final Semaphore writable = new Semaphore(0);

        @Override
        public LinkListener opened(Link opened) {
            link.complete(opened);
            return this;
        }

        @Override
        public void failed(StorageException why) {
            link.completeExceptionally(why);
        }

        @Override
        public void readable() {
            readable.release();
        }

        @Override
        public void writable() {
            writable.release();
        }

        @Override
        public void closed(StorageException why) {
            end.complete(why);
            readable.release();
            writable.release();
        }

        Link link() throws Exception {
            return link.get(20, TimeUnit.SECONDS);
        }

        StorageException failure() throws Exception {
            return (StorageException) assertThrows(java.util.concurrent.ExecutionException.class, () -> link())
                    .getCause();
        }

        void send(byte[] content) throws Exception {
            while (!link().trySend(ByteBuffer.wrap(content))) {
                assertTrue(writable.tryAcquire(20, TimeUnit.SECONDS));
            }
        }

        byte[] receive() throws Exception {
            while (true) {
                Link.Frame frame = link().poll();
                if (frame != null) {
                    byte[] content = new byte[frame.content().remaining()];
                    frame.content().get(content);
                    frame.release();
                    return content;
                }
                assertTrue(readable.tryAcquire(20, TimeUnit.SECONDS));
            }
        }
    }

    /** Sends frames in one direction, and the time until all have arrived. */
    private static double seconds(Side from, Side to, byte[] content, int frames) throws Exception {
        CompletableFuture<Integer> received = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            try {
                for (int i = 0; i < frames; i++) {
                    assertEquals(content.length, to.receive().length);
                }
                received.complete(frames);
            } catch (Exception | AssertionError e) {
                received.completeExceptionally(e);
            }
        });
        reader.setDaemon(true);
        reader.start();
        long began = System.nanoTime();
        for (int i = 0; i < frames; i++) {
            from.send(content);
        }
        received.get(60, TimeUnit.SECONDS);
        return (System.nanoTime() - began) / 1e9;
    }

    private static byte[] text(int length) {
        byte[] bytes = new byte[length];
        Random random = new Random(3);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ("abcdefgh".charAt(random.nextInt(8)));
        }
        return bytes;
    }

    /** The bound holds always; that it is reached, and is lifted, has to be seen once, because a machine may be busy. */
    @Test
    void bandwidthIsBoundedAndTheBoundChangesLive() throws Exception {
        int bytesPerSecond = 1_000_000;
        double burst = bytesPerSecond / 20.0;
        byte[] content = new byte[50_000];
        new Random(1).nextBytes(content);
        int frames = 10;
        double bytes = (double) frames * content.length;
        try (TcpArena arena = new TcpArena(bandwidth(PLAIN, bytesPerSecond), PLAIN)) {
            Side near = new Side();
            Side far = new Side();
            Listening listening = arena.far().listen(far);
            arena.near().connect(arena.address(listening), near);
            near.link();
            double quickest = Double.MAX_VALUE;
            for (int i = 0; i < 20 && quickest > 2 * bytes / bytesPerSecond; i++) {
                double seconds = seconds(near, far, content, frames);
                assertTrue(bytes <= bytesPerSecond * seconds + burst, bytes + " bytes in " + seconds + " s");
                quickest = Math.min(quickest, seconds);
            }
            assertTrue(quickest <= 2 * bytes / bytesPerSecond, "never quicker than " + quickest + " s");
            ((TcpTransport) arena.near()).apply(bandwidth(PLAIN, 0));
            double least = (bytes - burst) / bytesPerSecond;
            quickest = Double.MAX_VALUE;
            for (int i = 0; i < 20 && quickest > least / 2; i++) {
                quickest = Math.min(quickest, seconds(near, far, content, frames));
            }
            assertTrue(quickest <= least / 2, "never quicker than " + quickest + " s without a bound");
        }
    }

    private static TcpSettings bandwidth(TcpSettings settings, long bytesPerSecond) {
        return settings.withLimits(
                new TcpSettings.Limits(64, 8 << 20, 4 << 20, bytesPerSecond, Compression.ADAPTIVE, 2));
    }

    /** So slow that even a busy processor waits for it. */
    @Test
    void aSlowWayIsCompressed() throws Exception {
        try (TcpArena arena = new TcpArena(bandwidth(PLAIN, 200_000), PLAIN)) {
            Side near = new Side();
            Side far = new Side();
            Listening listening = arena.far().listen(far);
            arena.near().connect(arena.address(listening), near);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            boolean helped = false;
            while (!helped) {
                seconds(near, far, text(5_000), 20);
                LinkFigures figures = near.link().figures();
                assertTrue(System.nanoTime() < deadline, figures.toString());
                helped = figures.framesCompressed() > figures.framesSent() / 2
                        && figures.savedBytes() > figures.bytesSent() / 4
                        && figures.wireBytesSent() < figures.bytesSent();
            }
        }
    }

    /** Who sends one frame after the other never waits for the network. */
    @Test
    void aWayThatKeepsUpIsNotCompressed() throws Exception {
        try (TcpArena arena = new TcpArena(PLAIN, PLAIN)) {
            Side near = new Side();
            Side far = new Side();
            Listening listening = arena.far().listen(far);
            arena.near().connect(arena.address(listening), near);
            for (int i = 0; i < 500; i++) {
                near.send(text(20_000));
                assertEquals(20_000, far.receive().length);
            }
            assertEquals(0, near.link().figures().framesCompressed());
        }
    }

    @Test
    void compressionIsOnlyUsedWhereBothWantIt() throws Exception {
        TcpSettings always = TcpContractTest.compressing(PLAIN, Compression.ALWAYS);
        TcpSettings off = TcpContractTest.compressing(PLAIN, Compression.OFF);
        try (TcpArena arena = new TcpArena(always, off)) {
            Side near = new Side();
            Side far = new Side();
            Listening listening = arena.far().listen(far);
            arena.near().connect(arena.address(listening), near);
            near.send(text(10_000));
            assertArrayEquals(text(10_000), far.receive());
            assertEquals(0, near.link().figures().framesCompressed());
        }
    }

    @Test
    void aDeadPeerIsNoticedByBothWithinTheConfiguredTime() throws Exception {
        TcpSettings settings = PLAIN.withTimes(
                new TcpSettings.Times(Duration.ofSeconds(5), Duration.ofMillis(200), Duration.ofSeconds(2)));
        try (TcpArena arena = new TcpArena(settings, settings)) {
            Side near = new Side();
            Side far = new Side();
            Listening listening = arena.far().listen(far);
            Proxy proxy = arena.proxy(listening);
            arena.near().connect(PeerAddress.of(proxy.address()), near);
            near.link();
            assertThrows(TimeoutException.class, () -> near.end.get(3, TimeUnit.SECONDS), "idle links live on pings");
            assertFalse(far.end.isDone());
            assertTrue(near.link().figures().roundTripNanos() > 0);
            proxy.stall(true);
            long began = System.nanoTime();
            assertEquals(Reason.UNAVAILABLE, near.end.get(10, TimeUnit.SECONDS).reason());
            assertEquals(Reason.UNAVAILABLE, far.end.get(10, TimeUnit.SECONDS).reason());
            assertTrue(System.nanoTime() - began < 10_000_000_000L, "not the default");
        }
    }

    @Test
    void aServerThatSaysNothingIsGivenUp() throws Exception {
        TcpSettings settings = PLAIN.withTimes(
                new TcpSettings.Times(Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(5)));
        try (ServerSocket silent = new ServerSocket(0);
                TcpTransport transport = new TcpTransport("tcp", settings)) {
            String address = "localhost:" + silent.getLocalPort();
            Side side = new Side();
            transport.connect(PeerAddress.of(address), side);
            StorageException failure = side.failure();
            assertEquals(Reason.UNAVAILABLE, failure.reason());
            assertTrue(failure.getMessage().contains(address), failure.getMessage());
            for (String wrong : List.of("", "host", "host:", ":80", "host:x", "host:70000", "a:b:80", "unix:\0")) {
                Side other = new Side();
                transport.connect(PeerAddress.of(wrong), other);
                assertEquals(Reason.INVALID, other.failure().reason(), wrong);
            }
            Side unknown = new Side();
            transport.connect(PeerAddress.of("no-such-host.invalid:1"), unknown);
            assertEquals(Reason.UNAVAILABLE, unknown.failure().reason());
        }
    }

    // ---- TLS

    private Certificates certificates() {
        return new Certificates(directory);
    }

    @Test
    void peersKnowEachOtherByFingerprint() throws Exception {
        Path a = certificates().store("a");
        Path b = certificates().store("b");
        try (TcpArena arena = new TcpArena(
                PLAIN.withTls(TcpContractTest.tls(a, null)), PLAIN.withTls(TcpContractTest.tls(b, null)))) {
            Side near = new Side();
            Side far = new Side();
            Listening listening = arena.far().listen(far);
            arena.near().connect(arena.address(listening), near);
            assertEquals(
                    Certificates.fingerprint(b), near.link().peerFingerprint().orElseThrow());
            assertEquals(
                    Certificates.fingerprint(a), far.link().peerFingerprint().orElseThrow());
            assertEquals(
                    Certificates.fingerprint(a), arena.near().ownFingerprint().orElseThrow());
            assertTrue(far.link().peerName().contains("CN=a"), far.link().peerName());
            String address = listening.addresses().get(0);
            Side wrong = new Side();
            arena.near().connect(new PeerAddress(address, Certificates.fingerprint(a)), wrong);
            assertEquals(Reason.MISMATCH, wrong.failure().reason());
            Side unpinned = new Side();
            arena.near().connect(PeerAddress.of(address), unpinned);
            assertEquals(Reason.INVALID, unpinned.failure().reason());
        }
    }

    @Test
    void theAuthorityDecidesAndTheHostHasToBeTheOneAskedFor() throws Exception {
        Path a = certificates().store("a");
        Path b = certificates().store("b");
        Path stranger = certificates().store("stranger");
        Path elsewhere = certificates().store("elsewhere", "dns:elsewhere.example");
        Path both = certificates().authority("both", a, b, elsewhere);
        try (TcpTransport near = new TcpTransport("near", PLAIN.withTls(TcpContractTest.tls(a, both)));
                TcpTransport far = new TcpTransport("far", PLAIN.withTls(TcpContractTest.tls(b, both)));
                TcpTransport other = new TcpTransport("other", PLAIN.withTls(TcpContractTest.tls(elsewhere, both)));
                TcpTransport alien = new TcpTransport("alien", PLAIN.withTls(TcpContractTest.tls(stranger, null)));
                TcpTransport plain = new TcpTransport("plain", PLAIN)) {
            Side taken = new Side();
            String address = far.listen(taken).addresses().get(0);
            Side good = new Side();
            near.connect(PeerAddress.of(address), good);
            good.link();
            taken.link();

            Side refused = new Side();
            alien.connect(new PeerAddress(address, Certificates.fingerprint(b)), refused);
            // With TLS 1.3 the initiator may be done before the acceptor refuses it; no link comes of it all the same.
            Reason reason = refused.failure().reason();
            assertTrue(reason == Reason.MISMATCH || reason == Reason.UNAVAILABLE, reason.toString());

            Side unencrypted = new Side();
            plain.connect(PeerAddress.of(address), unencrypted);
            assertTrue(unencrypted.failure().getMessage().contains("tls on both nodes"));
            Side pinnedWithoutTls = new Side();
            plain.connect(new PeerAddress(address, Certificates.fingerprint(b)), pinnedWithoutTls);
            assertEquals(Reason.INVALID, pinnedWithoutTls.failure().reason());

            String otherAddress = other.listen(new Side()).addresses().get(0);
            Side wrongHost = new Side();
            near.connect(PeerAddress.of(otherAddress), wrongHost);
            assertEquals(Reason.MISMATCH, wrongHost.failure().reason());
            Side pinned = new Side();
            near.connect(new PeerAddress(otherAddress, Certificates.fingerprint(elsewhere)), pinned);
            pinned.link();
        }
    }

    @Test
    void pemFilesDoAsWell() throws Exception {
        Path a = certificates().store("a");
        Path pem = certificates().authority("a-only", a);
        TlsSettings tls = new TlsSettings(true, pem, certificates().key(a), "", pem);
        try (TcpArena arena = new TcpArena(PLAIN.withTls(tls), PLAIN.withTls(tls))) {
            Side near = new Side();
            Listening listening = arena.far().listen(new Side());
            arena.near().connect(arena.address(listening), near);
            assertEquals(
                    Certificates.fingerprint(a), near.link().peerFingerprint().orElseThrow());
        }
    }

    @Test
    void filesThatCannotBeReadAreNamedByTheirKey() throws Exception {
        Path a = certificates().store("a");
        StorageException missing = assertThrows(StorageException.class, () -> new TcpTransport(
                        "tcp", PLAIN.withTls(TcpContractTest.tls(directory.resolve("no.p12"), null)))
                .close());
        assertTrue(missing.getMessage().startsWith("tlsCertificate: "), missing.getMessage());
        StorageException authority = assertThrows(StorageException.class, () -> new TcpTransport(
                        "tcp", PLAIN.withTls(TcpContractTest.tls(a, directory.resolve("no.pem"))))
                .close());
        assertTrue(authority.getMessage().startsWith("tlsAuthority: "), authority.getMessage());
        StorageException password = assertThrows(StorageException.class, () -> new TcpTransport(
                        "tcp", PLAIN.withTls(new TlsSettings(true, a, null, "wrong-secret", null)))
                .close());
        assertFalse(password.getMessage().contains("wrong-secret"));
        assertFalse(TcpContractTest.tls(a, null).toString().contains(Certificates.PASSWORD));
    }

    // ---- configuration

    @Test
    void settingsChangeWhileLinksStayOpen() throws Exception {
        try (TcpArena arena = new TcpArena(PLAIN, PLAIN);
                ServerSocket taken = new ServerSocket(0, 5, java.net.InetAddress.getLoopbackAddress())) {
            TcpTransport far = (TcpTransport) arena.far();
            Side near = new Side();
            Side accepted = new Side();
            Listening listening = far.listen(accepted);
            arena.near().connect(arena.address(listening), near);
            near.link();
            List<String> before = listening.addresses();
            StorageException busy = assertThrows(
                    StorageException.class, () -> far.apply(PLAIN.withTcp("127.0.0.1", taken.getLocalPort())));
            assertEquals(Reason.BUSY, busy.reason());
            assertTrue(busy.getMessage().startsWith("port: "), busy.getMessage());
            assertEquals(before, listening.addresses(), "as before");
            far.refuse("port: something");
            assertEquals("refused: port: something", far.status().state());
            Path socket = directory.resolve("s");
            far.apply(PLAIN.withTcp("", 0).withUnixSocket(socket));
            assertEquals(List.of("unix:" + socket), listening.addresses());
            assertEquals("taking links", far.status().state());
            Side late = new Side();
            arena.near().connect(PeerAddress.of(before.get(0)), late);
            assertEquals(Reason.UNAVAILABLE, late.failure().reason());
            near.send(new byte[] {1});
            assertArrayEquals(new byte[] {1}, accepted.receive());
            listening.close();
            assertFalse(Files.exists(socket));
            // A socket file that a dead process left behind is replaced; one that somebody uses is not.
            far.listen(accepted).close();
            try (TcpTransport other =
                    new TcpTransport("other", PLAIN.withTcp("", 0).withUnixSocket(socket))) {
                Listening second = other.listen(accepted);
                StorageException used = assertThrows(StorageException.class, () -> far.listen(accepted));
                assertTrue(used.getMessage().startsWith("unixSocket: "), used.getMessage());
                second.close();
            }
        }
    }

    /** The port is taken by nobody but the transport itself, which may give it to its own other address. */
    @Test
    void theAddressChangesWhileThePortStays() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "no socket");
        try (TcpArena arena = new TcpArena(PLAIN, PLAIN)) {
            TcpTransport far = (TcpTransport) arena.far();
            Listening listening = far.listen(new Side());
            PeerAddress address = PeerAddress.of(listening.addresses().get(0));
            int port = Integer.parseInt(address.text().substring(address.text().lastIndexOf(':') + 1));
            for (TcpSettings wrong : List.of(
                    PLAIN.withTcp("192.0.2.1", port),
                    PLAIN.withTcp("0.0.0.0", port).withUnixSocket(file))) {
                assertThrows(StorageException.class, () -> far.apply(wrong));
                assertEquals(List.of(address.text()), listening.addresses(), "as before");
            }
            for (String host : List.of("0.0.0.0", "127.0.0.1", "localhost")) {
                far.apply(PLAIN.withTcp(host, port));
                Side near = new Side();
                arena.near().connect(address, near);
                near.link();
            }
            assertEquals(List.of(address.text()), listening.addresses());
        }
    }

    @Test
    void aRefusedConfigurationOpensNothingAndSaysWhy() throws Exception {
        try (TcpTransport transport = TcpTransport.refused("tcp", "port: 'x' is no whole number")) {
            assertEquals(
                    "refused: port: 'x' is no whole number", transport.status().state());
            StorageException why = assertThrows(StorageException.class, () -> transport.listen(new Side()));
            assertEquals(Reason.INVALID, why.reason());
            assertTrue(why.getMessage().contains("port: 'x'"), why.getMessage());
            Side side = new Side();
            transport.connect(PeerAddress.of("127.0.0.1:1"), side);
            assertEquals(Reason.INVALID, side.failure().reason());
            transport.apply(PLAIN);
            transport.listen(new Side()).close();
            assertEquals("nobody takes links", transport.status().state());
        }
    }

    @Test
    void theSamePortCanBeHadAtOnceByASuccessor() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        for (int i = 0; i < 10; i++) {
            try (TcpTransport transport = new TcpTransport("tcp", PLAIN.withTcp("127.0.0.1", port))) {
                transport.listen(new Side());
                try (Socket socket = new Socket("127.0.0.1", port)) {
                    assertNotNull(socket.getRemoteSocketAddress());
                }
            }
        }
    }

    /** No thread, and no socket file, outlives the transport for long; closing does not wait for links. */
    @Test
    void threadsEnd() throws Exception {
        Path a = certificates().store("a");
        TlsSettings tls = TcpContractTest.tls(a, null);
        TcpTransport near = new TcpTransport("ending-near", PLAIN.withTls(tls));
        TcpTransport far = new TcpTransport("ending-far", PLAIN.withTls(tls));
        for (int i = 0; i < 10; i++) {
            Side side = new Side();
            Side taken = new Side();
            Listening listening = far.listen(taken);
            near.connect(new PeerAddress(listening.addresses().get(0), Certificates.fingerprint(a)), side);
            side.link();
            listening.close();
        }
        assertTrue(threads() >= 3 && threads() <= 8, threads() + " threads for 10 links");
        long began = System.nanoTime();
        near.close();
        far.close();
        near.close();
        assertTrue(System.nanoTime() - began < 5_000_000_000L);
        Conditions.await(() -> threads() == 0, "all threads end");
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("tidemark-ending-"))
                .count();
    }
}
