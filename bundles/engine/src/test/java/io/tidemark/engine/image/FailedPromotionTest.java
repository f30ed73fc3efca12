package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.replica.HeadOrder;
import org.junit.jupiter.api.Test;

/** The head that promotes a replica reaches the device, and forcing it fails: what is said to have failed is not in force. */
class FailedPromotionTest {
    private interface Order {
        void run() throws StorageException;
    }

    private static ReplicaRig rig() throws Exception {
        ReplicaRig rig = ReplicaRig.consistent().start();
        for (int i = 0; i < 5; i++) {
            rig.write(i, i + 1);
        }
        rig.sendAll();
        rig.awaitHead(5);
        rig.engine.checkpoint();
        return rig;
    }

    /** What is found by whoever opens it again is a replica with its order, and all that it has received. */
    private static void isTakenBack(ReplicaRig rig, HeadOrder order, Order promotion) throws Exception {
        rig.image.failNextHeadForce = true;
        StorageException refused = assertThrows(StorageException.class, promotion::run);
        assertEquals(Reason.IO, refused.reason());
        assertSame(Role.REPLICA, rig.image.head().role());
        rig.crash(0);
        assertEquals(order, rig.progress().order());
        assertEquals(rig.last(), rig.progress().received());
    }

    @Test
    void aReplicaThatFollowsIsOneStill() throws Exception {
        try (ReplicaRig rig = rig()) {
            isTakenBack(rig, HeadOrder.LIVE, () -> rig.engine.turn(Role.PRIMARY));
        }
    }

    /** Else what its journal has behind that would be deleted when it is opened again. */
    @Test
    void soIsOneThatIsHeldWhereItIsToBePromoted() throws Exception {
        try (ReplicaRig rig = rig()) {
            HeadOrder held = new HeadOrder.Hold(new Position(1, 5));
            rig.engine.order(held);
            rig.write(7, 7);
            rig.sendAll();
            isTakenBack(rig, held, () -> rig.engine.promoteAt(new Position(1, 5)));
        }
    }
}
