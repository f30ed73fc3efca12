package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nodes that die, and images that do not answer, while an order keeps the branch that it gives up. */
class KeptBranchesSimulationTest {
    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 4 : 8);

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

    /** What a replica has received behind the moment is more than is kept: only an order that says so gives it up. */
    @Test
    void whatCannotBeKeptOfAPromotionIsGivenUpByAnExplicitOrderOnly() {
        TwoNodes.play(2740, SEEDS, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            MemoryImage replica = nodes.b.image("disk");
            nodes.b.mirrors.hold("disk");
            Position at = new Position(replica.newestEpoch().number(), replica.head);
            nodes.write(nodes.a, 60);
            assertTrue(nodes.machine.awaitUntil(
                    () -> replica.journal.durable()
                            == nodes.a.image("disk").journal.durable(),
                    20 * SECOND));
            nodes.network.cut("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
            String said = OrdersSimulationTest.refused(
                            Reason.NO_SPACE, () -> nodes.b.mirrors.promoteAt("disk", at, true, GivenUp.KEPT))
                    .getMessage();
            assertTrue(said.contains("--no-keep"), said);
            // What a journal in memory says to the promotion itself.
            OrdersSimulationTest.refused(
                    Reason.UNSUPPORTED, () -> nodes.b.mirrors.promoteAt("disk", at, true, GivenUp.LOST));
            assertEquals(List.of(), nodes.b.mirrors.keptBranches());
            assertEquals(List.of(), pins(nodes.b));
            assertFalse(nodes.b.isPrimary("disk"));
        });
    }

    /** Writing has ended by then, and nothing was given up: whoever ordered it is told both, and what to do. */
    @Test
    void aBranchThatCannotBeWrittenIsSaidWithWhatBecameOfTheImage() {
        TwoNodes.play(2720, SEEDS, nodes -> {
            OrdersSimulationTest.parted(nodes, 7, 5);
            byte[] bytes = nodes.a.image("disk").bytes.clone();
            nodes.machine
                    .disk()
                    .plan((operation, path) ->
                            operation == Operation.WRITE && path.toString().contains("branches")
                                    ? Verdict.FAIL_IO
                                    : Verdict.PROCEED);
            String said = OrdersSimulationTest.refused(
                            Reason.IO, () -> nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT))
                    .getMessage();
            assertFalse(nodes.a.isPrimary("disk"));
            assertArrayEquals(bytes, nodes.a.image("disk").bytes);
            assertEquals(List.of(), nodes.a.mirrors.keptBranches());
            assertEquals(List.of(), pins(nodes.a));
            assertTrue(said.contains("the image disk is a replica here now, and nothing of it was given up"), said);
            assertTrue(said.contains("run mirror:resync again"), said);
            assertTrue(said.contains("mirror:promote disk --force"), said);
            nodes.machine.disk().plan((operation, path) -> Verdict.PROCEED);
            if (nodes.random.coin()) {
                nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT);
                assertEquals(1, nodes.a.mirrors.keptBranches().size());
            } else {
                nodes.a.mirrors.promote("disk", true);
                assertTrue(nodes.a.isPrimary("disk"));
            }
        });
    }
}
