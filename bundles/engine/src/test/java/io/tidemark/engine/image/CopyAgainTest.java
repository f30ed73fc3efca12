package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.replica.Consistency;
import java.nio.ByteBuffer;
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

    @Test
    void aCopyThatIsNotWholeBeginsAnew() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            write(rig, 5);
            assertFalse(rig.replica.copyAgain(10), "nothing was copied");
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(10), 0, HALF));
            rig.replica.copied(HALF);
            assertTrue(rig.replica.copyAgain(10));
            isAtItsBeginning(rig);
            rig.crash(0);
            isAtItsBeginning(rig);
        }
    }

    @Test
    void soDoesOneThatShowsWhatTheNewSourceLacks() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            write(rig, 5);
            rig.sendAll();
            write(rig, 5);
            rig.replica.copy(0, ByteBuffer.wrap(rig.states.get(15)));
            rig.replica.endBootstrap(new Position(1, 15));
            rig.awaitHead(10);
            assertFalse(rig.replica.copyAgain(15), "it has all that was copied");
            assertSame(Consistency.REPLAYING, rig.consistency());
            assertTrue(rig.replica.copyAgain(12));
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
            rig.replica.endBootstrap(new Position(2, 12));
            rig.sendAll();
            rig.awaitHead(12);
            rig.verifyAt(12);
            assertFalse(rig.replica.copyAgain(0), "it is consistent");
        }
    }
}
