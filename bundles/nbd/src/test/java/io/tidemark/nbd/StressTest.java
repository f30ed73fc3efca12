package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/**
 * Several clients with many requests of every kind in flight, against a device that answers here, elsewhere and late: every
 * request is answered once, and every byte is where it belongs. Each client keeps to its own part of the disk.
 */
class StressTest {
    private static final int CLIENTS = 4;
    private static final int PART = Served.SIZE / CLIENTS;
    private static final int DEPTH = 24;
    private static final int REQUESTS = 4000;
    private static final int SLOT = PART / DEPTH / 512 * 512;

    /** What one slot of a client is doing; a slot has one request in flight. */
    private static final class Slot {
        int command;
        int offset;
        int length;
    }

    private static final class Client implements Runnable {
        private final TestClient client;
        private final boolean structured;
        private final int base;
        private final Random random;
        private final byte[] model = new byte[PART];
        private final Slot[] slots = new Slot[DEPTH];
        private final List<Integer> idle = new ArrayList<>();
        private final Semaphore sent = new Semaphore(0);
        volatile Throwable failure;

        Client(TestClient client, boolean structured, int number, long seed) {
            this.client = client;
            this.structured = structured;
            this.base = number * PART;
            this.random = new Random(seed);
            for (int i = 0; i < DEPTH; i++) {
                slots[i] = new Slot();
                idle.add(i);
            }
        }

        @Override
        public void run() {
            try {
                int answered = 0;
                for (int i = 0; i < REQUESTS; i++) {
                    if (idle.isEmpty() || random.nextInt(DEPTH) == 0) {
                        while (idle.size() < 1 + random.nextInt(DEPTH) && answered < i) {
                            answer();
                            answered++;
                        }
                    }
                    send(idle.remove(random.nextInt(idle.size())));
                }
                while (answered++ < REQUESTS) {
                    answer();
                }
                sent.release();
            } catch (IOException | RuntimeException | Error e) {
                failure = e;
            }
        }

        private void send(int number) throws IOException {
            Slot slot = slots[number];
            slot.command = new int[] {0, 0, 1, 1, 1, 3, 4, 6}[random.nextInt(8)];
            slot.length = 1 + random.nextInt(random.nextInt(20) == 0 ? SLOT : 5000);
            slot.offset = number * SLOT + random.nextInt(SLOT - slot.length + 1);
            int flags = slot.command != 0 && random.nextInt(5) == 0 ? 1 : 0;
            byte[] payload = {};
            int from = slot.offset;
            int to = slot.offset + slot.length;
            switch (slot.command) {
                case 1 -> {
                    payload = new byte[slot.length];
                    random.nextBytes(payload);
                    System.arraycopy(payload, 0, model, from, slot.length);
                }
                case 4, 6 -> Arrays.fill(model, from, to, (byte) 0);
                default -> {}
            }
            boolean flush = slot.command == 3;
            client.request(slot.command, flags, number, flush ? 0 : base + from, flush ? 0 : slot.length, payload);
        }

        private void answer() throws IOException {
            int magic = client.in.readInt();
            int number;
            if (magic == 0x67446698) {
                assertEquals(0, client.in.readInt());
                number = (int) client.in.readLong();
                if (slots[number].command == 0) {
                    check(slots[number], client.in.readNBytes(slots[number].length));
                }
            } else {
                assertEquals(0x668e33ef, magic);
                number = structuredAnswer();
            }
            idle.add(number);
        }

        /** Reads here are short enough for one chunk, or of pieces in order. */
        private int structuredAnswer() throws IOException {
            byte[] data = null;
            int number;
            int flags;
            do {
                if (data != null) {
                    assertEquals(0x668e33ef, client.in.readInt());
                }
                flags = client.in.readUnsignedShort();
                int type = client.in.readUnsignedShort();
                number = (int) client.in.readLong();
                int length = client.in.readInt();
                Slot slot = slots[number];
                data = data == null ? new byte[slot.length] : data;
                int at = (int) (client.in.readLong() - base - slot.offset);
                if (type == 1) {
                    client.in.readFully(data, at, length - 8);
                } else {
                    assertEquals(2, type);
                    assertEquals(12, length);
                    client.in.readInt();
                }
            } while ((flags & 1) == 0);
            check(slots[number], data);
            return number;
        }

        private void check(Slot slot, byte[] data) {
            assertArrayEquals(Arrays.copyOfRange(model, slot.offset, slot.offset + slot.length), data);
        }
    }

    @Test
    void everyRequestIsAnsweredOnceAndRightly() throws Exception {
        long seed = Long.getLong("nbd.seed", 1);
        try (Served served = new Served()) {
            served.disk.log = false;
            List<Client> clients = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                boolean structured = i % 2 == 0;
                TestClient connection = structured ? served.structured() : served.simple();
                clients.add(new Client(connection, structured, i, seed + i));
                threads.add(new Thread(clients.get(i), "stress-" + i));
            }
            threads.forEach(Thread::start);
            Random moods = new Random(seed);
            while (threads.stream().anyMatch(Thread::isAlive)) {
                served.disk.elsewhere = moods.nextBoolean();
                served.disk.readNanos = moods.nextInt(3) == 0 ? 100_000 : 0;
                threads.get(0).join(10);
            }
            for (Client client : clients) {
                if (client.failure != null) {
                    throw new AssertionError("seed " + seed, client.failure);
                }
                byte[] part = new byte[PART];
                served.disk.memory.slice(client.base, PART).get(part);
                assertArrayEquals(client.model, part, "structured " + client.structured);
                client.client.close();
            }
            Served.await("gone", () -> served.server.statistics().getConnections() == 0);
            assertEquals((long) CLIENTS * REQUESTS, served.server.statistics().getRequests());
            assertEquals(0, FakeDevice.POOL.usedBytes());
        }
    }
}
