package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.base.machine.MachineContext;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** An image over stores in memory, with one client and a model of what the client should read. */
final class Rig implements ImageListener, SessionListener, AutoCloseable {
    static final int SIZE = 1 << 20;
    private static final long BACKLOG_BYTES = 64L << 20;
    private static final long HOUR_NANOS = 3_600_000_000_000L;
    static final ImageSettings LAZY = lazy(BACKLOG_BYTES);
    static final ImageSettings EAGER = settings(BACKLOG_BYTES, 1_000_000L);

    final StorageContext context;
    final List<String> failures = Collections.synchronizedList(new ArrayList<>());
    final List<State> states = Collections.synchronizedList(new ArrayList<>());
    final List<String> warnings = Collections.synchronizedList(new ArrayList<>());
    final AtomicInteger trimsWanted = new AtomicInteger();
    final AtomicInteger sweeps = new AtomicInteger();
    volatile String sessionClosed;
    /** What whoever is told of a state does. */
    volatile Runnable whenTold = () -> {};

    MemoryJournal journal = new MemoryJournal(new UUID(1, 2));
    MemoryImage image = new MemoryImage(SIZE, journal.identity());
    ImageSettings settings;
    CommitRule rule = CommitRule.JOURNAL;
    Steps steps = Steps.NORMAL;
    JournaledImage engine;
    DeviceSession session;
    byte[] model = new byte[SIZE];

    /** Nothing is applied before somebody needs it. */
    static ImageSettings lazy(long backlogLimitBytes) {
        return settings(backlogLimitBytes, HOUR_NANOS);
    }

    private static ImageSettings settings(long backlogLimitBytes, long idleNanos) {
        return new ImageSettings(
                8L << 20,
                backlogLimitBytes,
                1 << 16,
                1L << 30,
                HOUR_NANOS,
                idleNanos,
                ImageSettings.JournalFull.HOLD,
                0.8,
                5_000_000_000L);
    }

    Rig(ImageSettings settings) throws StorageException {
        this(settings, new MachineContext(32L << 20));
    }

    Rig(ImageSettings settings, StorageContext context) throws StorageException {
        this.settings = settings;
        this.context = context;
        open();
    }

    void open() throws StorageException {
        engine = JournaledImage.open(
                context, new ImageLabels("disk", "", "node"), settings, rule, journal, image, this, steps);
        session = engine.connect("test", this);
    }

    /** The process dies: what is not forced is gone. */
    void crash(long survivorsAboveDurable) throws StorageException {
        MemoryJournal deadJournal = journal;
        MemoryImage deadImage = image;
        journal = deadJournal.reopened(survivorsAboveDurable);
        image = deadImage.reopened();
        stop();
        open();
    }

    private void stop() {
        try {
            engine.close();
        } catch (StorageException e) {
            // Its stores are gone; tests that care about how it closes close it themselves.
        }
    }

    /** What came of a request. */
    static final class Outcome {
        final CountDownLatch ended = new CountDownLatch(1);
        volatile StorageException failure;

        void completed(StorageException why) {
            failure = why;
            ended.countDown();
        }

        boolean isDone() {
            return ended.getCount() == 0;
        }

        Outcome await() {
            try {
                assertTrue(ended.await(20, TimeUnit.SECONDS), "a request did not end");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return this;
        }

        void succeeded() {
            await();
            assertNull(failure, () -> "request failed: " + failure);
        }
    }

    /** Hands in a write and does not start it. */
    Outcome submit(long offset, int length, int value, boolean fua) throws StorageException {
        Outcome outcome = new Outcome();
        session.write(offset, payloads(length, value), fua, outcome::completed);
        return outcome;
    }

    Payload[] payloads(int length, int value) throws StorageException {
        int parts = (length + (1 << 20) - 1) >> 20;
        Payload[] payloads = new Payload[parts];
        int left = length;
        for (int i = 0; i < parts; i++) {
            payloads[i] = session.take(Math.min(left, 1 << 20));
            ByteBuffer buffer = payloads[i].buffer();
            while (buffer.hasRemaining()) {
                buffer.put((byte) value);
            }
            left -= payloads[i].length();
        }
        return payloads;
    }

    Outcome write(long offset, int length, int value) throws StorageException {
        Outcome outcome = submit(offset, length, value, false);
        session.drive(false);
        java.util.Arrays.fill(model, (int) offset, (int) offset + length, (byte) value);
        return outcome;
    }

    Outcome discard(long offset, long length) {
        Outcome outcome = new Outcome();
        session.discard(offset, length, false, outcome::completed);
        session.drive(false);
        java.util.Arrays.fill(model, (int) offset, (int) (offset + length), (byte) 0);
        return outcome;
    }

    Outcome flush() {
        Outcome outcome = new Outcome();
        session.flush(outcome::completed);
        session.drive(false);
        return outcome;
    }

    byte[] read(long offset, int length) throws StorageException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        session.read(offset, buffer);
        byte[] bytes = new byte[length];
        buffer.flip().get(bytes);
        return bytes;
    }

    void verifyBytes(long offset, int length, int value) throws StorageException {
        byte[] expected = new byte[length];
        java.util.Arrays.fill(expected, (byte) value);
        assertArrayEquals(expected, read(offset, length));
    }

    void verify() throws StorageException {
        engine.checkInvariants();
        assertArrayEquals(model, read(0, model.length), "the client reads something else than it wrote");
    }

    static void eventually(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("did not happen: " + what);
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }

    @Override
    public void stateChanged(State state, String detail) {
        states.add(state);
        whenTold.run();
    }

    @Override
    public void failed(Part part, StorageException failure) {
        failures.add(part + ": " + failure.getMessage());
    }

    @Override
    public void trimWanted(boolean journalFull) {
        trimsWanted.incrementAndGet();
    }

    @Override
    public void warning(String line) {
        warnings.add(line);
    }

    @Override
    public void swept() {
        sweeps.incrementAndGet();
    }

    @Override
    public void closed(String why) {
        sessionClosed = why;
    }

    @Override
    public void close() {
        stop();
        org.junit.jupiter.api.Assertions.assertEquals(0, context.payloads().usedBytes(), "payload leaked");
    }
}
