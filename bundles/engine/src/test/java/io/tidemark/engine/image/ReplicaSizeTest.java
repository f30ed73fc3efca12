package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A replica of a replica gets its events from what is applied there on: it has to begin with the size that belongs to that. */
class ReplicaSizeTest {
    private static final int BLOCKS = ReplicaRig.SIZE / ReplicaRig.BLOCK;

    @Test
    void aShrinkThatIsOnItsWayDoesNotCountYet() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        try (ReplicaRig rig = ReplicaRig.consistent().start()) {
            rig.image.beforeWrite = () -> await(free);
            shrinks(rig, free);
        }
    }

    private static void shrinks(ReplicaRig rig, CountDownLatch free) throws Exception {
        try {
            rig.write(BLOCKS - 1, 1);
            rig.event(EventKind.RESIZE, 0, ReplicaRig.SIZE / 2);
            rig.sendAll();
            rig.awaitHead(2);
            assertEquals(0, rig.engine.facts().watermarks().applied());
            assertEquals(ReplicaRig.SIZE, rig.engine.facts().sizeBytes());
        } finally {
            free.countDown();
        }
        Rig.eventually(() -> rig.engine.facts().watermarks().applied() == 2, "the shrink is applied");
        assertEquals(ReplicaRig.SIZE / 2, rig.engine.facts().sizeBytes());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
