package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitRule.MissingPeers;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.PeerProgress;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Commit rules that wait for replicas, and what is done while these are missing. */
class PeersTest {
    private static final long SOON = 20_000_000L;
    private static final Fence FENCE = new Fence("b", 7, new UUID(7, 7));
    private static final long NEVER = 3_600_000_000_000L;

    private static CommitRule durableAt(int peers, MissingPeers missing) {
        return new CommitRule("replica-durable", Watermark.RECEIVED, Watermark.RECEIVED, peers, missing, false);
    }

    private static CommitRule arrivedAt(int peers) {
        return new CommitRule("replica-arrived", Watermark.ARRIVED, Watermark.ARRIVED, peers, MissingPeers.HOLD, false);
    }

    private static ImageSettings missingAfter(long nanos) {
        ImageSettings lazy = Rig.LAZY;
        return new ImageSettings(
                lazy.hotPayloadBytes(),
                lazy.backlogLimitBytes(),
                lazy.indexBudgetEntries(),
                lazy.checkpointBytes(),
                lazy.checkpointNanos(),
                lazy.idleNanos(),
                lazy.journalFull(),
                lazy.softWarnFraction(),
                nanos);
    }

    private static Rig rig(CommitRule rule, long missingAfterNanos) throws StorageException {
        Rig rig = new Rig(missingAfter(missingAfterNanos));
        rig.engine.rule(rule);
        return rig;
    }

    private static void there(Rig rig, String peer, long arrived, long received) throws StorageException {
        rig.engine.peer(new PeerProgress(peer, true, arrived, received, 0));
        rig.engine.checkInvariants();
    }

    private static void away(Rig rig, String peer, long arrived, long received) throws StorageException {
        rig.engine.peer(new PeerProgress(peer, false, arrived, received, 0));
        rig.engine.checkInvariants();
    }

    private static void waits(Rig rig, Rig.Outcome outcome, long appended) {
        assertEquals(appended, rig.engine.watermarks().durable(), "it is durable here");
        assertFalse(outcome.isDone(), "it is not where it has to be");
    }

    // ---------------------------------------------------------------- waiting

    @Test
    void aWriteIsAcknowledgedWhenItIsDurableAtThePeer() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.HOLD), NEVER)) {
            there(rig, "berlin", 0, 0);
            Rig.Outcome write = rig.write(0, 4096, 1);
            waits(rig, write, 1);
            there(rig, "berlin", 1, 0);
            waits(rig, write, 1);
            there(rig, "berlin", 1, 1);
            write.succeeded();
            Rig.Outcome flush = rig.flush();
            waits(rig, flush, 2);
            there(rig, "berlin", 2, 2);
            flush.succeeded();
            rig.flush().succeeded();
            rig.verify();
        }
    }

    @Test
    void whoWaitsForAPeerWaitsForTheImageWhenTheRuleAsksForThatInstead() throws Exception {
        CommitRule both = new CommitRule(
                "journal+image", Watermark.CHECKPOINTED, Watermark.CHECKPOINTED, 0, MissingPeers.JOURNAL, false);
        CountDownLatch mayForce = new CountDownLatch(1);
        try (Rig rig = rig(durableAt(1, MissingPeers.HOLD), NEVER)) {
            there(rig, "berlin", 0, 0);
            Rig.Outcome write = rig.write(0, 4096, 1);
            Rig.Outcome flush = rig.flush();
            rig.image.beforeForce = () -> {
                try {
                    assertTrue(mayForce.await(20, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            };
            rig.engine.rule(both);
            Rig.Outcome next = rig.write(4096, 4096, 2);
            assertFalse(write.isDone(), "its bytes are not forced in the image");
            assertFalse(flush.isDone(), "the bytes before it are not forced in the image");
            mayForce.countDown();
            write.succeeded();
            flush.succeeded();
            assertEquals(1, rig.image.forced()[0]);
            next.succeeded();
            rig.verify();
        }
    }

    @Test
    void asManyPeersAsTheRuleAsksForHaveIt() throws Exception {
        try (Rig rig = rig(durableAt(2, MissingPeers.HOLD), NEVER)) {
            Rig.Outcome first = rig.write(0, 4096, 1);
            Rig.Outcome second = rig.write(4096, 4096, 2);
            there(rig, "berlin", 2, 2);
            there(rig, "aachen", 1, 0);
            waits(rig, first, 2);
            there(rig, "celle", 1, 1);
            first.succeeded();
            waits(rig, second, 2);
            // Whoever is away does not count, but what it has had before is there.
            away(rig, "berlin", 2, 2);
            there(rig, "aachen", 2, 2);
            waits(rig, second, 2);
            there(rig, "celle", 2, 2);
            second.succeeded();
            assertEquals(2, rig.engine.reachablePeers());
            rig.engine.forgetPeer("celle");
            assertEquals(1, rig.engine.reachablePeers());
        }
    }

    @Test
    void memoryOfThePeerIsEnoughWhereTheRuleSaysSo() throws Exception {
        try (Rig rig = rig(arrivedAt(1), NEVER)) {
            Rig.Outcome write = rig.write(0, 4096, 1);
            there(rig, "berlin", 0, 0);
            waits(rig, write, 1);
            there(rig, "berlin", 1, 0);
            write.succeeded();
        }
    }

    /** Who reads the journal may be quicker than the one who forced it. */
    @Test
    void whatIsAtThePeerIsDurableHereToo() throws Exception {
        try (Rig rig = rig(arrivedAt(1), NEVER)) {
            there(rig, "berlin", 0, 0);
            AtomicReference<Rig.Outcome> write = new AtomicReference<>();
            AtomicReference<Boolean> early = new AtomicReference<>();
            rig.journal.beforeForce = () -> {
                rig.journal.beforeForce = () -> {};
                try {
                    there(rig, "berlin", 1, 1);
                } catch (StorageException e) {
                    throw new AssertionError(e);
                }
                early.set(write.get().isDone());
            };
            write.set(rig.submit(0, 4096, 1, false));
            rig.session.drive(false);
            write.get().succeeded();
            assertEquals(false, early.get(), "acknowledged before it is durable here");
        }
    }

    @Test
    void nobodyHasWhatIsNotThere() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.HOLD), NEVER)) {
            rig.write(0, 4096, 1);
            StorageException refused = assertThrows(StorageException.class, () -> there(rig, "berlin", 2, 2));
            assertEquals(Reason.INVALID, refused.reason());
            assertEquals(0, rig.engine.reachablePeers());
        }
    }

    // ---------------------------------------------------------------- missing

    @Test
    void writesAreHeldUntilThePeerIsBack() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.HOLD), SOON)) {
            there(rig, "berlin", 0, 0);
            Rig.Outcome under = rig.write(0, 4096, 1);
            away(rig, "berlin", 0, 0);
            Rig.eventually(() -> rig.engine.state() == State.HOLDING, "the peer is missing");
            assertTrue(rig.engine.detail().contains("berlin is not linked"), rig.engine.detail());
            Rig.Outcome held = rig.write(4096, 4096, 2);
            Rig.Outcome flush = rig.flush();
            assertEquals(2, rig.engine.watermarks().appended(), "what comes is not even journaled; a flush is");
            assertFalse(under.isDone() || held.isDone() || flush.isDone());
            rig.verifyBytes(0, 4096, 1);
            rig.verifyBytes(4096, 4096, 0);
            there(rig, "berlin", 2, 2);
            under.succeeded();
            flush.succeeded();
            Rig.eventually(() -> rig.engine.state() == State.SERVING, "the peer is back");
            Rig.eventually(() -> rig.engine.watermarks().durable() == 3, "what was held is let in");
            there(rig, "berlin", 3, 3);
            held.succeeded();
            assertEquals("", rig.engine.detail());
            rig.verify();
        }
    }

    @Test
    void writesFailUntilThePeerIsBack() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.FAIL), SOON)) {
            there(rig, "berlin", 0, 0);
            Rig.Outcome under = rig.write(0, 4096, 1);
            Rig.eventually(() -> rig.engine.watermarks().appended() == 1, "it is on its way when the peer goes");
            away(rig, "berlin", 0, 0);
            StorageException failure = under.await().failure;
            assertEquals(Reason.IO, failure.reason());
            assertTrue(failure.getMessage().contains("asks for 1 replica in sync"), failure.getMessage());
            assertEquals(State.FAILING, rig.engine.state());
            Rig.Outcome next = new Rig.Outcome();
            rig.session.discard(0, 4096, false, next::completed);
            assertEquals(Reason.IO, next.await().failure.reason());
            assertEquals(1, rig.engine.watermarks().appended(), "what fails at once is not journaled");
            assertEquals(Reason.IO, rig.flush().await().failure.reason());
            Rig.eventually(() -> rig.engine.watermarks().durable() == 2, "it is forced, so that replicas see it");
            rig.engine.checkInvariants();
            rig.verify();
            there(rig, "berlin", 2, 2);
            Rig.eventually(() -> rig.engine.state() == State.SERVING, "the peer is back");
            rig.flush().succeeded();
            Rig.Outcome last = rig.write(8192, 4096, 3);
            there(rig, "berlin", 3, 3);
            last.succeeded();
        }
    }

    @Test
    void theJournalStandsInUntilThePeerHasKeptUpForAWhile() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.JOURNAL), SOON)) {
            rig.write(0, 4096, 1).succeeded();
            assertEquals(State.SERVING, rig.engine.state());
            assertTrue(rig.engine.detail().contains("this node's journal"), rig.engine.detail());
            assertTrue(rig.engine.warnings().contains(rig.engine.detail()));
            assertEquals(1, rig.engine.counters().get("peers.losses"));
            rig.write(4096, 4096, 2).succeeded();
            there(rig, "berlin", 2, 2);
            Rig.eventually(() -> rig.engine.detail().isEmpty(), "the rule is back");
            assertTrue(rig.engine.warnings().isEmpty());
            rig.engine.settings(missingAfter(NEVER));
            Rig.Outcome write = rig.write(8192, 4096, 3);
            waits(rig, write, 3);
            there(rig, "berlin", 3, 3);
            write.succeeded();
        }
    }

    @Test
    void aPeerThatDoesNotKeepUpIsMissing() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.JOURNAL), SOON)) {
            there(rig, "berlin", 0, 0);
            Rig.Outcome write = rig.write(0, 4096, 1);
            write.succeeded();
            assertTrue(rig.engine.detail().contains("do not keep up"), rig.engine.detail());
            there(rig, "berlin", 1, 1);
            Rig.eventually(() -> rig.engine.detail().isEmpty(), "the rule is back");
        }
    }

    @Test
    void aPeerThatIsThereWhileNobodyWaitsIsNeverMissing() throws Exception {
        PausingContext context = new PausingContext();
        try (Rig rig = new Rig(missingAfter(25 * SOON), context)) {
            rig.engine.rule(durableAt(1, MissingPeers.HOLD));
            there(rig, "berlin", 0, 0);
            Rig.Outcome write = rig.write(0, 4096, 1);
            there(rig, "berlin", 1, 1);
            write.succeeded();
            // It comes to rest: what it waits for then has no end.
            int[] waits = new int[1];
            long[] since = {System.nanoTime()};
            Rig.eventually(
                    () -> {
                        int now = context.waitsOf("peers-disk");
                        if (now != waits[0]) {
                            waits[0] = now;
                            since[0] = System.nanoTime();
                        }
                        return System.nanoTime() - since[0] > 20 * SOON;
                    },
                    "the watch sleeps");
            assertEquals(State.SERVING, rig.engine.state());
            assertEquals(0, rig.engine.counters().get("peers.losses"));
            rig.write(4096, 4096, 2);
            Rig.eventually(() -> rig.engine.state() == State.HOLDING, "a watch that sleeps is woken by who waits");
        }
    }

    // ---------------------------------------------------------------- changes

    @Test
    void aRuleThatWaitsForNobodyAnswersWhoWaits() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.HOLD), SOON)) {
            Rig.Outcome under = rig.write(0, 4096, 1);
            Rig.eventually(() -> rig.engine.state() == State.HOLDING, "peers are missing");
            Rig.Outcome held = rig.write(4096, 4096, 2);
            rig.engine.rule(CommitRule.JOURNAL);
            under.succeeded();
            rig.session.drive(false);
            held.succeeded();
            assertEquals(State.SERVING, rig.engine.state());
            rig.verify();
            rig.engine.rule(durableAt(1, MissingPeers.FAIL));
            assertEquals(Reason.IO, rig.write(0, 512, 3).await().failure.reason());
        }
    }

    @Test
    void morePeersAreWaitedForFromTheNewRuleOn() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.HOLD), NEVER)) {
            there(rig, "berlin", 0, 0);
            Rig.Outcome first = rig.write(0, 4096, 1);
            there(rig, "berlin", 1, 1);
            first.succeeded();
            rig.engine.rule(durableAt(2, MissingPeers.HOLD));
            Rig.Outcome flush = rig.flush();
            waits(rig, flush, 2);
            there(rig, "berlin", 2, 2);
            waits(rig, flush, 2);
            there(rig, "aachen", 2, 2);
            flush.succeeded();
        }
    }

    @Test
    void aSuspendedImageBlamesNoPeer() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.FAIL), SOON)) {
            there(rig, "berlin", 0, 0);
            rig.journal.failNextForce = true;
            Rig.Outcome write = rig.write(0, 4096, 1);
            away(rig, "berlin", 0, 0);
            long until = System.nanoTime() + 5 * SOON;
            Rig.eventually(() -> System.nanoTime() > until, "time passes");
            assertEquals(State.SUSPENDED, rig.engine.state());
            assertFalse(write.isDone());
            rig.engine.suspend("the journal failed");
            rig.journal = rig.journal.reopened(0);
            rig.engine.settings(missingAfter(NEVER));
            rig.engine.resume(rig.journal, rig.image);
            there(rig, "berlin", 0, 0);
            rig.session.drive(false);
            there(rig, "berlin", 1, 1);
            write.succeeded();
        }
    }

    @Test
    void whoWaitsForPeersEndsWithTheImage() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.HOLD), NEVER)) {
            Rig.Outcome write = rig.write(0, 4096, 1);
            rig.engine.close();
            assertEquals(Reason.UNAVAILABLE, write.await().failure.reason());
            assertEquals(1, rig.image.head().checkpointed().sequence(), "it is in the image all the same");
        }
    }

    // ---------------------------------------------------------------- fenced

    private static void refused(Rig.Outcome outcome) {
        StorageException failure = outcome.await().failure;
        assertNotNull(failure, "acknowledged by a node that knows that it was replaced");
        assertEquals(Reason.READ_ONLY, failure.reason());
        assertTrue(failure.getMessage().contains("fenced by b, epoch 7"), failure.getMessage());
    }

    @Test
    void aFenceEndsWhatWaitsForPeers() throws Exception {
        CommitRule[] rules = {
            durableAt(1, MissingPeers.HOLD),
            durableAt(1, MissingPeers.FAIL),
            durableAt(1, MissingPeers.JOURNAL),
            arrivedAt(1)
        };
        for (CommitRule rule : rules) {
            try (Rig rig = rig(rule, NEVER)) {
                there(rig, "b", 0, 0);
                Rig.Outcome write = rig.write(0, 4096, 1);
                Rig.Outcome flush = rig.flush();
                waits(rig, write, 2);
                assertFalse(flush.isDone());
                rig.engine.fence(FENCE);
                rig.engine.checkInvariants();
                refused(write);
                refused(flush);
                // What could confirm it, or do without, comes too late.
                rig.engine.settings(missingAfter(SOON));
                there(rig, "b", 2, 2);
                refused(rig.flush());
                refused(rig.submit(4096, 4096, 2, true));
                rig.crash(0);
                assertEquals(2, rig.engine.watermarks().durable(), "the branch is kept");
                rig.verify();
                refused(rig.flush());
                rig.engine.unfence(FENCE);
                there(rig, "b", 2, 2);
                rig.flush().succeeded();
            }
        }
    }

    @Test
    void aFenceEndsWhatWaitsHereAndItIsForcedAllTheSame() throws Exception {
        CommitRule image = new CommitRule(
                "journal+image", Watermark.CHECKPOINTED, Watermark.CHECKPOINTED, 0, MissingPeers.JOURNAL, false);
        CommitRule[] rules = {CommitRule.JOURNAL, image, durableAt(1, MissingPeers.HOLD)};
        for (CommitRule rule : rules) {
            try (Rig rig = rig(rule, NEVER)) {
                Rig.Outcome write = rig.submit(0, 4096, 1, false);
                java.util.Arrays.fill(rig.model, 0, 4096, (byte) 1);
                assertEquals(1, rig.engine.watermarks().appended());
                rig.engine.fence(FENCE);
                refused(write);
                Rig.eventually(() -> rig.engine.watermarks().durable() == 1, "the branch is forced");
                rig.verify();
            }
        }
    }

    @Test
    void aFenceEndsWhatWaitsForStores() throws Exception {
        try (Rig rig = rig(durableAt(1, MissingPeers.HOLD), NEVER)) {
            rig.journal.failNextForce = true;
            Rig.Outcome write = rig.write(0, 4096, 1);
            Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "it is suspended");
            Rig.Outcome flush = rig.flush();
            assertFalse(write.isDone() || flush.isDone());
            rig.engine.suspend("the journal failed");
            rig.image.failHeads = true;
            assertThrows(StorageException.class, () -> rig.engine.fence(FENCE));
            rig.image.failHeads = false;
            refused(write);
            refused(flush);
            refused(rig.flush());
            rig.journal = rig.journal.reopened(0);
            rig.engine.resume(rig.journal, rig.image);
            Rig.eventually(() -> rig.engine.watermarks().durable() == 1, "it is appended again");
            refused(rig.flush());
            rig.verify();
        }
    }

    /** Its epochs are what tells who has to give way, and its events what people decide about. */
    @Test
    void behindAFenceNothingIsTrimmed() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.engine.checkpoint();
            assertTrue(rig.engine.trimFloor() > 0);
            rig.engine.fence(FENCE);
            assertEquals(0, rig.engine.trim(Long.MAX_VALUE));
            rig.crash(0);
            rig.engine.checkpoint();
            assertEquals(0, rig.engine.trim(Long.MAX_VALUE));
            rig.engine.unfence(FENCE);
            assertTrue(rig.engine.trim(Long.MAX_VALUE) > 0);
        }
    }

    // ---------------------------------------------------------------- the price

    private record Price(long forces, long takes, long takenBytes, long opens, long starts) {}

    private static Price ofWrites(boolean stoppedReplica) throws Exception {
        PausingContext context = new PausingContext();
        try (Rig rig = new Rig(Rig.LAZY, context)) {
            if (stoppedReplica) {
                there(rig, "berlin", 0, 0);
                away(rig, "berlin", 0, 0);
                rig.journal.putClient(
                        new JournalClient("mirror:1:disk", "", new Position(1, 0), JournalClient.State.CONNECTED, 0));
            }
            rig.write(0, 4096, 1).succeeded();
            long forces = rig.journal.forces;
            long takes = context.takes.get();
            long opens = context.opens.get();
            long starts = context.starts.get();
            for (int i = 0; i < 200; i++) {
                rig.write(i % 100 * 4096L, 4096, i).succeeded();
            }
            return new Price(
                    rig.journal.forces - forces,
                    context.takes.get() - takes,
                    context.payloads().usedBytes(),
                    context.opens.get() - opens,
                    context.starts.get() - starts);
        }
    }

    /** Counted, not timed: no force, no copy of payload, nobody woken and no thread for a replica that is away. */
    @Test
    void aStoppedReplicaCostsAWriteNothing() throws Exception {
        Price without = ofWrites(false);
        assertEquals(200, without.forces());
        assertEquals(200, without.takes());
        assertEquals(0, without.starts());
        assertEquals(without, ofWrites(true));
    }
}
