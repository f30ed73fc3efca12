package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.ReplicaOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whether a replica is followed in turn is a choice: without a journal of its own it has nothing to send. */
class CascadeSimulationTest {
    @Test
    void aReplicaWithoutARelayIsNotFollowedUntilItHasOne() {
        TwoNodes.play(3400, 3, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            TwoNodes.Node c = nodes.third();
            nodes.b.image("disk").properties = Map.of("relay", "off");
            String said = refused(Reason.INVALID, () -> nodes.b.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS))
                    .getMessage();
            assertTrue(said.contains("nothing can follow it") && said.contains("set relay=on"), said);
            assertEquals(1, nodes.b.mirrors.status().size(), "it is not mirrored to c");
            assertEquals(List.of(), c.mirrors.status());

            nodes.b.image("disk").properties = Map.of("relay", "on");
            nodes.b.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, c);
        });
    }
}
