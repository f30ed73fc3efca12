package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
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

    /** Who follows a replica gets what that has received, and may have applied more of it. */
    @Test
    void aSourceThatIsBehindTheReplicaDiffersInNothing() {
        TwoNodes.play(3410, 3, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            TwoNodes.Node c = nodes.third();
            nodes.b.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
            nodes.awaitEqual(nodes.a, c);
            nodes.b.mirrors.hold("disk");
            nodes.write(nodes.a, 2);
            nodes.awaitEqual(nodes.a, c);
            Verification found = c.mirrors.verify("disk", "b", WorkListener.QUIET);
            assertEquals(0, found.differingBytes(), found.toString());
            assertTrue(found.skippedBytes() > 0 && found.equalBytes() > 0, found.toString());

            // What is trimmed already cannot say what changed.
            c.image("disk").journal.lose(c.image("disk").head);
            assertEquals(0, c.mirrors.verify("disk", "b", WorkListener.QUIET).differingBytes());
            nodes.b.mirrors.release("disk");
            nodes.awaitEqual(nodes.a, nodes.b);
            assertEquals(
                    MemoryImage.SIZE_BYTES,
                    c.mirrors.verify("disk", "b", WorkListener.QUIET).equalBytes());
        });
    }
}
