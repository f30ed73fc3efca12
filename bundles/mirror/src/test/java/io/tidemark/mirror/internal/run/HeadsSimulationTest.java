package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.replica.HeadOrder;
import org.junit.jupiter.api.Test;

/** What orders for a replica's head do where there is nothing to order. */
class HeadsSimulationTest {
    @Test
    void aStepToWhereTheHeadHasBeenHoldsNothing() {
        TwoNodes.play(1990, 3, nodes -> {
            mirrored(nodes);
            MemoryImage replica = nodes.b.image("disk");
            long epoch = replica.newestEpoch().number();
            refused(Reason.INVALID, () -> nodes.b.mirrors.step("disk", new Position(epoch, replica.head - 1)));
            assertEquals(HeadOrder.LIVE, replica.order);
            Position here = new Position(epoch, replica.head);
            assertEquals(here, nodes.b.mirrors.step("disk", here).heldAt().orElseThrow());
            assertEquals(new HeadOrder.Hold(here), replica.order);
        });
    }

    @Test
    void aReplicaThatFollowsNobodyHasNoDelay() {
        TwoNodes.play(1995, 1, nodes -> {
            mirrored(nodes);
            nodes.a.mirrors.disable("disk", "b");
            StorageException refused = refused(Reason.INVALID, () -> nodes.b.mirrors.delay("disk", TwoNodes.SECOND));
            assertEquals(
                    "the replica disk follows nobody, so it has no delay; run mirror:enable at its source, or mirror:resync"
                            + " disk --from PEER",
                    refused.getMessage());
        });
    }
}
