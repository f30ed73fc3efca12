package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.Clock;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.faults.ForwardingContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who brings large payload waits for an image that keeps up, and for no other. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HotShareTest {
    private static final int MIB = 1 << 20;
    private static final long SHARE = 8L << 20;

    /** Twice the share: what is overwritten does not count. */
    private static final int MIBS = 16;

    private static final long FORCE_NANOS = 1_000_000;

    private final HandClock clock = new HandClock();
    /** Much less, because the forces of the writes that come meanwhile count on the same clock. */
    private volatile long imageNanos = FORCE_NANOS / 10;

    private volatile CountDownLatch held = new CountDownLatch(0);

    private final Semaphore imageCalled = new Semaphore(0);

    /** Forces of the journal and writes of a MiB to the image take as long as the test says. */
    private Rig rig() throws StorageException {
        return rig(new MachineContext(32L << 20));
    }

    private Rig rig(MachineContext machine) throws StorageException {
        ForwardingContext context = new ForwardingContext(machine) {
            @Override
            public Clock clock() {
                return clock;
            }
        };
        Rig rig = new Rig(Rig.LAZY, context);
        rig.engine.resize((long) MIBS << 20);
        rig.model = new byte[MIBS << 20];
        rig.journal.beforeForce = () -> clock.pass(FORCE_NANOS);
        rig.image.beforeWrite = this::beforeWrite;
        return rig;
    }

    private void beforeWrite() {
        imageCalled.release();
        try {
            assertTrue(held.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        clock.pass(imageNanos);
    }

    private static void write(Rig rig, int fromMib, int toMib) throws StorageException {
        for (int mib = fromMib; mib < toMib; mib++) {
            rig.write((long) mib << 20, MIB, mib + 1).succeeded();
        }
    }

    /** The image is held, and somebody writes more than memory holds until it has to wait. */
    private FutureTask<Void> waitingWriter(Rig rig) {
        held = new CountDownLatch(1);
        FutureTask<Void> task = new FutureTask<>(() -> {
            write(rig, 0, MIBS);
            return null;
        });
        Thread thread = new Thread(task, "writer");
        thread.setDaemon(true);
        thread.start();
        Rig.eventually(somebodyWaits(rig.engine), "the writer waits for the image");
        return task;
    }

    private static BooleanSupplier somebodyWaits(JournaledImage image) {
        Core core = image.core();
        return () -> {
            synchronized (core.lock) {
                return core.share.patienceNanos() < Long.MAX_VALUE;
            }
        };
    }

    private static boolean isBehind(JournaledImage image) {
        Core core = image.core();
        synchronized (core.lock) {
            return core.share.isBehind();
        }
    }

    private static long readBack(JournaledImage image) {
        return image.counters().get("apply.read-back.bytes");
    }

    /** Not while the journal is forced: both count on the same clock. */
    private void isFoundSlow(Rig rig) throws StorageException {
        imageNanos = 10 * FORCE_NANOS;
        held = new CountDownLatch(1);
        write(rig, 0, 6);
        held.countDown();
        rig.engine.checkpoint();
        assertTrue(isBehind(rig.engine));
    }

    @Test
    void largeWritesWaitForAnImageThatKeepsUp() throws Exception {
        try (Rig rig = rig()) {
            FutureTask<Void> writer = waitingWriter(rig);
            assertFalse(writer.isDone());
            assertTrue(rig.engine.counters().get("hot.bytes") <= SHARE);
            try (DeviceSession other = rig.engine.connect("other", rig)) {
                other.take(4096).release();
            }
            held.countDown();
            writer.get();
            rig.engine.checkpoint();
            assertFalse(isBehind(rig.engine));
            writer = waitingWriter(rig);
            held.countDown();
            writer.get();
            rig.engine.checkpoint();
            assertEquals(0, readBack(rig.engine));
            rig.verify();
        }
    }

    /** What was held because the journal's batch was full is appended as soon as a force has ended. */
    @Test
    void theJournalsSpeedIsKnownWhereMoreIsUnderWayThanItsBatchHolds() throws Exception {
        try (Rig rig = rig()) {
            imageNanos = 10 * FORCE_NANOS;
            held = new CountDownLatch(1);
            rig.journal.batchEvents = 3;
            List<Rig.Outcome> outcomes = new ArrayList<>();
            for (int mib = 0; mib < 6; mib++) {
                outcomes.add(rig.submit((long) mib << 20, MIB, 1, false));
            }
            rig.session.drive(false);
            for (Rig.Outcome outcome : outcomes) {
                outcome.succeeded();
            }
            held.countDown();
            rig.engine.checkpoint();
            assertTrue(isBehind(rig.engine));
        }
    }

    @Test
    void aSlowImageIsTriedAgainAfterAWhile() throws Exception {
        try (Rig rig = rig()) {
            isFoundSlow(rig);
            clock.pass(10_000_000_000L);
            FutureTask<Void> writer = waitingWriter(rig);
            held.countDown();
            writer.get();
            rig.verify();
        }
    }

    @Test
    void nobodyWaitsForASlowImageUntilItIsFast() throws Exception {
        try (Rig rig = rig()) {
            isFoundSlow(rig);
            held = new CountDownLatch(1);
            imageCalled.drainPermits();
            // A batch keeps what it has in memory: were it half of all, memory would hold the other half.
            write(rig, 0, 3);
            assertTrue(imageCalled.tryAcquire(20, TimeUnit.SECONDS), "a batch has begun");
            write(rig, 3, MIBS);
            assertFalse(somebodyWaits(rig.engine).getAsBoolean());
            held.countDown();
            rig.engine.checkpoint();
            assertTrue(readBack(rig.engine) > 0, "all was in memory");
            rig.verify();
            imageNanos = FORCE_NANOS / 10;
            for (int i = 0; i < 128; i++) {
                write(rig, 0, 1);
                rig.engine.checkpoint();
            }
            assertFalse(isBehind(rig.engine));
            FutureTask<Void> writer = waitingWriter(rig);
            held.countDown();
            writer.get();
            rig.verify();
        }
    }

    @Test
    void nobodyWaitsLongForAnImageThatIsStuck() throws Exception {
        try (Rig rig = rig()) {
            FutureTask<Void> writer = waitingWriter(rig);
            clock.pass(999_000_000);
            Core core = rig.engine.core();
            synchronized (core.lock) {
                assertEquals(1_000_000, core.share.patienceNanos());
            }
            clock.pass(1_000_000);
            core.committer.arm();
            writer.get();
            held.countDown();
            rig.engine.checkpoint();
            rig.verify();
        }
    }

    @Test
    void smallWritesNeverWaitForTheImage() throws Exception {
        try (Rig rig = rig()) {
            held = new CountDownLatch(1);
            for (int i = 0; i < 2 * SHARE / 8192; i++) {
                rig.write(i * 8192L, 8192, i).succeeded();
            }
            assertFalse(somebodyWaits(rig.engine).getAsBoolean());
            held.countDown();
            rig.engine.checkpoint();
            rig.verify();
        }
    }

    private static void swap(Rig rig) throws StorageException {
        rig.journal = rig.journal.reopened(0);
        rig.image = rig.image.reopened();
        rig.engine.resume(rig.journal, rig.image);
    }

    /** What waits for a store can wait for long, and others have to get on with the rest of the memory meanwhile. */
    @Test
    void whatWaitsTakesThePlaceOfWhatTheJournalHasToo() throws Exception {
        try (Rig rig = rig()) {
            for (int i = 0; i < SHARE / 8192; i++) {
                rig.write(i * 8192L, 8192, i).succeeded();
            }
            assertTrue(rig.engine.counters().get("hot.bytes") > SHARE / 2);
            rig.engine.suspend("its store is away");
            List<Rig.Outcome> outcomes = new ArrayList<>();
            for (int mib = 0; mib < SHARE / MIB; mib++) {
                outcomes.add(rig.write((long) (4 + mib) << 20, MIB, mib + 1));
                assertTrue(rig.context.payloads().usedBytes() <= SHARE, () -> mibs(rig));
            }
            rig.engine.checkInvariants();
            swap(rig);
            for (Rig.Outcome outcome : outcomes) {
                outcome.succeeded();
            }
            rig.verify();
            rig.engine.checkpoint();
            assertTrue(readBack(rig.engine) > 0, "all was in memory");
            rig.verify();
        }
    }

    private static String mibs(Rig rig) {
        return (rig.context.payloads().usedBytes() >> 20) + " MiB are in use";
    }

    @Test
    void payloadThatIsNotDurableStaysWhateverWaits() throws Exception {
        try (Rig rig = rig()) {
            for (int i = 0; i < 256; i++) {
                rig.write(i * 8192L, 8192, i).succeeded();
            }
            List<Rig.Outcome> outcomes = new ArrayList<>();
            for (int i = 256; i < 512; i++) {
                outcomes.add(rig.submit(i * 8192L, 8192, i, false));
                Arrays.fill(rig.model, i * 8192, (i + 1) * 8192, (byte) i);
            }
            rig.journal.failNextForce = true;
            rig.session.drive(false);
            for (int mib = 4; mib < 10; mib++) {
                outcomes.add(rig.write((long) mib << 20, MIB, mib + 1));
            }
            assertEquals(SHARE, rig.context.payloads().usedBytes());
            rig.engine.checkInvariants();
            rig.engine.suspend("the journal failed");
            swap(rig);
            for (Rig.Outcome outcome : outcomes) {
                outcome.succeeded();
            }
            rig.verify();
        }
    }

    private static List<Rig.Outcome> fill(Rig rig) throws StorageException {
        List<Rig.Outcome> outcomes = new ArrayList<>();
        for (int mib = 0; mib < SHARE / MIB; mib++) {
            outcomes.add(rig.write((long) mib << 20, MIB, mib + 1));
        }
        return outcomes;
    }

    private static boolean isParked(Thread thread) {
        return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
    }

    /** Each share has a least size: those of many images may be more than all memory. */
    @Test
    void imagesThatWaitLeaveMemoryForThoseThatServe() throws Exception {
        MachineContext context = new MachineContext(2 * SHARE);
        Rig first = rig(context);
        Rig second = rig(context);
        Rig serving = rig(context);
        first.engine.suspend("its store is away");
        second.engine.suspend("its store is away");
        final List<Rig.Outcome> outcomes = fill(first);
        FutureTask<List<Rig.Outcome>> others = new FutureTask<>(() -> fill(second));
        Thread thread = new Thread(others, "writer");
        thread.setDaemon(true);
        thread.start();
        Rig.eventually(() -> others.isDone() || isParked(thread), "all is taken, or waits");
        assertFalse(others.isDone());
        for (int i = 0; i < 100; i++) {
            serving.write(i * 4096L, 4096, i).succeeded();
        }
        serving.verify();
        swap(first);
        swap(second);
        outcomes.addAll(others.get());
        for (Rig.Outcome outcome : outcomes) {
            outcome.succeeded();
        }
        first.verify();
        second.verify();
        first.engine.close();
        second.engine.close();
        serving.close();
    }

    @Test
    void aReplicaTakesNoMoreThanItsImageAndIsToldWhenItDoes() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().byHand().start()) {
            held = new CountDownLatch(1);
            rig.event(EventKind.RESIZE, 0, MIBS << 20);
            rig.states.set(1, null);
            rig.sendAll();
            rig.awaitHead(1);
            Rig.eventually(() -> rig.progress().replayed() == 1, "it is larger");
            rig.image.beforeWrite = this::beforeWrite;
            assertTrue(rig.offer(rig.writeMib(0)));
            rig.replica.commit();
            // Before the head has passed anything the image has nothing to do, and nobody waits for it.
            Rig.eventually(() -> rig.progress().head() == 2, "it is readable");
            int sent = 1;
            ReplicaRig.Sent next = rig.writeMib(1);
            while (rig.offer(next)) {
                sent++;
                next = rig.writeMib(sent);
                rig.replica.commit();
                assertTrue(sent < MIBS, "the image is stuck, and all is taken");
            }
            Rig.eventually(() -> rig.progress().head() == rig.progress().arrived(), "all is readable");
            assertFalse(rig.offer(next));
            held.countDown();
            Semaphore told = new Semaphore(0);
            while (!rig.offer(next)) {
                rig.replica.whenRoom(told::release);
                assertTrue(told.tryAcquire(20, TimeUnit.SECONDS), "nobody said that there is room again");
            }
            rig.replica.commit();
            int all = sent + 2;
            Rig.eventually(() -> rig.progress().head() == all, "all is readable");
            rig.engine.checkpoint();
            assertEquals(all, rig.progress().replayed());
            assertEquals(0, readBack(rig.engine));
        }
    }
}
