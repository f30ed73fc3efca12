package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Clients that send anything. Whatever they do, the server answers or closes, keeps its memory, and goes on serving a client
 * that behaves. A failure names the seed; {@code -Dnbd.seed=N} runs it again, {@code -Dnbd.rounds=N} runs more.
 */
class HostileInputTest {
    private static final int ROUNDS = Integer.getInteger("nbd.rounds", 250);
    private static final long FIRST_SEED = Long.getLong("nbd.seed", 1);
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        7,
        8,
        15,
        16,
        27,
        28,
        127,
        128,
        255,
        256,
        511,
        512,
        513,
        4095,
        4096,
        4097,
        65_535,
        65_536,
        65_537,
        (1 << 20) - 1,
        1 << 20,
        (1 << 20) + 1,
        (4 << 20) - 1,
        4 << 20,
        (4 << 20) + 1,
        32 << 20,
        (32 << 20) + 1,
        64 << 20,
        Integer.MAX_VALUE,
        1L << 31,
        (1L << 32) - 1,
        1L << 32,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -2,
        -512,
        -4096
    };

    private Served served;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicLong answered = new AtomicLong();
    private Thread behaving;
    private volatile Throwable failure;

    @BeforeEach
    void serve() throws IOException {
        NbdSettings.Limits limits = new NbdSettings.Limits(
                32, 64, 4, Duration.ofMillis(500), Duration.ofMillis(500), Duration.ofSeconds(3));
        served = new Served(Served.settings().withLimits(limits));
        served.disk.log = false;
        served.registry.add(new FakeDevice("steady", 1 << 20));
        behaving = new Thread(this::behave, "well-behaved");
        behaving.start();
    }

    private void behave() {
        try (TestClient client = served.client().hello().structured()) {
            client.go("steady");
            Random random = new Random(4711);
            while (!ended.get()) {
                byte[] data = new byte[1 + random.nextInt(10_000)];
                random.nextBytes(data);
                int offset = random.nextInt((1 << 20) - data.length);
                assertEquals(0, client.does(1, 0, offset, data.length, data));
                assertArrayEquals(data, client.readStructured(0, offset, data.length));
                answered.incrementAndGet();
            }
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
        }
    }

    @AfterEach
    void stillServing() throws Exception {
        long before = answered.get();
        Served.await("the well-behaved client goes on", () -> answered.get() > before || failure != null);
        ended.set(true);
        behaving.join();
        if (failure != null) {
            throw new AssertionError("the well-behaved client failed", failure);
        }
        Served.await("hostile clients gone", () -> served.server.statistics().getConnections() == 0);
        assertEquals(0, FakeDevice.POOL.usedBytes(), "payload memory");
        assertEquals(0, served.disk.attached());
        served.close();
    }

    private interface Attack {
        void on(TestClient client, Random random) throws IOException;
    }

    private void attack(Attack attack) {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
            Random random = new Random(seed);
            try (TestClient client = served.client()) {
                try {
                    attack.on(client, random);
                    if (random.nextBoolean()) {
                        client.shutdownOutput();
                        client.closedByServer();
                    }
                } catch (IOException e) {
                    // Closed by the server: that is an answer.
                }
                if (random.nextInt(4) == 0) {
                    client.reset();
                }
            } catch (IOException | RuntimeException | Error e) {
                throw new AssertionError("seed " + seed + ": " + e, e);
            }
        }
    }

    private static long number(Random random) {
        return random.nextInt(3) == 0 ? random.nextLong() : NUMBERS[random.nextInt(NUMBERS.length)];
    }

    private static byte[] bytes(Random random, int most) {
        byte[] bytes = new byte[random.nextInt(most + 1)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Changes some bytes, and sometimes cuts or repeats the end. */
    private static byte[] damaged(Random random, byte[] good) {
        byte[] bad = Arrays.copyOf(good, random.nextInt(3) > 0 ? good.length : random.nextInt(good.length + 20));
        int changes = random.nextInt(4);
        for (int i = 0; i < changes && bad.length > 0; i++) {
            bad[random.nextInt(bad.length)] = (byte) NUMBERS[random.nextInt(NUMBERS.length)];
        }
        return bad;
    }

    @Test
    void randomBytesAnywhere() {
        attack((client, random) -> {
            switch (random.nextInt(4)) {
                case 0 -> client.out.write(bytes(random, 1000));
                case 1 -> client.hello((int) number(random)).out.write(bytes(random, 1000));
                case 2 ->
                    client.hello()
                            .option(random.nextInt(12), bytes(random, 100))
                            .out
                            .write(bytes(random, 1000));
                default -> {
                    client.hello().go("disk");
                    client.out.write(bytes(random, 100_000));
                }
            }
        });
    }

    @Test
    void optionsWithAnyNumberAndLength() {
        attack((client, random) -> {
            client.hello(random.nextInt(4));
            for (int i = random.nextInt(10); i >= 0; i--) {
                byte[] data = random.nextBoolean() ? goodOption(random) : bytes(random, 300);
                byte[] sent = damaged(random, data);
                ByteBuffer option = ByteBuffer.allocate(16 + sent.length);
                option.putLong(random.nextInt(20) == 0 ? number(random) : 0x49484156454F5054L);
                option.putInt(random.nextInt(5) == 0 ? (int) number(random) : random.nextInt(12));
                option.putInt(random.nextInt(5) == 0 ? (int) number(random) : data.length);
                client.out.write(option.put(sent).array());
            }
        });
    }

    private static byte[] goodOption(Random random) throws IOException {
        String export = random.nextBoolean() ? "disk" : "x".repeat(random.nextInt(5000));
        return switch (random.nextInt(4)) {
            case 0 -> TestClient.info(export, 0, 1, 2, 3, (int) number(random));
            case 1 -> TestClient.contexts(export, "base:allocation", "base:", "q:" + random.nextInt());
            case 2 -> export.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            default -> new byte[0];
        };
    }

    @Test
    void requestsWithAnyFields() {
        attack((client, random) -> {
            client.hello();
            if (random.nextBoolean()) {
                client.structured().baseAllocation("disk");
            }
            client.go("disk");
            served.disk.elsewhere = random.nextBoolean();
            for (int i = random.nextInt(30); i >= 0; i--) {
                int command = random.nextInt(10) == 0 ? (int) number(random) : random.nextInt(9);
                int flags = random.nextInt(3) == 0 ? (int) number(random) : 0;
                long offset = random.nextBoolean() ? random.nextInt(Served.SIZE) : number(random);
                long length = random.nextBoolean() ? random.nextInt(100_000) : number(random);
                byte[] payload = {};
                if ((command & 0xffff) == 1) {
                    int most = (int) Math.min(length & 0xffff_ffffL, 1 << 20);
                    payload = random.nextInt(3) > 0 ? new byte[most] : bytes(random, most);
                }
                client.request(command, flags, random.nextLong(), offset, length, payload);
            }
        });
    }

    @Test
    void goodConversationsDamagedInSomePlaces() {
        attack((client, random) -> {
            ByteBuffer all = ByteBuffer.allocate(4096);
            all.putInt(3).putLong(0x49484156454F5054L).putInt(8).putInt(0);
            byte[] contexts = TestClient.contexts("disk", "base:allocation");
            all.putLong(0x49484156454F5054L).putInt(10).putInt(contexts.length).put(contexts);
            all.putLong(0x49484156454F5054L).putInt(7).putInt(10).put(TestClient.info("disk"));
            for (int i = 0; i < 20; i++) {
                int length = i % 7 == 1 ? 64 : 512;
                all.putInt(0x25609513)
                        .putShort((short) 0)
                        .putShort((short) (i % 8 == 2 ? 0 : i % 8))
                        .putLong(i);
                all.putLong(i % 8 == 3 ? 0 : i * 512L).putInt(i % 8 == 3 ? 0 : length);
                if (i % 8 == 1) {
                    all.put(new byte[length]);
                }
            }
            byte[] good = Arrays.copyOf(all.array(), all.position());
            client.out.write(damaged(random, good));
        });
    }
}
