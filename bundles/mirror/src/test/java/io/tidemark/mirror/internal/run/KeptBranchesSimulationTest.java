package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.replica.ReplicaManager;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nodes that die, and images that do not answer, while an order keeps the branch that it gives up. */
class KeptBranchesSimulationTest {
    private static final int SEEDS = Boolean.getBoolean("tidemark.fast") ? 4 : 12;

    /** Clients of the journal that are no replicas. */
    private static List<JournalClient> pins(TwoNodes.Node node) {
        return node.image("disk").journal.clients().stream()
                .filter(client -> !client.id().startsWith(ReplicaManager.CLIENT_PREFIX))
                .toList();
    }

    /** Else the journal would fill: nobody removes what an order that is no more has registered. */
    @Test
    void aProcessThatDiesMeanwhileKeepsNothingInTheJournal() {
        TwoNodes.play(2700, SEEDS, nodes -> {
            OrdersSimulationTest.parted(nodes, 7, 5);
            nodes.a.process.workers().start("order", () -> {
                try {
                    nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT);
                } catch (StorageException e) {
                    // The process dies.
                }
            });
            assertTrue(nodes.machine.awaitUntil(() -> !pins(nodes.a).isEmpty(), 20 * SECOND));
            List<JournalClient> left = pins(nodes.a);
            nodes.a.process.kill();
            // A thread that is killed here still does what it does in the end, to a journal in memory.
            left.forEach(nodes.a.image("disk").journal::putClient);
            boolean late = nodes.random.coin();
            nodes.a.image("disk").suspended = late;
            nodes.a.boot();
            if (late) {
                nodes.machine.sleep(40 * SECOND);
                assertEquals(left, pins(nodes.a));
                nodes.a.image("disk").suspended = false;
            }
            nodes.machine.sleep((late ? 60 : 5) * SECOND);
            assertEquals(List.of(), pins(nodes.a));
            // An order that is under way is left alone.
            nodes.awaitLinked();
            nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT);
            assertEquals(1, nodes.a.mirrors.keptBranches().size());
        });
    }
}
