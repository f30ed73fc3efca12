package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What others do between two steps of one thread, where the simulation lets nobody in between. */
class BetweenStepsTest {
    private static final CommitRule BOTH = new CommitRule(
            "journal+image", Watermark.CHECKPOINTED, Watermark.CHECKPOINTED, 0, CommitRule.MissingPeers.JOURNAL, false);

    private interface Call {
        void run() throws StorageException;
    }

    /** On a thread of its own; the outcome is null where it succeeded. */
    private static CompletableFuture<StorageException> start(String name, Call call) {
        CompletableFuture<StorageException> outcome = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        call.run();
                        outcome.complete(null);
                    } catch (StorageException e) {
                        outcome.complete(e);
                    } catch (RuntimeException | Error e) {
                        outcome.completeExceptionally(e);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        return outcome;
    }

    private static StorageException ended(CompletableFuture<StorageException> outcome, String what) throws Exception {
        try {
            return outcome.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(what + " did not end well", e);
        }
    }

    private static final class Listener implements SessionListener {
        final AtomicInteger sweeps = new AtomicInteger();

        @Override
        public void swept() {
            sweeps.incrementAndGet();
        }

        @Override
        public void closed(String why) {}
    }

    /** All that the client may have in memory waits for a journal that does not come back. */
    @Test
    void aClientThatWaitsForMemoryEndsWithTheImage() throws Exception {
        PausingContext context = new PausingContext();
        try (Rig rig = new Rig(Rig.LAZY, context)) {
            List<Rig.Outcome> outcomes = new ArrayList<>();
            // Small ones, which nothing makes durable before somebody asks for it.
            for (int i = 0; i < 2048; i++) {
                outcomes.add(rig.submit(i % 256 * 4096L, 4096, i, false));
            }
            rig.journal.failNextForce = true;
            rig.session.drive(false);
            assertEquals(State.SUSPENDED, rig.engine.state());
            CompletableFuture<StorageException> waiting =
                    start("client", () -> rig.session.take(4096).release());
            Rig.eventually(() -> context.waitsOf("client") > 0, "the client waits for memory");
            rig.engine.suspend("journal failed");
            rig.engine.close();
            StorageException why = ended(waiting, "a client that waits for memory");
            assertEquals(Reason.CLOSED, why.reason());
            outcomes.forEach(outcome ->
                    assertEquals(Reason.UNAVAILABLE, outcome.await().failure.reason()));
        }
    }

    /** Suspending brings to the image what a client waits for, before the one who answers comes to it. */
    @Test
    void whoeverWaitsForTheCheckpointOfASuspensionIsAnsweredByIt() throws Exception {
        PausingContext context = new PausingContext();
        try (Rig rig = new Rig(Rig.EAGER, context)) {
            rig.engine.rule(BOTH);
            PausingContext.Pause checkpointer = context.behindGate("checkpoint-disk");
            Listener first = new Listener();
            Listener second = new Listener();
            try (DeviceSession one = rig.engine.connect("one", first);
                    DeviceSession other = rig.engine.connect("other", second)) {
                Rig.Outcome write = new Rig.Outcome();
                one.write(0, rig.payloads(4096, 1), true, write::completed);
                one.drive(false);
                java.util.Arrays.fill(rig.model, 0, 4096, (byte) 1);
                checkpointer.awaitReached();
                assertEquals(1, rig.engine.watermarks().applied());
                rig.engine.suspend("swapped");
                rig.journal = rig.journal.reopened(0);
                rig.image = rig.image.reopened();
                rig.engine.resume(rig.journal, rig.image);
                assertEquals(1, rig.engine.watermarks().checkpointed());
                rig.engine.checkInvariants();
                Rig.Outcome flush = new Rig.Outcome();
                other.flush(flush::completed);
                other.drive(false);
                flush.succeeded();
                write.succeeded();
                assertTrue(first.sweeps.get() > 0, "its answers are not sent");
            } finally {
                checkpointer.end();
            }
            rig.verify();
        }
    }

    /** The journal has made an event durable, and whoever had it do so is about to say so. */
    @Test
    void theHeadOfAReplicaPassesNothingBeforeItIsKnownToBeDurable() throws Exception {
        PausingContext context = new PausingContext();
        AtomicReference<PausingContext.Pause> behindForce = new AtomicReference<>();
        try (ReplicaRig rig = ReplicaRig.consistent()) {
            rig.context = context;
            rig.steps = new Steps() {
                @Override
                protected long forceJournal(Journal journal) throws StorageException {
                    long durable = super.forceJournal(journal);
                    PausingContext.Pause pause = behindForce.getAndSet(null);
                    if (pause != null) {
                        pause.pass();
                    }
                    return durable;
                }
            };
            rig.start();
            rig.write(1, 1);
            rig.sendAll();
            rig.awaitHead(1);
            PausingContext.Pause forced = new PausingContext.Pause();
            behindForce.set(forced);
            try {
                assertTrue(rig.offer(rig.write(2, 2)));
                rig.replica.commit();
                forced.awaitReached();
                assertEquals(2, rig.journal.durable());
                // Twice: the first time the mover may have looked already when the journal's mark moved.
                for (int i = 0; i < 2; i++) {
                    int before = context.waitsOf("head-disk");
                    rig.replica.catchUpTo(0);
                    Rig.eventually(() -> context.waitsOf("head-disk") > before, "the mover has looked");
                }
                rig.verifyAt(1);
            } finally {
                forced.end();
            }
            rig.awaitHead(2);
            rig.verifyAt(2);
        }
    }

    /** An order waits for its turn to store the head while the image is closed, and closing stores it too. */
    @Test
    void anOrderThatIsSaidToBeKeptIsNotLostToTheLastCheckpoint() throws Exception {
        PausingContext context = new PausingContext();
        try (ReplicaRig rig = ReplicaRig.consistent()) {
            rig.context = context;
            PausingContext.Pause checkpointer = new PausingContext.Pause();
            PausingContext.Pause closer = new PausingContext.Pause();
            rig.image.beforeHead = () -> {
                String self = Thread.currentThread().getName();
                if (self.equals("checkpoint-disk")) {
                    checkpointer.pass();
                } else if (self.equals("closer")) {
                    closer.pass();
                }
            };
            rig.start();
            PausingContext.Pause orderer = null;
            try {
                rig.write(1, 1);
                rig.sendAll();
                // A checkpoint is of what the head has passed.
                Rig.eventually(() -> rig.progress().replayed() == 1, "applied");
                CompletableFuture<StorageException> checkpoint = start("client", rig.engine::checkpoint);
                checkpointer.awaitReached();
                rig.write(2, 2);
                rig.sendAll();
                Rig.eventually(() -> rig.progress().replayed() == 2, "applied");
                // It waits for the head that is being stored.
                HeadOrder order = new HeadOrder.Follow(5_000_000_000L);
                orderer = context.behindGate("orderer");
                CompletableFuture<StorageException> ordered = start("orderer", () -> rig.engine.order(order));
                Rig.eventually(() -> context.waitsOf("orderer") > 0, "the order waits");
                CompletableFuture<StorageException> closed = start("closer", rig.engine::close);
                // The last one that is told to stop has done so: the checkpointer has been told too, and stores no
                // second head.
                Rig.eventually(() -> context.hasEnded("head-disk"), "closing waits for the workers");
                checkpointer.end();
                orderer.awaitReached();
                closer.awaitReached();
                orderer.end();
                Rig.eventually(() -> ordered.isDone() || context.waitsOf("orderer") > 1, "the order goes on");
                closer.end();
                assertEquals(null, ended(closed, "closing"));
                StorageException refused = ended(ordered, "the order");
                boolean kept = rig.image.head().properties().containsKey(HeadProperties.ORDER);
                assertEquals(refused == null, kept, "said to be kept: " + (refused == null));
                assertEquals(2, rig.image.head().checkpointed().sequence());
                ended(checkpoint, "the checkpoint");
            } finally {
                checkpointer.end();
                closer.end();
                if (orderer != null) {
                    orderer.end();
                }
            }
        }
    }

    /** The promotion is stored, and the image is about to be opened as a primary. */
    @Test
    void anOrderThatComesDuringAPromotionTakesNothingOfItAway() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            rig.sendAll();
            rig.awaitHead(1);
            rig.engine.turn(ImageHead.Role.PRIMARY);
            HeadOrder hold = new HeadOrder.Hold(Position.NONE);
            assertEquals(
                    Reason.BUSY,
                    assertThrows(StorageException.class, () -> rig.engine.order(hold))
                            .reason());
            assertEquals(
                    Reason.BUSY,
                    assertThrows(StorageException.class, () -> rig.engine.delay(5))
                            .reason());
            rig.crash(0);
            List<Epoch> epochs = rig.engine.facts().epochs();
            assertEquals(2, epochs.size(), "it has begun an epoch of its own: " + epochs);
            assertEquals(ReplicaRig.FIRST.identity(), epochs.get(1).promotedOver());
        }
    }

    /** A peer says that it was promoted while the head that makes this one a replica is being stored. */
    @Test
    void aFenceThatComesAtTheEndOfADemotionFencesNoReplica() throws Exception {
        PausingContext context = new PausingContext();
        try (ReplicaRig rig = ReplicaRig.consistent()) {
            rig.context = context;
            rig.start();
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            PausingContext.Pause stores = new PausingContext.Pause();
            rig.image.beforeHead = () -> {
                if (Thread.currentThread().getName().equals("demoter")) {
                    stores.pass();
                }
            };
            CompletableFuture<StorageException> demoted =
                    start("demoter", () -> rig.engine.turn(ImageHead.Role.REPLICA));
            CompletableFuture<StorageException> fenced;
            try {
                stores.awaitReached();
                fenced = start("fencer", () -> rig.engine.fence(new Fence("b", 7, new UUID(7, 7))));
                Rig.eventually(() -> context.waitsOf("fencer") > 0, "the fence waits for the head");
            } finally {
                stores.end();
            }
            assertEquals(null, ended(demoted, "the demotion"));
            assertEquals(null, ended(fenced, "the fence"));
            assertEquals(ImageHead.Role.REPLICA, rig.image.head().role());
            assertEquals(null, rig.image.head().properties().get(HeadProperties.FENCE));
            rig.crash(0);
            assertEquals(Optional.empty(), rig.engine.fence());
        }
    }

    /** Else it would be no promotion to others, and both would be primary in the same epoch. */
    @Test
    void aPromotionEndsTheEpochThatIsBeingReceivedMeanwhile() throws Exception {
        PausingContext context = new PausingContext();
        try (ReplicaRig rig = ReplicaRig.consistent()) {
            rig.context = context;
            rig.start();
            Epoch before = last(rig);
            Epoch next =
                    before.next(new UUID(5, 5), rig.engine.watermarks().appended() + 1, before.startedNanos(), "a");
            PausingContext.Pause begins = new PausingContext.Pause();
            rig.journal.beforeEpoch = () -> {
                if (Thread.currentThread().getName().equals("receiver")) {
                    begins.pass();
                }
            };
            CompletableFuture<StorageException> received = start("receiver", () -> rig.replica.startEpoch(next));
            CompletableFuture<StorageException> promoted;
            try {
                begins.awaitReached();
                promoted = start("promoter", () -> rig.engine.turn(ImageHead.Role.PRIMARY));
                Rig.eventually(
                        () -> context.waitsOf("promoter") > 0
                                || rig.image.head().role() == ImageHead.Role.PRIMARY,
                        "the promotion goes as far as it can");
            } finally {
                begins.end();
            }
            assertEquals(null, ended(received, "the epoch"));
            assertEquals(null, ended(promoted, "the promotion"));
            rig.crash(0);
            assertTrue(last(rig).isPromoted(), last(rig).toString());
            assertEquals(next.identity(), last(rig).predecessorIdentity());
        }
    }

    private static Epoch last(ReplicaRig rig) {
        List<Epoch> epochs = rig.journal.epochs();
        return epochs.get(epochs.size() - 1);
    }

    /** Each peer is asked by a thread of its own. */
    @Test
    void aFenceThatComesWhileAnotherOneEndsStays() throws Exception {
        PausingContext context = new PausingContext();
        Fence first = new Fence("b", 7, new UUID(7, 7));
        Fence second = new Fence("c", 8, new UUID(8, 8));
        try (ReplicaRig rig = ReplicaRig.consistent()) {
            rig.context = context;
            rig.start();
            rig.engine.turn(ImageHead.Role.PRIMARY);
            rig.crash(0);
            rig.engine.fence(first);
            PausingContext.Pause stores = new PausingContext.Pause();
            rig.image.beforeHead = () -> {
                if (Thread.currentThread().getName().equals("unfencer")) {
                    stores.pass();
                }
            };
            CompletableFuture<StorageException> unfenced = start("unfencer", () -> rig.engine.unfence(first));
            CompletableFuture<StorageException> fenced;
            try {
                stores.awaitReached();
                fenced = start("fencer", () -> rig.engine.fence(second));
                Rig.eventually(() -> context.waitsOf("fencer") > 0, "the fence waits for the head");
            } finally {
                stores.end();
            }
            assertEquals(null, ended(unfenced, "the end of the first fence"));
            assertEquals(null, ended(fenced, "the second fence"));
            assertEquals(Optional.of(second), rig.engine.fence());
            // One that was fenced by somebody else meanwhile is not let go.
            rig.engine.unfence(first);
            assertEquals(Optional.of(second), rig.engine.fence());
            rig.crash(0);
            assertEquals(Optional.of(second), rig.engine.fence());
        }
    }

    /** As above, where a version that did so has left it. */
    @Test
    void aReplicaWhoseHeadSaysThatItIsFencedIsNot() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.image.storeHead(HeadProperties.put(rig.image.head(), new Fence("b", 7, new UUID(7, 7))));
            rig.crash(0);
            assertEquals(Optional.empty(), rig.engine.fence());
        }
    }
}
