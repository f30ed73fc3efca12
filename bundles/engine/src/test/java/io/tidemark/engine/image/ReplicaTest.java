package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What arrives at a replica, when its clients read it, and what a crash leaves of that. */
class ReplicaTest {
    private static final long PATIENCE_NANOS = 20_000_000_000L;
    private static final HeadOrder.Hold HERE = new HeadOrder.Hold(Position.NONE);

    private interface Call {
        void run() throws StorageException;
    }

    private static void refused(Reason reason, Call call) {
        StorageException e = assertThrows(StorageException.class, call::run);
        assertEquals(reason, e.reason(), e.getMessage());
    }

    private static Position at(long sequence) {
        return new Position(1, sequence);
    }

    /** Writes, discards and zeros here and there. */
    private static void random(ReplicaRig rig, long seed, int events) {
        Random random = new Random(seed);
        for (int i = 0; i < events; i++) {
            int block = random.nextInt(64);
            switch (random.nextInt(8)) {
                case 0 -> rig.event(EventKind.DISCARD, block * 4096L, 4096L * (1 + random.nextInt(8)));
                case 1 -> rig.event(EventKind.FLUSH, 0, 0);
                default -> rig.write(block, 1 + random.nextInt(100));
            }
        }
    }

    // ---------------------------------------------------------------- receiving

    @Test
    void whatIsReceivedIsReadExactly() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            for (int round = 0; round < 20; round++) {
                random(rig, round, 10);
                rig.sendAll();
                rig.awaitHead(rig.last());
                rig.verifyAt(rig.last());
            }
            rig.engine.checkpoint();
            assertEquals(rig.last(), rig.engine.watermarks().checkpointed());
            rig.verifyAt(rig.last());
        }
    }

    @Test
    void theJournalHasTheSourcesBytes() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            random(rig, 1, 50);
            rig.sendAll();
            try (JournalReader reader = rig.journal.reader(1)) {
                for (ReplicaRig.Sent sent : rig.source) {
                    assertEquals(sent.header(), reader.next());
                    assertEquals(sent.body(), reader.body());
                }
            }
        }
    }

    @Test
    void clientsOfAReplicaCannotWriteAndFlushAtOnce() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            rig.sendAll();
            assertTrue(rig.engine.readOnly());
            refused(Reason.READ_ONLY, () -> rig.engine.resize(1 << 21));
            Rig.Outcome discard = new Rig.Outcome();
            Rig.Outcome flush = new Rig.Outcome();
            try (var session = rig.engine.connect("client", rig)) {
                session.discard(0, 4096, false, discard::completed);
                session.flush(flush::completed);
                session.drive(false);
            }
            assertEquals(Reason.READ_ONLY, discard.await().failure.reason());
            flush.succeeded();
            assertEquals(1, rig.engine.watermarks().appended());
        }
    }

    @Test
    void aResizeComesInItsPlace() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(200, 1);
            rig.event(EventKind.RESIZE, 0, 512 << 10);
            rig.event(EventKind.RESIZE, 0, 2 << 20);
            rig.write(300, 3);
            rig.sendAll();
            rig.awaitHead(4);
            rig.verifyAt(4);
            assertEquals(2 << 20, rig.engine.sizeBytes());
        }
    }

    @Test
    void whatDoesNotContinueIsRefusedAndChangesNothing() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            rig.sendAll();
            ReplicaRig.Sent next = rig.write(2, 2);
            EventHeader h = next.header();
            refused(Reason.MISMATCH, () -> rig.replica.offer(moved(h, new Position(1, 1), h.timeNanos()), next.body()));
            refused(Reason.MISMATCH, () -> rig.replica.offer(moved(h, new Position(1, 3), h.timeNanos()), next.body()));
            refused(Reason.MISMATCH, () -> rig.replica.offer(moved(h, new Position(2, 2), h.timeNanos()), next.body()));
            refused(Reason.INVALID, () -> rig.replica.offer(moved(h, h.position(), 7), next.body()));
            refused(Reason.INVALID, () -> rig.replica.offer(h, ByteBuffer.allocate(3)));
            refused(Reason.INVALID, () -> rig.replica.offer(h, ByteBuffer.allocate(h.bodyLength())));
            UUID other = new UUID(9, 9);
            refused(Reason.MISMATCH, () -> rig.replica.startEpoch(new Epoch(2, other, 2, other, 1, "x")));
            refused(Reason.MISMATCH, () -> rig.replica.startEpoch(ReplicaRig.FIRST.next(other, 3, 1, "x")));
            assertEquals(1, rig.progress().arrived());
            assertEquals(1, rig.engine.facts().epochs().size());
            rig.sendAll();
            rig.awaitHead(2);
            rig.verifyAt(2);
            assertTrue(rig.failures.isEmpty(), rig.failures.toString());
        }
    }

    private static EventHeader moved(EventHeader h, Position position, long timeNanos) {
        return new EventHeader(position, h.kind(), h.flags(), timeNanos, h.offset(), h.length(), h.bodyLength());
    }

    @Test
    void epochsAreTheSources() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            assertTrue(rig.offer(rig.source.get(0)));
            Epoch second = rig.nextEpoch();
            rig.replica.startEpoch(second);
            rig.replica.startEpoch(second);
            rig.write(2, 2);
            rig.sendAll();
            rig.awaitHead(2);
            assertEquals(rig.epochs, rig.engine.facts().epochs());
            rig.engine.checkpoint();
            rig.crash(0);
            assertEquals(rig.epochs, rig.engine.facts().epochs(), "a replica starts no epoch");
            rig.verifyAt(2);
        }
    }

    @Test
    void oneReceivesAtATime() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            refused(Reason.BUSY, rig.engine::receive);
            rig.replica.close();
            refused(Reason.CLOSED, () -> rig.offer(rig.write(1, 1)));
            rig.replica = rig.engine.receive();
            rig.sendAll();
        }
    }

    /**
     * Hands in events in order, by a thread that does what the mirror does: one that is refused is offered again when it is
     * told to, asks again when it is refused again, and never looks by itself.
     */
    private static final class Receiving {
        private final AtomicReference<Throwable> thrown = new AtomicReference<>();
        private final Worker worker;

        Receiving(ReplicaRig rig, List<ReplicaRig.Sent> events) {
            Gate gate = rig.context.workers().newGate();
            worker = rig.context.workers().start("receiving", () -> {
                try {
                    for (ReplicaRig.Sent sent : events) {
                        while (!rig.offer(sent)) {
                            rig.replica.whenRoom(gate::open);
                            assertTrue(gate.await(PATIENCE_NANOS), "left asleep in front of " + sent.header());
                        }
                        rig.replica.commit();
                    }
                } catch (StorageException | RuntimeException | AssertionError e) {
                    thrown.set(e);
                }
            });
        }

        boolean isOver() {
            return worker.join(1_000_000);
        }

        void succeeds() {
            assertTrue(worker.join(2 * PATIENCE_NANOS), "it takes too long");
            assertNull(thrown.get());
        }
    }

    @Test
    void aFullJournalRefusesAndTellsWhenThereIsRoom() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.journal.fullAtEvents = 2;
            rig.write(1, 1);
            rig.write(2, 2);
            rig.sendAll();
            ReplicaRig.Sent third = rig.write(3, 3);
            assertFalse(rig.offer(third));
            Receiving receiving = new Receiving(rig, List.of(third));
            // What moves until here may wake it, and it is refused again; from here on only the trim moves anything.
            rig.awaitHead(2);
            rig.engine.checkpoint();
            assertEquals(2, rig.engine.trimFloor());
            assertEquals(2, rig.progress().arrived());
            rig.engine.trim(rig.engine.trimFloor());
            receiving.succeeds();
            rig.awaitHead(3);
            rig.verifyAt(3);
        }
    }

    /** Each event needs the trim of the one before it: one wake-up that is lost, or one checkpoint that nobody asks for, ends it. */
    @Test
    void nobodyIsLeftAsleepInFrontOfAFullJournal() throws Exception {
        try (ReplicaRig rig = ReplicaRig.lazy()) {
            rig.start();
            rig.journal.fullAtEvents = 1;
            random(rig, 30, 200);
            Receiving receiving = new Receiving(rig, rig.source);
            while (!receiving.isOver()) {
                // As the manager does: when the image wants it, and not otherwise.
                if (rig.trimsWanted.tryAcquire(1, TimeUnit.MILLISECONDS)
                        && rig.engine.trimFloor() > rig.engine.watermarks().trimmed()) {
                    rig.engine.trim(rig.engine.trimFloor());
                }
            }
            receiving.succeeds();
            rig.awaitHead(200);
            rig.verifyAt(200);
        }
    }

    /** Who was told of a suspension and asks again sleeps until the image serves again; otherwise it would spin. */
    @Test
    void whoAsksWhileTheImageIsSuspendedIsToldWhenItServesAgain() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            rig.sendAll();
            AtomicInteger told = new AtomicInteger();
            rig.replica.whenProgress(1, Long.MAX_VALUE, told::incrementAndGet);
            rig.engine.suspend("somebody looks");
            Rig.eventually(() -> told.get() == 1, "the suspension is told");
            refused(Reason.UNAVAILABLE, () -> rig.offer(rig.write(2, 2)));
            rig.replica.whenRoom(told::incrementAndGet);
            rig.replica.whenProgress(1, Long.MAX_VALUE, told::incrementAndGet);
            assertEquals(1, told.get());
            rig.journal = rig.journal.reopened(0);
            rig.image = rig.image.reopened();
            rig.engine.resume(rig.journal, rig.image);
            Rig.eventually(() -> told.get() == 3, "both are told that it serves again");
            rig.sendAll();
            rig.awaitHead(2);
            rig.engine.suspend("somebody looks again");
            rig.replica.whenRoom(told::incrementAndGet);
            rig.replica.whenProgress(2, Long.MAX_VALUE, told::incrementAndGet);
            assertEquals(3, told.get());
            rig.stop();
            Rig.eventually(() -> told.get() == 5, "both are told of the end");
        }
    }

    @Test
    void progressIsTold() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            AtomicInteger told = new AtomicInteger();
            rig.replica.whenProgress(1, Long.MAX_VALUE, told::incrementAndGet);
            rig.write(1, 1);
            rig.sendAll();
            assertEquals(0, told.get());
            rig.write(1, 2);
            rig.sendAll();
            Rig.eventually(() -> told.get() == 1, "received is told");
            rig.replica.whenProgress(Long.MAX_VALUE, 1, told::incrementAndGet);
            Rig.eventually(() -> told.get() == 2, "replayed is told");
            rig.replica.whenProgress(0, 0, told::incrementAndGet);
            Rig.eventually(() -> told.get() == 3, "what is so already is told at once");
            rig.replica.whenProgress(100, 100, told::incrementAndGet);
            rig.replica.close();
            Rig.eventually(() -> told.get() == 4, "the end is told");
        }
    }

    // ---------------------------------------------------------------- orders

    @Test
    void aHeldHeadStaysWhateverIsReceived() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            random(rig, 3, 10);
            rig.sendAll();
            rig.awaitHead(10);
            rig.engine.order(HERE);
            random(rig, 4, 20);
            rig.sendAll();
            rig.verifyAt(10);
            assertEquals(30, rig.progress().received());
            for (long step : new long[] {11, 17, 30}) {
                rig.engine.order(new HeadOrder.Hold(at(step)));
                rig.awaitHead(step);
                rig.verifyAt(step);
            }
            refused(Reason.INVALID, () -> rig.engine.order(new HeadOrder.Hold(at(29))));
            refused(Reason.INVALID, () -> rig.engine.order(new HeadOrder.Hold(at(31))));
            refused(Reason.MISMATCH, () -> rig.engine.order(new HeadOrder.Hold(new Position(2, 30))));
            assertEquals(new HeadOrder.Hold(at(30)), rig.progress().order());
            rig.write(0, 9);
            rig.sendAll();
            rig.verifyAt(30);
            rig.engine.order(HeadOrder.LIVE);
            rig.awaitHead(31);
        }
    }

    @Test
    void anOrderSurvivesACrash() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            random(rig, 5, 10);
            rig.sendAll();
            rig.awaitHead(10);
            rig.engine.order(HERE);
            random(rig, 6, 10);
            rig.sendAll();
            rig.crash(0);
            assertEquals(new HeadOrder.Hold(at(10)), rig.progress().order());
            assertEquals(20, rig.progress().received());
            rig.awaitHead(10);
            rig.verifyAt(10);
            rig.engine.order(new HeadOrder.Follow(5_000_000_000L));
            rig.crash(0);
            assertEquals(new HeadOrder.Follow(5_000_000_000L), rig.progress().order());
        }
    }

    @Test
    void anotherDelayNeverTakesBackAHold() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            rig.sendAll();
            rig.awaitHead(1);
            rig.engine.delay(HOUR);
            assertEquals(new HeadOrder.Follow(HOUR), rig.progress().order());
            rig.engine.order(HERE);
            rig.engine.delay(MINUTE);
            rig.engine.delay(0);
            rig.write(2, 2);
            rig.sendAll();
            assertEquals(new HeadOrder.Hold(at(1)), rig.progress().order());
            rig.verifyAt(1);
            rig.crash(0);
            assertEquals(new HeadOrder.Hold(at(1)), rig.progress().order());
            rig.engine.order(HeadOrder.LIVE);
            rig.awaitHead(2);
        }
    }

    @Test
    void anOrderThatCannotBeKeptIsNotInForce() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            rig.sendAll();
            rig.awaitHead(1);
            rig.engine.order(HERE);
            rig.image.failHeads = true;
            refused(Reason.NO_SPACE, () -> rig.engine.order(HeadOrder.LIVE));
            rig.write(1, 2);
            rig.sendAll();
            rig.verifyAt(1);
            rig.image.failHeads = false;
            rig.engine.order(HeadOrder.LIVE);
            rig.awaitHead(2);
        }
    }

    private static final long HOUR = 3_600_000_000_000L;
    private static final long MINUTE = 60_000_000_000L;

    /** Has the mover look at the clock, which it would otherwise do within some seconds. The offset is that of the wall clocks. */
    private static void look(ReplicaRig rig, long offsetNanos, boolean known) {
        rig.replica.writtenBySource(1);
        rig.replica.clockOffset(offsetNanos + rig.hand.wall - rig.hand.monotonic, known);
    }

    @Test
    void aDelayIsHonoured() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().byHand().start()) {
            rig.engine.order(new HeadOrder.Follow(HOUR));
            for (int i = 1; i <= 3; i++) {
                rig.write(i, i);
                rig.sendAll();
                rig.hand.pass(10 * MINUTE);
            }
            rig.hand.pass(29 * MINUTE);
            look(rig, 0, true);
            rig.verifyAt(0);
            rig.hand.pass(MINUTE);
            look(rig, 0, true);
            rig.awaitHead(1);
            rig.verifyAt(1);
            rig.hand.pass(10 * MINUTE);
            look(rig, 0, true);
            rig.awaitHead(2);
            rig.verifyAt(2);
            rig.engine.order(new HeadOrder.Follow(MINUTE));
            rig.awaitHead(3);
        }
    }

    @Test
    void aClockThatStepsShortensNoDelay() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().byHand().start()) {
            rig.engine.order(new HeadOrder.Follow(HOUR));
            rig.write(1, 1);
            rig.sendAll();
            rig.hand.wall += 10 * HOUR;
            look(rig, 0, false);
            rig.hand.pass(MINUTE);
            look(rig, 10 * HOUR, true);
            rig.verifyAt(0);
            rig.hand.monotonic += HOUR;
            look(rig, 0, true);
            rig.awaitHead(1);
        }
    }

    @Test
    void theSourcesClockCounts() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().byHand().start()) {
            rig.engine.order(new HeadOrder.Follow(HOUR));
            rig.write(1, 1);
            rig.sendAll();
            // The source's clock is two hours behind ours: its event is of the future, so to speak. Said before time
            // passes, because whoever moves the head may be about to look for what was sent.
            look(rig, -2 * HOUR, true);
            rig.hand.pass(HOUR + MINUTE);
            look(rig, -2 * HOUR, true);
            rig.verifyAt(0);
            // It is set right: the event was written before, and is no older for that.
            look(rig, 0, true);
            rig.verifyAt(0);
            rig.hand.pass(2 * HOUR);
            look(rig, 0, true);
            rig.awaitHead(1);
        }
    }

    @Test
    void whatIsCaughtUpIsNotDelayedTwice() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().byHand().start()) {
            rig.engine.order(new HeadOrder.Follow(HOUR));
            rig.write(1, 1);
            rig.hand.pass(2 * HOUR);
            rig.sendAll();
            rig.verifyAt(0);
            rig.replica.catchUpTo(1);
            rig.verifyAt(0);
            look(rig, 0, true);
            rig.awaitHead(1);
            rig.write(2, 2);
            rig.sendAll();
            rig.crash(0);
            rig.hand.pass(HOUR);
            look(rig, 0, true);
            rig.awaitHead(2);
        }
    }

    // ---------------------------------------------------------------- crashes and failures

    @Test
    void aCrashAtEveryPointLeavesAPrefix() throws Exception {
        for (int point = 0; point <= 24; point++) {
            try (ReplicaRig rig = ReplicaRig.consistent().start()) {
                random(rig, 100 + point, 24);
                for (int i = 0; i < point; i++) {
                    assertTrue(rig.offer(rig.source.get(i)));
                    if (i % 5 == 4) {
                        rig.replica.commit();
                    }
                    if (i % 7 == 6) {
                        rig.engine.checkpoint();
                    }
                }
                long received = rig.progress().received();
                rig.crash(point % 3);
                assertTrue(rig.progress().received() >= received, "what was received survives");
                assertTrue(rig.progress().received() <= point);
                rig.awaitHead(rig.progress().received());
                rig.verifyAt(rig.progress().received());
                rig.sendAll();
                rig.awaitHead(24);
                rig.verifyAt(24);
            }
        }
    }

    /** A crash leaves in the image what was applied and not checkpointed; nobody may read that as an earlier position. */
    @Test
    void whatTheImageShowsAlreadyIsReadAfterACrash() throws Exception {
        for (HeadOrder order : new HeadOrder[] {HeadOrder.LIVE, HERE, new HeadOrder.Follow(MINUTE)}) {
            try (ReplicaRig rig = ReplicaRig.consistent().byHand().start()) {
                if (order instanceof HeadOrder.Follow) {
                    rig.engine.order(order);
                }
                random(rig, 20, 12);
                rig.sendAll();
                rig.hand.pass(MINUTE);
                look(rig, 0, true);
                rig.awaitHead(12);
                if (order == HERE) {
                    rig.engine.order(HERE);
                }
                random(rig, 21, 5);
                if (order != HeadOrder.LIVE) {
                    rig.sendAll();
                }
                rig.hand.pass(MINUTE / 2);
                rig.engine.settings(Rig.LAZY);
                rig.engine.settings(Rig.EAGER);
                Rig.eventually(() -> rig.engine.watermarks().applied() == 12, "applied");
                assertEquals(0, rig.engine.watermarks().checkpointed());
                rig.image.force();
                rig.hand.wall -= 2 * HOUR;
                rig.crash(0);
                rig.verifyAt(12);
            }
        }
    }

    @Test
    void storesComeBackAndWhatArrivedIsThere() throws Exception {
        for (int survivors = 0; survivors <= 4; survivors++) {
            try (ReplicaRig rig = ReplicaRig.lazy()) {
                rig.start();
                random(rig, 7, 10);
                rig.sendAll();
                rig.awaitHead(10);
                rig.engine.order(HERE);
                random(rig, 8, 4);
                rig.journal.failNextForce = true;
                for (int i = 10; i < 14; i++) {
                    assertTrue(rig.offer(rig.source.get(i)));
                }
                rig.replica.commit();
                Rig.eventually(() -> rig.failures.size() == 1, "the force fails");
                refused(Reason.UNAVAILABLE, () -> rig.offer(rig.write(1, 1)));
                rig.swap(survivors);
                assertEquals(14, rig.progress().received());
                rig.verifyAt(10);
                rig.engine.order(HeadOrder.LIVE);
                rig.sendAll();
                rig.awaitHead(15);
                rig.verifyAt(15);
                try (JournalReader reader = rig.journal.reader(1)) {
                    for (ReplicaRig.Sent sent : rig.source) {
                        assertEquals(sent.header(), reader.next());
                        assertEquals(sent.body(), reader.body());
                    }
                }
            }
        }
    }

    @Test
    void anImageThatWasNotForcedIsAppliedAgainUpToTheHead() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            random(rig, 9, 12);
            rig.sendAll();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 12, "applied");
            rig.engine.order(HERE);
            random(rig, 10, 5);
            rig.sendAll();
            rig.image.failNextForce = true;
            refused(Reason.UNAVAILABLE, rig.engine::checkpoint);
            rig.swap(0);
            rig.verifyAt(12);
            assertEquals(17, rig.progress().received());
            rig.engine.order(HeadOrder.LIVE);
            rig.awaitHead(17);
            rig.verifyAt(17);
        }
    }

    // ---------------------------------------------------------------- roles

    @Test
    void aPromotedReplicaIsWrittenFromWhatItHasReceived() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            random(rig, 11, 10);
            rig.sendAll();
            rig.awaitHead(10);
            rig.engine.order(HERE);
            random(rig, 12, 10);
            rig.sendAll();
            rig.engine.turn(ImageHead.Role.PRIMARY);
            refused(Reason.CLOSED, () -> rig.offer(rig.write(0, 1)));
            refused(Reason.BUSY, rig.engine::receive);
            rig.crash(0);
            assertSame(ImageHead.Role.PRIMARY, rig.engine.facts().role());
            Epoch now = rig.engine.facts().epochs().get(1);
            assertEquals(ReplicaRig.FIRST.identity(), now.predecessorIdentity());
            assertEquals(21, now.firstSequence());
            assertArrayEquals(rig.states.get(20), rig.read());
            rig.engine.answered(rig.engine.question());
            Rig.Outcome written = new Rig.Outcome();
            try (var session = rig.engine.connect("client", rig)) {
                session.discard(0, ReplicaRig.SIZE, true, written::completed);
                session.drive(false);
                written.succeeded();
            }
            assertArrayEquals(new byte[ReplicaRig.SIZE], rig.read());
            refused(Reason.MISMATCH, rig.engine::receive);
            refused(Reason.MISMATCH, () -> rig.engine.turn(ImageHead.Role.PRIMARY));
            refused(Reason.MISMATCH, () -> rig.engine.order(HERE));
        }
    }

    @Test
    void aPromotionThatFailsLeavesReplicaAndOrder() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            random(rig, 13, 10);
            rig.sendAll();
            rig.awaitHead(10);
            rig.engine.order(new HeadOrder.Follow(HOUR));
            random(rig, 14, 5);
            rig.sendAll();
            rig.image.failHeads = true;
            refused(Reason.NO_SPACE, () -> rig.engine.turn(ImageHead.Role.PRIMARY));
            rig.image.failHeads = false;
            assertEquals(new HeadOrder.Follow(HOUR), rig.progress().order());
            rig.verifyAt(10);
            rig.replica = rig.engine.receive();
            rig.engine.turn(ImageHead.Role.PRIMARY);
        }
    }

    @Test
    void aDemotedPrimaryReceives() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            rig.sendAll();
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            rig.engine.turn(ImageHead.Role.REPLICA);
            Rig.Outcome late = new Rig.Outcome();
            try (var session = rig.engine.connect("client", rig)) {
                session.discard(0, 4096, false, late::completed);
                session.drive(false);
            }
            assertEquals(Reason.READ_ONLY, late.await().failure.reason());
            rig.crash(0);
            assertSame(ImageHead.Role.REPLICA, rig.engine.facts().role());
            assertEquals(2, rig.progress().received(), "the event that says so is the last");
            Epoch last = rig.engine.facts().epochs().get(1);
            rig.replica.startEpoch(last.next(new UUID(5, 5), 3, 1, "other"));
            rig.states.add(rig.states.get(1));
            rig.epochs.add(last);
            rig.epochs.add(rig.engine.facts().epochs().get(2));
            rig.write(2, 2);
            rig.sendAll();
            rig.awaitHead(3);
            rig.verifyAt(3);
        }
    }

    @Test
    void aFencedPrimaryIsReadUntilItIsDemoted() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            Fence fence = new Fence("b", 7, new UUID(7, 7));
            rig.write(1, 1);
            rig.sendAll();
            refused(Reason.MISMATCH, () -> rig.engine.fence(fence));
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            // In force where it cannot be stored, too.
            rig.image.failHeads = true;
            refused(Reason.NO_SPACE, () -> rig.engine.fence(fence));
            assertRefused(rig, "fenced by b, epoch 7");
            rig.image.failHeads = false;
            rig.engine.fence(fence);
            rig.crash(0);
            assertEquals(Optional.of(fence), rig.engine.fence());
            assertSame(State.FAILING, rig.engine.state());
            assertRefused(rig, "fenced by b, epoch 7");
            refused(Reason.READ_ONLY, () -> rig.engine.resize(2L * ReplicaRig.SIZE));
            assertArrayEquals(rig.states.get(1), rig.read());

            rig.engine.unfence(fence);
            assertSame(State.SERVING, rig.engine.state());
            rig.crash(0);
            assertEquals(Optional.empty(), rig.engine.fence());
            rig.engine.fence(fence);
            long end = rig.engine.facts().watermarks().durable();
            rig.engine.turn(ImageHead.Role.REPLICA);
            rig.crash(0);
            assertEquals(Optional.empty(), rig.engine.fence());
            assertEquals(end, rig.progress().received(), "it handed nothing over, so nothing says so");
            assertRefused(rig, "is a replica");
            // Whoever promotes it all the same decides against that peer, whenever it comes back.
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            assertEquals(fence.identity(), lastEpoch(rig).promotedOver());
            // That is decided: who promotes it once more decides about the branch that it is on.
            UUID own = lastEpoch(rig).identity();
            rig.engine.turn(ImageHead.Role.REPLICA);
            rig.crash(0);
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            assertEquals(own, lastEpoch(rig).promotedOver());
        }
    }

    private static Epoch lastEpoch(ReplicaRig rig) {
        List<Epoch> epochs = rig.engine.facts().epochs();
        return epochs.get(epochs.size() - 1);
    }

    private static void assertRefused(ReplicaRig rig, String why) throws Exception {
        Rig.Outcome write = new Rig.Outcome();
        try (var session = rig.engine.connect("client", rig)) {
            session.discard(0, 4096, false, write::completed);
            session.drive(false);
            StorageException failure = write.await().failure;
            assertEquals(Reason.READ_ONLY, failure.reason());
            assertTrue(failure.getMessage().contains(why), failure.getMessage());
        }
    }

    // ---------------------------------------------------------------- copying

    @Test
    void aCopyOfAWrittenImageBecomesConsistentAtItsEnd() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            random(rig, 15, 10);
            rig.sendAll();
            // The first half shows position 10, the second one a later one.
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(15), 0, ReplicaRig.SIZE / 2));
            assertSame(Consistency.COPYING, rig.consistency());
            refused(Reason.UNAVAILABLE, rig::read);
            refused(Reason.INVALID, () -> rig.engine.turn(ImageHead.Role.PRIMARY));
            refused(Reason.INVALID, () -> rig.engine.order(HERE));
            random(rig, 16, 10);
            rig.replica.copied(ReplicaRig.SIZE / 2);
            rig.replica.copy(
                    ReplicaRig.SIZE / 2, ByteBuffer.wrap(rig.states.get(25), ReplicaRig.SIZE / 2, ReplicaRig.SIZE / 2));
            rig.replica.copyZeros(0, 0);
            rig.engine.checkInvariants();
            rig.replica.endBootstrap(at(25));
            assertSame(Consistency.REPLAYING, rig.consistency());
            refused(Reason.INVALID, () -> rig.replica.copyZeros(0, 4096));
            rig.awaitHead(15);
            refused(Reason.UNAVAILABLE, rig::read);
            rig.sendAll();
            rig.awaitHead(25);
            assertSame(Consistency.CONSISTENT, rig.consistency());
            rig.verifyAt(25);
            rig.crash(0);
            assertSame(Consistency.REPLAYING, rig.progress().head() < 25 ? rig.consistency() : Consistency.REPLAYING);
            rig.awaitHead(25);
            rig.verifyAt(25);
            rig.engine.checkpoint();
            rig.crash(0);
            assertSame(Consistency.CONSISTENT, rig.consistency());
            assertTrue(rig.engine.core().head.properties().isEmpty());
            rig.verifyAt(25);
        }
    }

    @Test
    void aCopyThatWasCutGoesOnWhereItWasNoted() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            random(rig, 17, 10);
            byte[] bytes = rig.states.get(15);
            rig.replica.copy(0, ByteBuffer.wrap(bytes, 0, 300 << 10));
            rig.replica.copied(300 << 10);
            rig.replica.copy(300 << 10, ByteBuffer.wrap(bytes, 300 << 10, 100 << 10));
            rig.sendAll();
            rig.crash(0);
            assertEquals(300 << 10, rig.progress().nextOffset());
            assertEquals(5, rig.progress().head());
            int from = (int) rig.progress().nextOffset();
            rig.replica.copy(from, ByteBuffer.wrap(bytes, from, 100 << 10));
            // Stores are replaced in the middle: what was not noted may be lost, and whoever copies learns of it.
            rig.swap(0);
            refused(Reason.CLOSED, () -> rig.replica.copied(400 << 10));
            rig.replica = rig.engine.receive();
            assertEquals(from, rig.progress().nextOffset());
            rig.replica.copy(from, ByteBuffer.wrap(bytes, from, bytes.length - from));
            rig.replica.endBootstrap(at(15));
            rig.awaitHead(15);
            rig.verifyAt(15);
        }
    }

    /** A frame has its bytes anywhere; an image is to be able to write long ones past a cache all the same. */
    @Test
    void longBytesOfACopyReachTheImageAligned() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            byte[] bytes = rig.states.get(5);
            ByteBuffer frame = ByteBuffer.allocateDirect(17 + bytes.length).position(17);
            frame.duplicate().put(bytes);
            rig.image.aligned.clear();
            rig.replica.copy(0, frame.duplicate().limit(17 + BlockImage.LONG_BYTES));
            assertEquals(List.of(true), rig.image.aligned);
            rig.replica.copy(BlockImage.LONG_BYTES, frame.duplicate().position(17 + BlockImage.LONG_BYTES));
            rig.replica.endBootstrap(at(5));
            rig.awaitHead(5);
            rig.verifyAt(5);
        }
    }

    /** What no store writes past a cache is handed on from where it lies. */
    @Test
    void bytesOfACopyAreNotCopiedOnceMoreForNothing() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            int length = BlockImage.LONG_BYTES;
            ByteBuffer frame = ByteBuffer.allocateDirect(17 + length + 512).position(17);
            rig.image.aligned.clear();
            rig.replica.copy(0, frame.duplicate().limit(17 + length - 4096));
            rig.replica.copy(512, frame.duplicate().limit(17 + length));
            rig.replica.copy(0, frame.duplicate().limit(17 + length + 512));
            assertEquals(List.of(false, false, false), rig.image.aligned);
        }
    }

    @Test
    void aDelayDoesNotCountBeforeItIsConsistent() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(0 + 5).byHand().start()) {
            rig.engine.order(new HeadOrder.Follow(HOUR));
            random(rig, 18, 4);
            rig.sendAll();
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(7)));
            rig.replica.endBootstrap(at(7));
            rig.awaitHead(7);
            rig.verifyAt(7);
        }
    }
}
