package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starting, changing, bounding and stopping. */
class LifecycleTest {
    @TempDir
    Path directory;

    private static NbdSettings.Limits limits(int connections, Duration negotiation, Duration stall) {
        return new NbdSettings.Limits(connections, 512, 4, negotiation, stall, Duration.ofMillis(500));
    }

    @Test
    void settingsChangeWhileClientsStay() throws Exception {
        try (Served served = new Served();
                TestClient client = served.simple()) {
            InetSocketAddress before = served.server.address().orElseThrow();
            Path socket = directory.resolve("s");
            served.server.apply(Served.settings().withUnixSocket(socket));
            assertEquals(before, served.server.address().orElseThrow(), "what did not change is not touched");
            assertTrue(answers(socket));
            assertEquals(0, client.does(3, 0, 0, 0));

            served.server.apply(Served.settings().withTcp("", 0).withUnixSocket(socket));
            assertTrue(served.server.address().isEmpty());
            assertThrows(IOException.class, () -> new TestClient(before).close());
            assertEquals(0, client.does(3, 0, 0, 0), "who is connected stays");
            assertEquals(List.of("nbd+unix:///disk?socket=" + socket), served.server.addresses("disk"));

            served.server.apply(Served.settings());
            assertFalse(Files.exists(socket));
        }
    }

    private static boolean answers(Path socket) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            ByteBuffer greeting = ByteBuffer.allocate(18);
            while (greeting.hasRemaining() && channel.read(greeting) >= 0) {
                // Until it is there.
            }
            return greeting.getLong(0) == 0x4e42444d41474943L;
        }
    }

    @Test
    void refusedSettingsLeaveTheOldOnes() throws Exception {
        try (Served served = new Served();
                ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            NbdSettings before = served.server.settings();
            StorageException refused = assertThrows(
                    StorageException.class,
                    () -> served.server.apply(Served.settings().withTcp("127.0.0.1", taken.getLocalPort())));
            assertEquals(StorageException.Reason.BUSY, refused.reason());
            assertTrue(refused.getMessage().startsWith("port: "), refused.getMessage());
            assertEquals(before, served.server.settings());
            refused = assertThrows(
                    StorageException.class,
                    () -> served.server.apply(Served.settings().withTcp("no.such.host.invalid", 1)));
            assertTrue(refused.getMessage().startsWith("host: "), refused.getMessage());
            try (TestClient client = served.simple()) {
                assertEquals(0, client.does(3, 0, 0, 0));
            }
        }
    }

    /** The port is taken by nobody but the server itself, which may give it to its own other address. */
    @Test
    void theAddressChangesWhileThePortStays() throws Exception {
        try (Served served = new Served();
                TestClient client = served.simple()) {
            int port = served.server.address().orElseThrow().getPort();
            List<String> hosts = new ArrayList<>(List.of("0.0.0.0", "127.0.0.1", "localhost"));
            if (Files.exists(Path.of("/proc/net/if_inet6"))) {
                hosts.add("::");
            }
            for (String host : hosts) {
                served.server.apply(Served.settings().withTcp(host, port));
                assertEquals(port, served.server.address().orElseThrow().getPort());
                try (TestClient late = new TestClient(new InetSocketAddress("127.0.0.1", port))) {
                    late.hello().go("disk");
                    assertEquals(0, late.does(3, 0, 0, 0), host);
                }
            }
            assertEquals(0, client.does(3, 0, 0, 0), "who is connected stays");
        }
    }

    @Test
    void anAddressThatCannotBeTakenLeavesTheOneBeforeWithItsPort() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "no socket");
        try (Served served = new Served()) {
            NbdSettings before = served.server.settings();
            List<String> endpoints = served.server.endpoints();
            int port = served.server.address().orElseThrow().getPort();
            for (NbdSettings wrong : List.of(
                    Served.settings().withTcp("192.0.2.1", port),
                    Served.settings().withTcp("0.0.0.0", port).withUnixSocket(file))) {
                assertThrows(StorageException.class, () -> served.server.apply(wrong));
                assertEquals(before, served.server.settings());
                assertEquals(endpoints, served.server.endpoints());
                try (TestClient client = served.simple()) {
                    assertEquals(0, client.does(3, 0, 0, 0));
                }
            }
            served.server.apply(before);
            assertEquals(endpoints, served.server.endpoints(), "what did not change is not touched");
        }
    }

    @Test
    void unixSocketFiles() throws Exception {
        Path socket = directory.resolve("n.sock");
        NbdSettings settings = NbdSettings.DEFAULTS.withTcp("", 0).withUnixSocket(socket);
        try (Served served = new Served(settings)) {
            assertEquals(1, served.server.endpoints().size());
            assertTrue(answers(socket));
            StorageException busy = assertThrows(StorageException.class, () -> new Served(settings));
            assertEquals(StorageException.Reason.BUSY, busy.reason());
            assertTrue(answers(socket), "the first one still serves");
        }
        assertFalse(Files.exists(socket));
    }

    @Test
    void connectionsAreLimited() throws Exception {
        NbdSettings settings = Served.settings().withLimits(limits(3, Duration.ofSeconds(5), Duration.ofSeconds(5)));
        try (Served served = new Served(settings)) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                clients.add(served.simple());
            }
            try (TestClient tooMany = served.client()) {
                assertTrue(tooMany.closedByServer());
            }
            assertEquals(1, served.server.statistics().getRejectedConnections());
            clients.remove(0).close();
            Served.await("room again", () -> served.server.statistics().getConnections() == 2);
            clients.add(served.simple());
            for (TestClient client : clients) {
                assertEquals(0, client.does(3, 0, 0, 0));
                client.close();
            }
        }
    }

    @Test
    void item44SlowClients() throws Exception {
        NbdSettings settings = Served.settings().withLimits(limits(10, Duration.ofSeconds(1), Duration.ofSeconds(1)));
        try (Served served = new Served(settings);
                TestClient idle = served.simple();
                TestClient silent = served.client();
                TestClient halfOption = served.client().hello();
                TestClient halfRequest = served.simple();
                TestClient halfPayload = served.simple();
                TestClient halfLongPayload = served.simple();
                TestClient dripping = served.client()) {
            halfOption.out.write(new byte[] {0x49, 0x48});
            halfRequest.out.write(new byte[] {0x25, 0x60});
            halfPayload.request(1, 0, 1, 0, 100_000, new byte[50_000]);
            halfLongPayload.request(1, 0, 1, 0, 2_000_000, new byte[50_000]);
            Thread drip = new Thread(() -> {
                try {
                    dripping.hello();
                    while (true) {
                        // One option after the other keeps the connection busy, but not for longer than allowed.
                        dripping.outcome(4711, new byte[0]);
                    }
                } catch (IOException e) {
                    // The end that is waited for.
                }
            });
            drip.start();
            for (TestClient each : List.of(silent, halfOption, halfRequest, halfPayload, halfLongPayload)) {
                assertTrue(each.closedByServer());
            }
            drip.join(20_000);
            assertFalse(drip.isAlive());
            assertEquals(0, idle.does(3, 0, 0, 0), "an idle client may stay as long as it likes");
            assertEquals(0, io.tidemark.nbd.testing.FakeDevice.POOL.usedBytes());
        }
    }

    @Test
    void clientThatDoesNotReadHoldsNobodyUp() throws Exception {
        try (Served served = new Served();
                TestClient lazy = served.simple();
                TestClient other = served.simple()) {
            served.disk.memory.slice(0, 8).putLong(4711);
            served.disk.elsewhere = true;
            Thread sender = new Thread(() -> {
                try {
                    for (int i = 0; i < 300; i++) {
                        lazy.request(i % 3 == 0 ? 3 : 0, 0, i, 0, i % 3 == 0 ? 0 : 64 << 10);
                    }
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            sender.start();
            for (int i = 0; i < 200; i++) {
                assertEquals(0, other.does(1, 0, (1 << 20) + 4096L * i, 512, new byte[512]));
            }
            byte[] expected = new byte[64 << 10];
            served.disk.memory.slice(0, expected.length).get(expected);
            for (int i = 0; i < 300; i++) {
                TestClient.Simple reply = lazy.simple();
                assertEquals(0, reply.error());
                if (reply.cookie() % 3 != 0) {
                    assertArrayEquals(expected, lazy.in.readNBytes(64 << 10));
                }
            }
            sender.join();
        }
    }

    @Test
    void closingIsBoundedEvenWhereTheDeviceDoesNotAnswer() throws Exception {
        Served served =
                new Served(Served.settings().withLimits(limits(10, Duration.ofSeconds(30), Duration.ofSeconds(30))));
        served.disk.hold = new CountDownLatch(1);
        try (TestClient client = served.simple()) {
            client.request(3, 0, 1, 0, 0);
            Served.await("in flight", () -> !served.disk.done.isEmpty());
            long before = System.nanoTime();
            served.close();
            assertTrue(System.nanoTime() - before < 5_000_000_000L);
            assertTrue(client.closedByServer());
        } finally {
            served.disk.hold.countDown();
        }
    }

    @Test
    void nothingIsLeftBehind() throws Exception {
        Served.await("threads of other tests gone", () -> nbdThreads().isEmpty());
        Served served = new Served();
        for (int i = 0; i < 200; i++) {
            TestClient client = i % 2 == 0 ? served.simple() : served.structured();
            client.does(1, 0, 0, 512, new byte[512]);
            if (i % 3 == 0) {
                client.reset();
            } else {
                client.close();
            }
        }
        Served.await("all gone", () -> served.server.statistics().getConnections() == 0);
        assertEquals(0, served.disk.attached());
        TestClient last = served.simple();
        served.close();
        served.close();
        assertTrue(last.closedByServer());
        last.close();
        Served.await("no thread left: " + nbdThreads(), () -> nbdThreads().isEmpty());
        assertThrows(StorageException.class, () -> served.server.apply(Served.settings()));
    }

    private static List<String> nbdThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("nbd-") && !name.startsWith("nbd-reader"))
                .toList();
    }

    /** An image that waits for its store or for space shows its clients a pause, and those of other images nothing. */
    @Test
    void writersOfADeviceThatTakesNothingWaitAndKeepNobodyElseWaiting() throws Exception {
        whileWritersWait(20, 200_000, 200_000, 1);
    }

    /** The same with writes that are received whole before their first byte is written: in memory that all images share. */
    @Test
    void longWritesToADeviceThatTakesNothingKeepNobodyElseWaiting() throws Exception {
        whileWritersWait(20, 3 << 20, 3 << 20, 1);
        whileWritersWait(2, 32 << 20, 32 << 20, 1);
        whileWritersWait(2, 32 << 20, (1 << 20) + 1, 1);
        whileWritersWait(1, 20 << 20, 2 << 20, 4);
    }

    /** Some clients write to each of some devices that take nothing, and one writes to another device. */
    private void whileWritersWait(int clients, int length, int otherLength, int devices) throws Exception {
        Duration stall = Duration.ofMillis(500);
        FakeDevice other = new FakeDevice("other", 32 << 20);
        List<FakeDevice> paused = new ArrayList<>();
        List<TestClient> waiting = new ArrayList<>();
        byte[] payload = new byte[length];
        Arrays.fill(payload, (byte) 7);
        byte[] otherPayload = new byte[otherLength];
        try (Served served = new Served(Served.settings().withLimits(limits(64, Duration.ofSeconds(10), stall)))) {
            served.registry.add(other);
            List<Thread> senders = new ArrayList<>();
            for (int d = 0; d < devices; d++) {
                FakeDevice device = new FakeDevice("paused" + d, 32 << 20);
                device.takesNothing = true;
                paused.add(device);
                served.registry.add(device);
                for (int i = 0; i < clients; i++) {
                    TestClient client = served.client().hello();
                    client.go(device.name());
                    waiting.add(client);
                    senders.add(sending(client, payload));
                }
            }
            Served.await("all in flight", () -> served.server.statistics().getRequestsInFlight() == waiting.size());
            try (TestClient client = served.client().hello()) {
                client.go("other");
                // Whoever still sends to what takes nothing has had its time.
                long until = System.nanoTime() + 3 * stall.toNanos();
                do {
                    otherPayload[otherLength - 1]++;
                    assertEquals(0, client.does(1, 0, 0, otherLength, otherPayload));
                    assertEquals(otherPayload[otherLength - 1], other.memory.get(otherLength - 1));
                } while (System.nanoTime() < until);
            }
            paused.forEach(device -> device.takesNothing = false);
            for (TestClient client : waiting) {
                assertEquals(0, client.simple().error());
                client.close();
            }
            for (Thread sender : senders) {
                sender.join();
            }
            paused.forEach(device -> assertEquals(7, device.memory.get(length - 1)));
        }
    }

    /** A client that stopped amid a long write has a minute to go on, in which writers of its image and of others do without. */
    @Test
    void aLongWriteThatDoesNotComeKeepsNobodyElseWaiting() throws Exception {
        FakeDevice large = new FakeDevice("large", 32 << 20);
        byte[] payload = new byte[2 << 20];
        Arrays.fill(payload, (byte) 5);
        try (Served served = new Served();
                TestClient stopped = served.client().hello();
                TestClient same = served.client().hello();
                TestClient another = served.simple()) {
            served.registry.add(large);
            stopped.go("large");
            same.go("large");
            stopped.request(1, 0, 1, 0, 32 << 20);
            Served.await("it has begun", () -> served.server.statistics().getRequestsInFlight() == 1);
            for (TestClient client : List.of(same, another)) {
                long before = System.nanoTime();
                assertEquals(0, client.does(1, 0, 0, payload.length, payload));
                assertTrue(System.nanoTime() - before < 5_000_000_000L, "it waited for the one that stopped");
            }
            assertEquals(5, large.memory.get(payload.length - 1));
            assertEquals(5, served.disk.memory.get(payload.length - 1));
        }
    }

    /** Such a write is handed over as it comes: its failures are told, and who breaks off leaves no memory taken. */
    @Test
    void longWritesForWhichThereIsNoMemoryFailAsOthersDo() throws Exception {
        FakeDevice other = new FakeDevice("other", 32 << 20);
        FakeDevice paused = new FakeDevice("paused", 32 << 20);
        try (Served served = new Served();
                TestClient holder = served.client().hello();
                TestClient client = served.client().hello();
                TestClient leaving = served.client().hello()) {
            served.registry.add(other);
            served.registry.add(paused);
            paused.takesNothing = true;
            holder.go("paused");
            Thread sender = sending(holder, new byte[32 << 20]);
            sender.join();
            client.go("other");
            byte[] payload = new byte[(3 << 20) - 5];
            other.failWrites = new StorageException(StorageException.Reason.NO_SPACE, "full", "");
            assertEquals(28, client.does(1, 0, 512, payload.length, payload));
            other.failWrites = null;
            other.failTakes = new StorageException(StorageException.Reason.CLOSED, "gone", "");
            assertEquals(108, client.does(1, 0, 512, payload.length, payload));
            other.failTakes = null;
            Arrays.fill(payload, (byte) 9);
            assertEquals(0, client.does(1, 0, 512, payload.length, payload));
            byte[] written = new byte[payload.length];
            other.memory.slice(512, written.length).get(written);
            assertArrayEquals(payload, written);
            assertEquals(0, other.memory.get(511) | other.memory.get(512 + written.length));
            leaving.go("other");
            leaving.request(1, 0, 1, 0, payload.length, Arrays.copyOf(payload, 2_500_000));
            leaving.shutdownOutput();
            Served.await("it is gone", () -> other.attached() == 1);
            assertEquals(1, served.server.statistics().getRequestsInFlight(), "of the one that waits");
            assertEquals(0, FakeDevice.POOL.usedBytes());
            paused.takesNothing = false;
            assertEquals(0, holder.simple().error());
        }
    }

    /** One write. What the server does not take yet stays in the socket, and keeps the sender. */
    private static Thread sending(TestClient client, byte... payload) {
        Thread sender = new Thread(() -> {
            try {
                client.request(1, 0, 1, 0, payload.length, payload);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        sender.start();
        return sender;
    }

    /** Reads of an image that waits for its store wait too, and those of other images go on, on several threads. */
    @Test
    void slowReadsOfADeviceThatAnswersNoneKeepNobodyElseWaiting() throws Exception {
        FakeDevice other = new FakeDevice("other", Served.SIZE);
        try (Served served = new Served();
                TestClient slow = served.simple()) {
            served.registry.add(other);
            served.disk.readNanos = 1_000_000;
            other.readNanos = 1_000_000;
            readAll(slow, 64);
            CountDownLatch back = new CountDownLatch(1);
            served.disk.holdReads = back;
            int held = 300;
            sendReads(slow, held);
            Served.await("reads wait", () -> served.server.statistics().getRequestsInFlight() == held);
            try (TestClient client = served.client().hello()) {
                client.go("other");
                for (int round = 0; round < 10; round++) {
                    readAll(client, 32);
                }
            } finally {
                back.countDown();
            }
            assertTrue(other.readsAtOnceSeen > 1, "one by one only");
            for (int i = 0; i < held; i++) {
                assertEquals(0, slow.simple().error());
                slow.in.readNBytes(4096);
            }
        }
    }

    /** All at once: one that comes alone is done by the connection's thread. */
    private static void sendReads(TestClient client, int count) throws IOException {
        ByteBuffer requests = ByteBuffer.allocate(count * 28);
        for (int i = 0; i < count; i++) {
            requests.putInt(0x25609513).putInt(0).putLong(i).putLong(i * 4096L).putInt(4096);
        }
        client.send(requests.array());
    }

    private static void readAll(TestClient client, int count) throws IOException {
        sendReads(client, count);
        for (int i = 0; i < count; i++) {
            assertEquals(0, client.simple().error());
            client.in.readNBytes(4096);
        }
    }

    /**
     * A client that sends more than memory holds is not read from: what it sends stays in its own socket. The rest is taken when
     * there is room again.
     */
    @Test
    void backPressureReachesTheSocket() throws Exception {
        int memory = 4 << 20;
        int requests = 1024;
        byte[] payload = new byte[64 << 10];
        NbdSettings.Limits limits = new NbdSettings.Limits(
                8, 2 * requests, 2, Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(1));
        AtomicInteger sent = new AtomicInteger();
        Semaphore progress = new Semaphore(0);
        try (Served served = new Served(Served.settings().withLimits(limits));
                TestClient client = served.simple()) {
            CountDownLatch durable = new CountDownLatch(1);
            served.disk.pool = new MachineContext(memory).payloads();
            served.disk.hold = durable;
            Thread sender = new Thread(() -> {
                try {
                    for (int i = 0; i < requests; i++) {
                        client.request(1, 0, i, 0, payload.length, payload);
                        sent.incrementAndGet();
                        progress.release();
                    }
                } catch (IOException e) {
                    // Then not all are answered.
                }
            });
            sender.start();
            while (progress.tryAcquire(1, TimeUnit.SECONDS)) {
                assertTrue(sent.get() < requests, "everything was taken");
            }
            long taken = served.server.statistics().getBytesInFlight();
            assertTrue(taken >= memory / 2, "only " + taken + " bytes taken: nothing was under pressure");
            assertTrue(taken <= memory + payload.length, taken + " bytes taken, and memory holds " + memory);
            durable.countDown();
            for (int i = 0; i < requests; i++) {
                assertEquals(0, client.simple().error());
            }
            sender.join();
            assertEquals(requests, sent.get());
        }
    }

    /** While a payload comes others may wait for its turn to end; a byte now and then does not lengthen it. */
    @Test
    void clientsThatTrickleAPayloadAreSentAway() throws Exception {
        Duration stall = Duration.ofMillis(400);
        for (int length : new int[] {200_000, 3 << 20}) {
            try (Served served = new Served(Served.settings().withLimits(limits(64, Duration.ofSeconds(10), stall)));
                    TestClient client = served.simple()) {
                client.request(1, 0, 1, 0, length, new byte[100]);
                long until = System.nanoTime() + 20 * stall.toNanos();
                assertThrows(IOException.class, () -> {
                    while (System.nanoTime() < until) {
                        client.send(new byte[1]);
                        LockSupport.parkNanos(stall.toNanos() / 10);
                    }
                });
                assertEquals(0, FakeDevice.POOL.usedBytes(), "payload memory");
            }
        }
    }
}
