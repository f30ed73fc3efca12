package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.replica.HeadOrder;
import org.junit.jupiter.api.Test;

/** The store of a replica's image is away for a while: what was wished meanwhile is done, and nothing is said of it afterwards. */
class SuspendedSimulationTest {
    private static final int SEEDS = 4;

    @Test
    void aDelayThatWasWishedMeanwhileIsInForceAfterwards() {
        TwoNodes.play(1950, SEEDS, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            MemoryImage replica = nodes.b.image("disk");
            replica.suspended = true;
            OrdersSimulationTest.refused(Reason.UNAVAILABLE, () -> nodes.b.mirrors.delay("disk", 3600 * SECOND));
            nodes.machine.sleep(5 * SECOND);
            assertEquals(HeadOrder.LIVE, replica.order);
            replica.suspended = false;
            assertTrue(nodes.machine.awaitUntil(
                    () -> replica.order.equals(new HeadOrder.Follow(3600 * SECOND)), 10 * SECOND));
            nodes.b.mirrors.delay("disk", 0);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }
}
