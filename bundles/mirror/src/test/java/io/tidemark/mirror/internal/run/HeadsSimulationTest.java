package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.replica.HeadOrder;
import org.junit.jupiter.api.Test;

/** What a step that is refused leaves of a replica's head. */
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
}
