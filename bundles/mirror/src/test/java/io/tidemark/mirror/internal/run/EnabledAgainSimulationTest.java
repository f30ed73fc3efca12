package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.ReplicaOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where the replica is there already, it has its configuration: an order would say that it is done, and nothing would happen. */
class EnabledAgainSimulationTest {
    private static final String FILE = "io.tidemark.mirror.replica-disk.cfg";

    private static ReplicaOptions options(Map<String, String> properties) {
        return new ReplicaOptions("", 0, properties);
    }

    @Test
    void aReplicaThatIsThereKeepsItsConfiguration() {
        TwoNodes.play(1900, 3, nodes -> {
            nodes.write(nodes.a, 20);
            nodes.a.mirrors.enable("disk", "b", options(Map.of("pool", "fast")));
            nodes.awaitEqual(nodes.a, nodes.b);
            Map<String, String> before = nodes.b.keys(FILE);
            // The same again is what somebody does who did not see the answer.
            nodes.a.mirrors.enable("disk", "b", options(Map.of("pool", "fast")));
            nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS);
            assertEquals(before, nodes.b.keys(FILE));
            String said = refused(
                            Reason.INVALID,
                            () -> nodes.a.mirrors.enable(
                                    "disk", "b", options(Map.of("pool", "fast", "relay", "off", "trim", "age"))))
                    .getMessage();
            assertTrue(said.contains("relay, trim: the replica disk is on the node b already"), said);
            assertEquals(before, nodes.b.keys(FILE));

            assertTrue(nodes.a.mirrors.disable("disk", "b"));
            refused(Reason.INVALID, () -> nodes.a.mirrors.enable("disk", "b", options(Map.of("pool", "slow"))));
            assertEquals(List.of(), nodes.b.mirrors.status());
            nodes.a.mirrors.enable("disk", "b", options(Map.of("pool", "fast")));
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** Nobody said where the image is to lie, so it lies in the default pools; what else was said of it stays. */
    @Test
    void thePoolThatItLiesInMayBeNamed() {
        TwoNodes.play(1920, 3, nodes -> {
            nodes.a.mirrors.enable("disk", "b", options(Map.of("trim", "age")));
            nodes.awaitEqual(nodes.a, nodes.b);
            nodes.a.mirrors.enable("disk", "b", options(Map.of("pool", "default")));
            assertEquals("age", nodes.b.keys(FILE).get("create.trim"));
            nodes.a.mirrors.enable("disk", "b", options(Map.of("journalPool", nodes.b.engine.journalPool)));
            refused(Reason.INVALID, () -> nodes.a.mirrors.enable("disk", "b", options(Map.of("pool", "fast"))));
            refused(Reason.INVALID, () -> nodes.a.mirrors.enable("disk", "b", options(Map.of("journalPool", "fast"))));
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** None is a delay, too: it is what somebody says who does not want the one that there is. */
    @Test
    void aDelayThatIsSaidIsTheReplicasFromThenOn() {
        TwoNodes.play(1910, 3, nodes -> {
            nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("", 600 * TwoNodes.SECOND, Map.of()));
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.status("disk").state() == MirrorStatus.State.UP_TO_DATE, 30 * TwoNodes.SECOND));
            nodes.write(nodes.a, 5);
            nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS);
            assertEquals("10m", nodes.b.keys(FILE).get("delay"));
            nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("", 0, Map.of()));
            assertEquals(0, nodes.b.status("disk").delayWantedNanos());
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }
}
