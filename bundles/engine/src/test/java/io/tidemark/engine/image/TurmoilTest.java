package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.StorageException;
import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.Payload;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Several clients on real threads while stores fail, fill up, go away and come back, and rules and limits change. */
class TurmoilTest {
    private static final int REGION = Rig.SIZE / 4;
    private static final CommitRule VOLATILE =
            new CommitRule("volatile", Watermark.APPENDED, Watermark.DURABLE, 0, CommitRule.MissingPeers.JOURNAL, true);
    private static final CommitRule BOTH = new CommitRule(
            "both", Watermark.CHECKPOINTED, Watermark.CHECKPOINTED, 0, CommitRule.MissingPeers.JOURNAL, false);

    private final AtomicReference<Throwable> broken = new AtomicReference<>();

    private final class Client extends Thread implements SessionListener {
        private final Rig rig;
        private final int number;
        private final Random random;
        private final byte[] model = new byte[REGION];
        private volatile boolean stop;
        private long requests;

        Client(Rig rig, int number) {
            this.rig = rig;
            this.number = number;
            this.random = new Random(number);
        }

        @Override
        public void run() {
            try (DeviceSession session = rig.engine.connect("client-" + number, this)) {
                List<Rig.Outcome> open = new ArrayList<>();
                while (!stop) {
                    int burst = 1 + random.nextInt(12);
                    for (int i = 0; i < burst; i++) {
                        open.add(request(session));
                        session.drive(random.nextInt(4) != 0);
                    }
                    session.drive(false);
                    for (Rig.Outcome outcome : open) {
                        outcome.succeeded();
                    }
                    open.clear();
                    verify(session);
                }
            } catch (Throwable e) {
                broken.compareAndSet(null, e);
            }
        }

        private Rig.Outcome request(DeviceSession session) throws StorageException {
            Rig.Outcome outcome = new Rig.Outcome();
            requests++;
            int offset = random.nextInt(REGION - 8192);
            int length = 1 + random.nextInt(8192);
            long at = (long) number * REGION + offset;
            switch (random.nextInt(8)) {
                case 0 -> session.flush(outcome::completed);
                case 1 -> {
                    session.discard(at, length, random.nextBoolean(), outcome::completed);
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                case 2 -> {
                    session.zero(at, length, true, false, outcome::completed);
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                default -> {
                    byte value = (byte) random.nextInt();
                    Payload payload = session.take(length);
                    ByteBuffer buffer = payload.buffer();
                    while (buffer.hasRemaining()) {
                        buffer.put(value);
                    }
                    session.write(at, new Payload[] {payload}, random.nextInt(4) == 0, outcome::completed);
                    Arrays.fill(model, offset, offset + length, value);
                }
            }
            return outcome;
        }

        private void verify(DeviceSession session) throws StorageException {
            int offset = random.nextInt(REGION - 30000);
            int length = 1 + random.nextInt(30000);
            ByteBuffer buffer = ByteBuffer.allocateDirect(length);
            session.read((long) number * REGION + offset, buffer);
            byte[] bytes = new byte[length];
            buffer.flip().get(bytes);
            assertArrayEquals(Arrays.copyOfRange(model, offset, offset + length), bytes, "client " + number);
        }

        @Override
        public void swept() {
            // The outcomes say it all.
        }

        @Override
        public void closed(String why) {
            stop = true;
        }
    }

    @Test
    void nothingIsLostWhateverHappens() throws Exception {
        ImageSettings tight = new ImageSettings(
                4L << 20,
                4L << 20,
                1024,
                64 << 10,
                5_000_000,
                500_000,
                ImageSettings.JournalFull.HOLD,
                0.9,
                5_000_000_000L);
        for (int seed = 0; seed < 2; seed++) {
            try (Rig rig = new Rig(tight)) {
                List<Client> clients = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    Client client = new Client(rig, i);
                    clients.add(client);
                    client.start();
                }
                turmoil(rig, new Random(seed));
                for (Client client : clients) {
                    client.stop = true;
                }
                for (Client client : clients) {
                    client.join();
                    System.arraycopy(client.model, 0, rig.model, client.number * REGION, REGION);
                }
                if (broken.get() != null) {
                    throw new AssertionError("seed " + seed, broken.get());
                }
                rig.engine.checkpoint();
                rig.verify();
                assertArrayEquals(rig.model, rig.image.bytes());
                assertEquals(State.SERVING, rig.engine.state());
            }
        }
    }

    private void turmoil(Rig rig, Random random) throws Exception {
        CommitRule[] rules = {CommitRule.JOURNAL, VOLATILE, BOTH};
        for (int step = 0; step < 50 && broken.get() == null; step++) {
            switch (random.nextInt(9)) {
                case 0 -> rig.journal.failNextForce = true;
                case 1 -> rig.image.failNextForce = true;
                case 2 -> rig.image.failNextWrite = true;
                case 3 -> rig.journal.failNextAppend = true;
                case 4 -> rig.engine.rule(rules[random.nextInt(3)]);
                case 5 -> rig.image.full = random.nextBoolean();
                case 6 -> rig.journal.batchEvents = 1 + random.nextInt(20);
                case 7 -> rig.journal.goAway();
                default -> reopen(rig, random, "swap");
            }
            long before = rig.engine.watermarks().appended();
            for (int wait = 0; wait < 20_000 && rig.engine.watermarks().appended() < before + 20; wait++) {
                Thread.yield();
            }
            rig.engine.checkInvariants();
            if (rig.engine.state() == State.SUSPENDED) {
                reopen(rig, random, "failed");
            }
            rig.engine.trim(Long.MAX_VALUE);
        }
        rig.image.full = false;
        rig.journal.failNextForce = false;
        rig.journal.failNextAppend = false;
        rig.image.failNextForce = false;
        rig.image.failNextWrite = false;
        // What was let loose last may still strike.
        Rig.eventually(() -> !rig.engine.state().equals(State.HOLDING), "space is found");
        while (broken.get() == null && rig.engine.state() != State.SERVING
                || rig.engine.watermarks().appended() < 1) {
            reopen(rig, random, "end");
        }
    }

    private static void reopen(Rig rig, Random random, String why) throws StorageException {
        rig.engine.suspend(why);
        rig.engine.checkInvariants();
        rig.journal = rig.journal.reopened(random.nextInt(5));
        rig.image = rig.image.reopened();
        rig.engine.resume(rig.journal, rig.image);
        rig.engine.checkInvariants();
    }
}
