package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.base.net.Endpoint;
import io.tidemark.nbd.NbdSettings;
import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.FakeRegistry;
import io.tidemark.nbd.testing.LogLines;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class ClientTableTest {
    private static final int MINUTE_SECONDS = 60;
    private static final int GO = 7;
    private static final int GREETING_BYTES = 18;

    /**
     * An idle client may stay for ever, so only the kernel finds one that vanished without a word: it is asked after a minute, and is
     * gone when it has not answered for some. Without that it holds its place and its image for two hours, or for ever.
     */
    @Test
    void theKernelIsToldToFindClientsThatVanished() throws Exception {
        NbdSettings settings = Served.settings();
        BlockingQueue<SocketChannel> taken = new LinkedBlockingQueue<>();
        ClientTable table = new ClientTable(new FakeRegistry(), settings);
        table.apply(settings, null);
        Listener listener = new Listener(new Endpoint.Tcp("127.0.0.1", 0), channel -> {
            table.accept(channel);
            taken.add(channel);
        });
        listener.start();
        try (SocketChannel client = SocketChannel.open(listener.socket().address());
                SocketChannel served = taken.poll(10, TimeUnit.SECONDS)) {
            assertNotNull(served);
            assertEquals(client.getLocalAddress(), served.getRemoteAddress());
            assertTrue(served.getOption(StandardSocketOptions.SO_KEEPALIVE));
            Map<String, Integer> seconds = keepAlive(served);
            int idle = seconds.get("TCP_KEEPIDLE");
            int noticed = idle + seconds.get("TCP_KEEPCOUNT") * seconds.get("TCP_KEEPINTERVAL");
            assertTrue(idle >= MINUTE_SECONDS, "an idle client is bothered after " + idle + " s");
            assertTrue(noticed <= 5 * MINUTE_SECONDS, "a client that is gone is noticed after " + noticed + " s");
        } finally {
            listener.close();
            table.close();
        }
    }

    private static Map<String, Integer> keepAlive(SocketChannel channel) throws IOException {
        Map<String, Integer> values = new TreeMap<>();
        for (SocketOption<?> option : channel.supportedOptions()) {
            if (option.name().startsWith("TCP_KEEP")) {
                values.put(option.name(), (Integer) channel.getOption(option));
            }
        }
        return values;
    }

    /** Direct memory is used up: that is no defect, and lasts no longer than it does. */
    @Test
    void aClientForWhichThereIsNoMemoryIsToldSo() throws Exception {
        AtomicBoolean isShort = new AtomicBoolean(true);
        Shared shared = new Shared(1, () -> {
            if (isShort.get()) {
                throw new OutOfMemoryError("on purpose");
            }
            return new ConnectionBuffers();
        });
        ClientTable table = new ClientTable(new FakeRegistry(new FakeDevice("disk", 4096)), Served.settings(), shared);
        table.apply(Served.settings(), null);
        Listener listener = new Listener(new Endpoint.Tcp("127.0.0.1", 0), table::accept);
        listener.start();
        try (LogLines log = new LogLines();
                TestClient client =
                        new TestClient((InetSocketAddress) listener.socket().address())) {
            TestClient.OptionReply refusal =
                    client.hello().ask(GO, TestClient.info("disk")).get(0);
            assertEquals(Nbd.REP_ERR_UNKNOWN, refusal.type());
            assertEquals(
                    "the server has no memory for one more connection",
                    new String(refusal.data(), StandardCharsets.UTF_8));
            log.are(
                    "WARN nbd: client 127\\.0\\.0\\.1:\\d+ of disk is refused: no direct memory is left for its 528 KiB;"
                            + " raise -XX:MaxDirectMemorySize in jvm\\.options, or lower maxConnections");
            isShort.set(false);
            client.go("disk");
            assertEquals(0, client.does(3, 0, 0, 0));
        } finally {
            listener.close();
            table.close();
        }
    }

    /** Strangers that connect and say nothing may come as often as they like. */
    @Test
    void whoOnlyNegotiatesTakesNoPlaceFromClients() throws Exception {
        NbdSettings settings = Served.settings()
                .withLimits(new NbdSettings.Limits(
                        2, 16, 1, Duration.ofSeconds(60), Duration.ofSeconds(60), Duration.ofSeconds(3)));
        ClientTable table = new ClientTable(new FakeRegistry(new FakeDevice("disk", 4096)), settings);
        table.apply(settings, null);
        Listener listener = new Listener(new Endpoint.Tcp("127.0.0.1", 0), table::accept);
        listener.start();
        InetSocketAddress address = (InetSocketAddress) listener.socket().address();
        try (TestClient client = new TestClient(address).hello();
                SocketChannel first = SocketChannel.open(address)) {
            client.go("disk");
            Served.await("the stranger's place", () -> table.getConnections() == 2);
            List<TestClient> in = new ArrayList<>();
            Served.await("a place for a client", () -> entered(address, in));
            first.socket().setSoTimeout(10_000);
            assertEquals(GREETING_BYTES, first.socket().getInputStream().readAllBytes().length, "it had to go");
            // Whoever has an image stays, also where nobody else can go.
            try (SocketChannel late = SocketChannel.open(address)) {
                late.socket().setSoTimeout(10_000);
                assertEquals(-1, late.socket().getInputStream().read());
            }
            assertEquals(0, client.does(3, 0, 0, 0));
            assertEquals(0, in.get(0).does(3, 0, 0, 0));
            in.get(0).close();
        } finally {
            listener.close();
            table.close();
        }
    }

    private static boolean entered(InetSocketAddress address, List<TestClient> in) {
        try {
            TestClient client = new TestClient(address).hello();
            client.go("disk");
            in.add(client);
            return true;
        } catch (IOException e) {
            // There was no place yet.
            return false;
        }
    }

    /** The machine has no thread for a client: its place is free again. */
    @Test
    void aClientForWhichThereIsNoThreadLeavesItsPlace() throws Exception {
        AtomicBoolean isShort = new AtomicBoolean(true);
        Shared shared = new Shared(1);
        ClientTable table = new ClientTable(
                new FakeRegistry(new FakeDevice("disk", 4096)),
                Served.settings(),
                shared,
                (task, name) -> isShort.get() ? new ThreadThatDoesNotStart() : Shared.daemon(task, name));
        table.apply(Served.settings(), null);
        Listener listener = new Listener(new Endpoint.Tcp("127.0.0.1", 0), table::accept);
        listener.start();
        try {
            try (TestClient client =
                    new TestClient((InetSocketAddress) listener.socket().address())) {
                assertTrue(client.closedByServer());
            }
            assertEquals(0, table.getConnections());
            isShort.set(false);
            try (TestClient client =
                    new TestClient((InetSocketAddress) listener.socket().address())) {
                client.hello().go("disk");
                assertEquals(0, client.does(3, 0, 0, 0));
            }
        } finally {
            listener.close();
            table.close();
        }
    }

    private static final class ThreadThatDoesNotStart extends Thread {
        @Override
        public void start() {
            throw new OutOfMemoryError("on purpose: unable to create native thread");
        }
    }
}
