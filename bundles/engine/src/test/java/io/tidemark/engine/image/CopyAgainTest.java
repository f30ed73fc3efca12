package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.replica.Consistency;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The source of a copy is gone, and another one, which lacked the last of its events, has taken its place. */
class CopyAgainTest {
    private static final int HALF = ReplicaRig.SIZE / 2;

    private static void write(ReplicaRig rig, int events) {
        for (int i = 0; i < events; i++) {
            int value = (int) rig.last();
            rig.write(value % 7, value);
        }
    }

    private static void isAtItsBeginning(ReplicaRig rig) {
        assertSame(Consistency.COPYING, rig.consistency());
        assertEquals(0, rig.progress().nextOffset());
    }

    /** A branch that somebody was promoted on behind an event. */
    private static List<Epoch> promotedBehind(long sequence) {
        Epoch next = ReplicaRig.FIRST.next(new UUID(6, 2), sequence + 1, 1, "other");
        return List.of(ReplicaRig.FIRST, next.promoted(ReplicaRig.FIRST.identity()));
    }

    private static void shows(ReplicaRig rig, long sequence) {
        Epoch newest = rig.epochs.get(rig.epochs.size() - 1);
        rig.replica.shows(new Position(newest.number(), sequence), newest.identity());
    }

    @Test
    void aCopyThatIsNotWholeBeginsAnew() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            write(rig, 5);
            assertFalse(rig.replica.copyAgain(promotedBehind(5)), "nothing was copied");
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(10), 0, HALF));
            shows(rig, 10);
            rig.replica.copied(HALF);
            assertFalse(rig.replica.copyAgain(promotedBehind(10)), "all that it shows is there");
            rig.crash(0);
            assertEquals(HALF, rig.progress().nextOffset());
            assertTrue(rig.replica.copyAgain(promotedBehind(9)));
            isAtItsBeginning(rig);
            assertFalse(rig.replica.copyAgain(promotedBehind(9)), "nothing is there of that branch");
            rig.crash(0);
            isAtItsBeginning(rig);
            assertFalse(rig.replica.copyAgain(promotedBehind(9)), "nothing is there of that branch");
        }
    }

    /** Otherwise each cut would cost all that was copied, until the events before the promotion have come. */
    @Test
    void whatWasCopiedBehindAPromotionStays() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            List<Epoch> branch = promotedBehind(9);
            rig.replica.copy(0, ByteBuffer.allocate(HALF));
            rig.replica.shows(new Position(2, 12), branch.get(1).identity());
            rig.replica.copied(HALF);
            rig.crash(0);
            assertFalse(rig.replica.copyAgain(branch));
            assertEquals(HALF, rig.progress().nextOffset());
            rig.replica.copy(HALF, ByteBuffer.allocate(HALF));
            rig.replica.shows(new Position(2, 13), branch.get(1).identity());
            rig.replica.endBootstrap(new Position(2, 13));
            assertFalse(rig.replica.copyAgain(branch));
            assertSame(Consistency.REPLAYING, rig.consistency());
            assertTrue(rig.replica.copyAgain(List.of(ReplicaRig.FIRST)), "another branch");
        }
    }

    @Test
    void soDoesOneThatShowsWhatTheNewSourceLacks() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            write(rig, 5);
            rig.sendAll();
            write(rig, 5);
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(15)));
            shows(rig, 15);
            rig.replica.endBootstrap(new Position(1, 15));
            rig.awaitHead(10);
            rig.engine.checkInvariants();
            assertFalse(rig.replica.copyAgain(promotedBehind(15)), "it has all that was copied");
            assertSame(Consistency.REPLAYING, rig.consistency());
            assertTrue(rig.replica.copyAgain(promotedBehind(12)));
            rig.engine.checkInvariants();
            isAtItsBeginning(rig);
            rig.crash(0);
            isAtItsBeginning(rig);

            rig.source.subList(5, 10).clear();
            rig.states.subList(11, 16).clear();
            Epoch promoted = rig.nextEpoch().promoted(new UUID(5, 1));
            rig.replica.startEpoch(promoted);
            rig.write(9, 99);
            rig.write(9, 98);
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(12)));
            shows(rig, 12);
            rig.replica.endBootstrap(new Position(2, 12));
            rig.sendAll();
            rig.awaitHead(12);
            rig.verifyAt(12);
            assertFalse(rig.replica.copyAgain(promotedBehind(0)), "it is consistent");
        }
    }

    /** Nothing is applied yet of what the head has passed. */
    @Test
    void theHeadStaysAheadOfTheCheckpointWhileAllIsCopiedAgain() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5)) {
            rig.settings = Rig.LAZY;
            rig.start();
            write(rig, 5);
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(10)));
            shows(rig, 12);
            rig.replica.endBootstrap(new Position(1, 12));
            rig.sendAll();
            rig.awaitHead(10);
            assertEquals(5, rig.progress().replayed());
            assertTrue(rig.replica.copyAgain(promotedBehind(11)));
            rig.engine.checkInvariants();
            write(rig, 1);
            rig.sendAll();
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(11)));
            shows(rig, 11);
            assertEquals(10, rig.progress().head());
            rig.engine.checkInvariants();
            rig.replica.endBootstrap(new Position(1, 11));
            rig.awaitHead(11);
            rig.verifyAt(11);
        }
    }

    @Test
    void bytesOfTwoSourcesAreConsistentWhenAllIsThereThatEitherShows() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            write(rig, 10);
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(15), 0, HALF));
            shows(rig, 15);
            rig.replica.copied(HALF);
            rig.crash(0);
            rig.replica.copy(HALF, ByteBuffer.wrap(rig.states.get(12), HALF, HALF));
            shows(rig, 12);
            rig.replica.endBootstrap(new Position(1, 12));
            for (int sequence = 6; sequence <= 12; sequence++) {
                rig.offer(rig.source.get(sequence - 6));
            }
            rig.replica.commit();
            rig.awaitHead(12);
            assertSame(Consistency.REPLAYING, rig.consistency());
            rig.crash(0);
            assertSame(Consistency.REPLAYING, rig.consistency());
            rig.sendAll();
            rig.awaitHead(15);
            assertSame(Consistency.CONSISTENT, rig.consistency());
            rig.verifyAt(15);
        }
    }
}
