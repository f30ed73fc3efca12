package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermarks;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.journal.JournalReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** An epoch begins with the first event that an opening has to append, and not before. */
class EpochsTest {
    private static Epoch last(Rig rig) {
        List<Epoch> epochs = rig.journal.epochs();
        return epochs.get(epochs.size() - 1);
    }

    private static List<Position> positions(Rig rig) throws Exception {
        List<Position> positions = new ArrayList<>();
        try (JournalReader reader = rig.journal.reader(rig.journal.trimmed() + 1)) {
            for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                positions.add(header.position());
            }
        }
        return positions;
    }

    private static void stop(Rig rig) throws Exception {
        rig.session.close();
        rig.engine.close();
        rig.journal = rig.journal.reopened(0);
        rig.image = rig.image.reopened();
    }

    @Test
    void restartsWithoutWritesChangeNeitherEpochsNorTheDurablePosition() throws Exception {
        for (int written : new int[] {0, 3}) {
            try (Rig rig = new Rig(Rig.LAZY)) {
                for (int i = 0; i < written; i++) {
                    rig.write(i * 4096L, 4096, i + 1).succeeded();
                }
                List<Epoch> epochs = rig.journal.epochs();
                Position head = rig.engine.head();
                for (int restart = 0; restart < 10; restart++) {
                    if (restart % 2 == 0) {
                        rig.crash(0);
                    } else {
                        stop(rig);
                        rig.open();
                    }
                    rig.verify();
                    rig.flush().succeeded();
                    rig.engine.checkpoint();
                    if (restart % 3 == 0) {
                        rig.engine.suspend("stores are swapped");
                        rig.journal = rig.journal.reopened(0);
                        rig.image = rig.image.reopened();
                        rig.engine.resume(rig.journal, rig.image);
                    }
                    assertEquals(epochs, rig.journal.epochs(), "restart " + restart);
                    assertEquals(epochs, rig.engine.facts().epochs());
                    assertEquals(written, rig.journal.durable(), "restart " + restart);
                    assertEquals(head, rig.engine.head());
                }
            }
        }
    }

    @Test
    void theFirstWriteOfAnOpeningBeginsOne() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            Epoch first = last(rig);
            rig.write(4096, 4096, 2).succeeded();
            Epoch second = last(rig);
            assertEquals(first.identity(), second.predecessorIdentity());
            assertEquals(2, second.firstSequence());
            rig.write(8192, 4096, 3).succeeded();
            rig.flush().succeeded();
            assertEquals(second, last(rig), "one for each opening");
            assertEquals(rig.journal.epochs(), rig.engine.facts().epochs());
            assertEquals(
                    List.of(new Position(1, 1), new Position(2, 2), new Position(2, 3), new Position(2, 4)),
                    positions(rig));
            assertEquals(new Position(2, 4), rig.engine.head());
            rig.verify();
            rig.crash(0);
            assertEquals(second, last(rig));
            rig.verify();
        }
    }

    /** The start of an epoch waits for a device: reads and answers go on meanwhile, and what comes in keeps its order. */
    @Test
    void whatComesInMeanwhileWaitsInItsOrderAndReadsDoNot() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            CountDownLatch starting = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            rig.journal.beforeEpoch = () -> {
                starting.countDown();
                try {
                    assertTrue(go.await(20, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            };
            Rig.Outcome first = new Rig.Outcome();
            var payloads = rig.payloads(4096, 2);
            DeviceSession one = rig.session;
            Thread client = new Thread(() -> {
                one.write(0, payloads, false, first::completed);
                one.drive(false);
            });
            client.start();
            assertTrue(starting.await(20, TimeUnit.SECONDS));
            rig.session = rig.engine.connect("second", rig);
            Rig.Outcome second = rig.write(0, 4096, 3);
            rig.verifyBytes(0, 4096, 1);
            rig.flush().succeeded();
            assertEquals(1, rig.engine.watermarks().appended());
            assertFalse(first.isDone() || second.isDone());
            assertEquals(State.SERVING, rig.engine.state());
            go.countDown();
            client.join();
            first.succeeded();
            rig.session.drive(false);
            second.succeeded();
            one.close();
            assertEquals(2, rig.journal.epochs().size());
            rig.verify();
        }
    }

    @Test
    void anEpochThatCannotBeStartedIsStartedWhenTheJournalIsBack() throws Exception {
        for (boolean kept : new boolean[] {false, true}) {
            try (Rig rig = new Rig(Rig.LAZY)) {
                rig.write(0, 4096, 1).succeeded();
                rig.crash(0);
                rig.journal.failNextEpoch = true;
                rig.journal.keepFailedEpoch = kept;
                Rig.Outcome waits = rig.write(4096, 4096, 2);
                assertEquals(State.SUSPENDED, rig.engine.state());
                assertFalse(waits.isDone());
                assertEquals(1, rig.engine.watermarks().appended());
                rig.engine.suspend("the journal failed");
                rig.journal = rig.journal.reopened(0);
                rig.engine.resume(rig.journal, rig.image);
                rig.session.drive(false);
                waits.succeeded();
                assertEquals(2, rig.journal.epochs().size(), "kept " + kept);
                assertEquals(new Position(2, 2), rig.engine.head());
                rig.verify();
            }
        }
    }

    @Test
    void aResizeBeginsOneToo() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            rig.engine.resize(Rig.SIZE);
            assertEquals(1, rig.journal.epochs().size(), "nothing is changed");
            rig.engine.resize(2L * Rig.SIZE);
            assertEquals(List.of(new Position(1, 1), new Position(2, 2)), positions(rig));
        }
    }

    /** An old primary that merely restarted goes on as a replica of the new one, which knows its journal to the end. */
    @Test
    void aPrimaryThatWroteNothingIsDemotedWithoutATrace() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            rig.engine.turn(Role.REPLICA);
            assertEquals(1, rig.journal.durable());
            assertEquals(1, rig.journal.epochs().size());
            rig.crash(0);
            assertEquals(Role.REPLICA, rig.engine.facts().role());
            assertEquals(1, rig.engine.facts().replica().received());
        }
    }

    @Test
    void onlyWhatAPrimaryHasWrittenIsEndedByADemotion() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            rig.write(0, 4096, 2).succeeded();
            rig.engine.turn(Role.REPLICA);
            assertEquals(3, rig.journal.durable());
            try (JournalReader reader = rig.journal.reader(3)) {
                assertEquals(EventKind.DEMOTE, reader.next().kind());
            }
        }
    }

    @Test
    void aWriteThatIsHeldForAnEpochEndsWithTheImage() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            rig.journal.failNextEpoch = true;
            Rig.Outcome waits = rig.write(4096, 4096, 2);
            rig.engine.close();
            assertEquals(Reason.UNAVAILABLE, waits.await().failure.reason());
            assertEquals(1, rig.journal.durable());
            java.util.Arrays.fill(rig.model, 4096, 8192, (byte) 0);
        }
    }

    /** Clients may write to both sites for a while; an epoch of its own tells them apart from the very first event on. */
    @Test
    void aPromotedReplicaBeginsOneAtOnceAndOnlyOne() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.write(1, 1);
            rig.sendAll();
            rig.engine.turn(Role.PRIMARY);
            rig.crash(0);
            Epoch mine = rig.engine.facts().epochs().get(1);
            assertEquals(ReplicaRig.FIRST.identity(), mine.predecessorIdentity());
            for (int restart = 0; restart < 3; restart++) {
                rig.crash(0);
                assertEquals(2, rig.engine.facts().epochs().size());
                Watermarks marks = rig.engine.watermarks();
                assertEquals(1, marks.durable());
            }
            rig.engine.notePromotion();
            assertEquals(1, rig.engine.watermarks().appended(), "that was told when it was promoted");
            Rig.Outcome written = new Rig.Outcome();
            try (DeviceSession session = rig.engine.connect("client", rig)) {
                session.discard(0, 4096, false, written::completed);
                session.drive(false);
                written.succeeded();
            }
            Epoch later = rig.engine.facts().epochs().get(2);
            assertEquals(mine.identity(), later.predecessorIdentity());
            assertEquals(
                    ReplicaRig.FIRST.identity(), mine.promotedOver(), "where branches part it shows who was promoted");
            assertEquals(Epoch.NO_PROMOTION, later.promotedOver());
            assertNotEquals(mine, later);
            assertNull(rig.engine.facts().replica());
        }
    }
}
