package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
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

    /** It would take space that nobody sees, and no order removes. */
    @Test
    void whatIsUnfinishedOfAProcessThatDiedIsRemoved() {
        TwoNodes.play(2760, SEEDS, nodes -> {
            Path branches = Path.of("/etc-a", "branches");
            nodes.machine.disk().makeDirectories(branches);
            List<String> files = List.of("disk.1-3-40.20260101T000000Z.part", "notes.part", "disk.1-3-40.part");
            for (String file : files) {
                nodes.a
                        .process
                        .files()
                        .open(branches.resolve(file), Files.Mode.CREATE)
                        .close();
            }
            nodes.a.restart();
            nodes.awaitLinked();
            nodes.machine.sleep(5 * SECOND);
            assertEquals(
                    List.of("disk.1-3-40.part", "notes.part"),
                    nodes.a.process.files().list(branches).stream().sorted().toList());
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

    /** b follows c, and a is primary, too, where b can begin anew. */
    private static TwoNodes.Node followedBeside(TwoNodes nodes) throws StorageException {
        OrdersSimulationTest.mirrored(nodes);
        // Either may have it of the other one from now on.
        nodes.a.mirrors.demote("disk");
        nodes.b.mirrors.promote("disk", false);
        nodes.awaitEqual(nodes.b, nodes.a);
        nodes.b.mirrors.demote("disk");
        nodes.a.mirrors.promote("disk", false);
        nodes.awaitEqual(nodes.a, nodes.b);
        TwoNodes.Node c = nodes.third();
        nodes.a.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
        nodes.awaitEqual(nodes.a, c);
        nodes.network.cut("a", "b");
        nodes.network.cut("a", "c");
        assertTrue(nodes.machine.awaitUntil(
                () -> c.mirrors.peers().stream().noneMatch(peer -> peer.name().equals("a") && peer.linked()),
                60 * SECOND));
        c.mirrors.promote("disk", true);
        nodes.write(c, 2);
        nodes.awaitEqual(c, nodes.b);
        nodes.write(nodes.a, 3);
        nodes.network.heal("a", "b");
        nodes.awaitLinked();
        return c;
    }

    /** What c was told to be received it trims, and counts on. */
    @Test
    void whatComesWhileTheBranchOfAReplicaIsKeptIsNotLost() {
        TwoNodes.play(2760, SEEDS, nodes -> {
            TwoNodes.Node c = followedBeside(nodes);
            boolean[] writes = {true};
            nodes.machine.disk().plan((operation, path) -> {
                if (writes[0] && operation == Operation.OPEN && path.toString().endsWith(".part")) {
                    writes[0] = false;
                    write(nodes, c);
                }
                return Verdict.PROCEED;
            });
            nodes.b.mirrors.resync("disk", "a", GivenUp.KEPT);
            assertFalse(writes[0], "no branch was kept");
            nodes.machine.sleep(SECOND);
            long kept = nodes.b.mirrors.keptBranches().get(0).last();
            long told = c.engine.peers.get("disk<b").received();
            assertTrue(told <= kept, "kept up to " + kept + ", and c was told of " + told);
            assertEquals(List.of(), pins(nodes.b));
        });
    }

    /** Clients come and go between the look that finds nothing to be kept and the end of writing. */
    @Test
    void whatIsWrittenBetweenTheLookAndTheDemotionIsKept() {
        TwoNodes.play(2800, SEEDS, nodes -> {
            boolean writes = nodes.random.coin();
            boolean fenced = nodes.random.coin();
            long fork = OrdersSimulationTest.parted(nodes, 0, 5).sequence();
            MemoryImage image = nodes.a.image("disk");
            image.beforeDemotion = () -> {
                // A primary that is fenced is not written, and its demotion is no event.
                image.fence = fenced && !writes ? image.fence : null;
                if (writes) {
                    writeAtOnce(nodes.a, image);
                }
            };
            nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT, nodes.random.coin());
            List<KeptBranch> kept = nodes.a.mirrors.keptBranches();
            assertEquals(writes ? 1 : 0, kept.size());
            if (writes) {
                assertEquals(fork, kept.get(0).fork().sequence());
                assertTrue(kept.get(0).last() > fork, "the write, and the demotion unless a fence came first");
            }
            assertEquals(List.of(), pins(nodes.a));
        });
    }

    /** More than is kept: then it is not kept in part either, and the image is what it was said to be. */
    @Test
    void whatIsWrittenMeanwhileIsKeptOnlyWhereThereIsRoom() {
        TwoNodes.play(2820, SEEDS, nodes -> {
            OrdersSimulationTest.parted(nodes, nodes.random.coin() ? 0 : 7, 5);
            MemoryImage image = nodes.a.image("disk");
            image.beforeDemotion = () -> {
                image.fence = null;
                for (int i = 0; i < 80; i++) {
                    writeAtOnce(nodes.a, image);
                }
            };
            String said = OrdersSimulationTest.refused(
                            Reason.NO_SPACE, () -> nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT))
                    .getMessage();
            assertTrue(said.startsWith("the branch of disk could not be kept: what follows event "), said);
            assertTrue(said.contains("takes too much, and of 64 KiB for kept branches 64 KiB are left"), said);
            assertFalse(said.contains("nothing was changed"), said);
            assertEquals(List.of(), nodes.a.mirrors.keptBranches());
            assertEquals(List.of(), pins(nodes.a));
            assertFalse(nodes.a.isPrimary("disk"));
            nodes.a.mirrors.resync("disk", "b", GivenUp.LOST);
        });
    }

    /** Whoever ordered it is told what leads out, also where nothing would be lost. */
    @Test
    void whereWritingCannotBeEndedTheOrderSaysWhatToDo() {
        TwoNodes.play(2840, SEEDS, nodes -> {
            OrdersSimulationTest.parted(nodes, nodes.random.coin() ? 0 : 7, 5);
            MemoryImage image = nodes.a.image("disk");
            image.noDemotion = new StorageException(Reason.IO, "the head cannot be stored", "");
            String said = OrdersSimulationTest.refused(
                            Reason.IO, () -> nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT))
                    .getMessage();
            assertTrue(said.contains("the head cannot be stored") && said.contains("--no-keep"), said);
            assertEquals(List.of(), nodes.a.mirrors.keptBranches());
            assertEquals(List.of(), pins(nodes.a));
            assertTrue(nodes.a.isPrimary("disk"));
            nodes.a.mirrors.resync("disk", "b", GivenUp.LOST);
        });
    }

    private static void writeAtOnce(TwoNodes.Node node, MemoryImage image) {
        try {
            image.write(0, new byte[4096], node.process.clock().wallNanos());
        } catch (StorageException e) {
            throw new AssertionError(e);
        }
    }

    private static void write(TwoNodes nodes, TwoNodes.Node node) {
        try {
            nodes.write(node, 2);
        } catch (StorageException e) {
            throw new AssertionError(e);
        }
        nodes.machine.sleep(SECOND);
    }

    @Test
    void aReplicaWhoseBranchCannotBeKeptFollowsAsBefore() {
        TwoNodes.play(2780, SEEDS, nodes -> {
            TwoNodes.Node c = followedBeside(nodes);
            nodes.machine
                    .disk()
                    .plan((operation, path) ->
                            operation == Operation.WRITE && path.toString().contains("branches")
                                    ? Verdict.FAIL_IO
                                    : Verdict.PROCEED);
            OrdersSimulationTest.refused(Reason.IO, () -> nodes.b.mirrors.resync("disk", "a", GivenUp.KEPT));
            nodes.write(c, 2);
            MemoryImage replica = nodes.b.image("disk");
            assertTrue(nodes.machine.awaitUntil(
                    () -> replica.head == c.image("disk").journal.durable(), 60 * SECOND));
            assertArrayEquals(c.image("disk").bytes, replica.bytes);
            assertEquals(List.of(), pins(nodes.b));
        });
    }
}
