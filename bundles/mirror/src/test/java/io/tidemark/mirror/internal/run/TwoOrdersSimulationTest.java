package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.SEEDS;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A second order for the role of an image while a planned change is under way, at each of its steps. */
class TwoOrdersSimulationTest {
    private static final String WISH = "io.tidemark.mirror.replica-disk.cfg";

    private static TwoNodes.Node withAThird(TwoNodes nodes) throws StorageException {
        mirrored(nodes);
        TwoNodes.Node c = nodes.third();
        nodes.a.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
        nodes.awaitEqual(nodes.a, c);
        return c;
    }

    /** Carries something out when a change comes to a step for the first time. */
    private static WorkListener at(String step, Executable what, Set<String> steps) {
        return (words, done, total) -> {
            if (words.startsWith(step) && steps.add(step)) {
                try {
                    what.execute();
                } catch (Throwable e) {
                    throw e instanceof Error error ? error : new AssertionError(e);
                }
            }
            return true;
        };
    }

    private static void busy(String by, Executable order) {
        StorageException refused = refused(Reason.BUSY, order);
        assertTrue(refused.getMessage().contains("changed already, by " + by), refused.getMessage());
    }

    private static void allAreBusy(TwoNodes nodes) {
        String by = "mirror:switch to b";
        busy(by, () -> nodes.a.mirrors.promote("disk", false));
        busy(by, () -> nodes.a.mirrors.demote("disk"));
        busy(by, () -> nodes.a.mirrors.switchOver("disk", "c", WorkListener.QUIET));
        busy(by, () -> nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET));
    }

    private static void bIsPrimary(TwoNodes nodes, TwoNodes.Node c) throws StorageException {
        assertTrue(nodes.b.isPrimary("disk"));
        assertFalse(nodes.a.isPrimary("disk") || c.isPrimary("disk"));
        assertEquals("b", nodes.a.keys(WISH).get("peer"));
        nodes.write(nodes.b, 3);
        nodes.awaitEqual(nodes.b, nodes.a);
    }

    private static void followsNobody(TwoNodes nodes) throws StorageException {
        assertFalse(nodes.a.process.files().exists(Path.of("/etc-a", WISH)));
    }

    @Test
    void aSecondOrderIsRefusedBeforeTheDemotion() {
        TwoNodes.play(9300, SEEDS, nodes -> {
            TwoNodes.Node c = withAThird(nodes);
            Set<String> steps = new HashSet<>();
            nodes.a.mirrors.switchOver("disk", "b", at("demotes", () -> allAreBusy(nodes), steps));
            assertEquals(1, steps.size());
            bIsPrimary(nodes, c);
            nodes.a.mirrors.fetch("disk");
        });
    }

    /** The peer lacks the last events still, so it says that it is a replica. */
    @Test
    void aSecondOrderIsRefusedBeforeThePeerIsPromoted() {
        TwoNodes.play(9320, SEEDS, nodes -> {
            TwoNodes.Node c = withAThird(nodes);
            nodes.b.image("disk").stopped = true;
            nodes.write(nodes.a, 5);
            Set<String> steps = new HashSet<>();
            Executable second = () -> {
                assertFalse(nodes.a.isPrimary("disk"));
                allAreBusy(nodes);
                nodes.b.image("disk").stopped = false;
            };
            nodes.a.mirrors.switchOver("disk", "b", at("waits until b has everything", second, steps));
            assertEquals(1, steps.size());
            bIsPrimary(nodes, c);
        });
    }

    @Test
    void anOrderThatHasEndedIsInNobodysWay() {
        TwoNodes.play(9340, SEEDS, nodes -> {
            withAThird(nodes);
            assertFalse(nodes.a.mirrors.peers().isEmpty());
            refused(
                    Reason.CLOSED,
                    () -> nodes.a.mirrors.switchOver(
                            "disk", "b", (words, done, total) -> !words.startsWith("demotes")));
            assertTrue(nodes.a.isPrimary("disk"));
            nodes.a.mirrors.demote("disk");
            nodes.a.mirrors.promote("disk", false);
            nodes.a.mirrors.switchOver("disk", "c", WorkListener.QUIET);
            assertFalse(nodes.a.isPrimary("disk"));
        });
    }

    /** As by a resync that gives up what this node has: the change neither takes that back nor says whom it follows. */
    @Test
    void aDemotionOfSomebodyElseStays() {
        TwoNodes.play(9360, SEEDS, nodes -> {
            TwoNodes.Node c = withAThird(nodes);
            Set<String> steps = new HashSet<>();
            WorkListener demoted = at("demotes", () -> nodes.a.engine.demote("disk"), steps);
            refused(Reason.MISMATCH, () -> nodes.a.mirrors.switchOver("disk", "b", demoted));
            assertEquals(1, steps.size());
            assertFalse(nodes.a.isPrimary("disk"), "it took another one's demotion back");
            assertFalse(nodes.b.isPrimary("disk") || c.isPrimary("disk"));
            followsNobody(nodes);
        });
    }

    /** A peer was promoted over it between the first look and the demotion. */
    @Test
    void whoIsFencedMeanwhileIsNotSwitched() {
        TwoNodes.play(9380, SEEDS, nodes -> {
            withAThird(nodes);
            Set<String> steps = new HashSet<>();
            WorkListener fenced = at(
                    "demotes",
                    () -> {
                        nodes.b.mirrors.promote("disk", true);
                        assertTrue(nodes.machine.awaitUntil(
                                () -> nodes.a.image("disk").fence != null, 20 * TwoNodes.SECOND));
                    },
                    steps);
            refused(Reason.MISMATCH, () -> nodes.a.mirrors.switchOver("disk", "c", fenced));
            assertTrue(nodes.a.isPrimary("disk"), "fenced, and not demoted");
            followsNobody(nodes);
        });
    }

    /** It is a replica again when it is looked at once more, and has acknowledged what is not here. */
    @Test
    void whoWasWrittenWhileAReplicaCaughtUpIsNotPassedOver() {
        TwoNodes.play(9400, SEEDS, nodes -> {
            mirrored(nodes);
            MemoryImage replica = nodes.b.image("disk");
            replica.stopped = true;
            nodes.write(nodes.a, 5);
            replica.receivesUpTo = nodes.a.mirrors.demote("disk").sequence() + 3;
            String[] outcome = new String[1];
            nodes.b.process.workers().start("operator", () -> {
                try {
                    outcome[0] = "promoted with all but "
                            + nodes.b.mirrors.promote("disk", false).missingEvents();
                } catch (StorageException e) {
                    outcome[0] = e.reason() + ": " + e.getMessage();
                }
            });
            // It has asked, and waits for what it lacks.
            nodes.machine.sleep(TwoNodes.SECOND);
            nodes.a.mirrors.promote("disk", false);
            nodes.write(nodes.a, 8);
            nodes.a.mirrors.demote("disk");
            replica.stopped = false;
            assertTrue(nodes.machine.awaitUntil(() -> outcome[0] != null, 60 * TwoNodes.SECOND));
            assertTrue(outcome[0].startsWith("UNAVAILABLE: "), outcome[0]);
            assertFalse(nodes.b.isPrimary("disk"));

            replica.receivesUpTo = Long.MAX_VALUE;
            long last = nodes.a.image("disk").journal.durable();
            assertTrue(nodes.machine.awaitUntil(() -> replica.journal.durable() == last, 20 * TwoNodes.SECOND));
            assertEquals(0, nodes.b.mirrors.promote("disk", false).missingEvents());
            nodes.awaitEqual(nodes.b, nodes.a);
        });
    }

    /** Carries something out when a branch that is kept is written for the first time. */
    private static int[] whileABranchIsKept(TwoNodes nodes, Executable what) {
        int[] times = new int[1];
        nodes.machine.disk().plan((operation, path) -> {
            boolean writes = operation == Operation.WRITE && path.toString().contains("branches");
            if (writes && times[0]++ == 0) {
                try {
                    what.execute();
                } catch (Throwable e) {
                    throw e instanceof Error error ? error : new AssertionError(e);
                }
            }
            return Verdict.PROCEED;
        });
        return times;
    }

    /** Who ordered the promotion was told that the image is primary, and clients have written. */
    @Test
    void whatIsPromotedWhileItsBranchIsKeptIsNotGivenUp() {
        for (boolean whole : new boolean[] {false, true}) {
            TwoNodes.play(9420, SEEDS, nodes -> {
                OrdersSimulationTest.parted(nodes, 7, 5);
                byte[][] written = new byte[1][];
                int[] times = whileABranchIsKept(nodes, () -> {
                    nodes.a.mirrors.promote("disk", true);
                    nodes.write(nodes.a, 3);
                    written[0] = nodes.a.image("disk").bytes.clone();
                });
                String said = refused(Reason.BUSY, () -> nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT, whole))
                        .getMessage();
                assertTrue(said.contains("was promoted here meanwhile"), said);
                assertTrue(times[0] > 0);
                assertTrue(nodes.a.isPrimary("disk"));
                assertArrayEquals(written[0], nodes.a.image("disk").bytes);
                followsNobody(nodes);
            });
        }
    }

    /** As somebody does who looks after the image by hand: it is a replica again, and has more than was kept. */
    @Test
    void whatWasPromotedAndDemotedWhileItsBranchIsKeptIsNotGivenUp() {
        TwoNodes.play(9440, SEEDS, nodes -> {
            OrdersSimulationTest.parted(nodes, 7, 5);
            whileABranchIsKept(nodes, () -> {
                nodes.a.mirrors.promote("disk", true);
                nodes.write(nodes.a, 3);
                nodes.a.engine.demote("disk");
            });
            byte[] written = new byte[MemoryImage.SIZE_BYTES];
            refused(Reason.BUSY, () -> {
                try {
                    nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT);
                } finally {
                    System.arraycopy(nodes.a.image("disk").bytes, 0, written, 0, written.length);
                }
            });
            nodes.machine.sleep(20 * TwoNodes.SECOND);
            assertFalse(nodes.a.isPrimary("disk"));
            assertArrayEquals(written, nodes.a.image("disk").bytes);
            followsNobody(nodes);
        });
    }

    @Test
    void aResyncIsOneOrderForTheRoleAsOthersAre() {
        TwoNodes.play(9460, SEEDS, nodes -> {
            OrdersSimulationTest.parted(nodes, 7, 5);
            int[] times = whileABranchIsKept(nodes, () -> {
                busy("mirror:resync", () -> nodes.a.mirrors.promote("disk", false));
                busy("mirror:resync", () -> nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT));
            });
            nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT);
            assertTrue(times[0] > 0);
            assertFalse(nodes.a.isPrimary("disk"));
            assertEquals(1, nodes.a.mirrors.keptBranches().size());
        });
    }

    /** The image cannot be primary again because a file could not be written; so the order says what it is. */
    @Test
    void aDemotionWhoseWishCannotBeWrittenSaysThatItIsDone() {
        TwoNodes.play(9480, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.machine
                    .disk()
                    .plan((operation, path) ->
                            operation == Operation.WRITE && path.toString().contains("etc-a")
                                    ? Verdict.FAIL_NO_SPACE
                                    : Verdict.PROCEED);
            StorageException failed = refused(Reason.NO_SPACE, () -> nodes.a.mirrors.demote("disk"));
            assertFalse(nodes.a.isPrimary("disk"));
            assertTrue(failed.getMessage().startsWith("the image disk is a replica here now"), failed.getMessage());
            assertTrue(failed.remedy().contains("mirror:enable disk --to a"), failed.remedy());
            nodes.machine.disk().plan((operation, path) -> Verdict.PROCEED);
            assertTrue(nodes.machine.awaitUntil(
                    () -> {
                        try {
                            nodes.b.mirrors.promote("disk", false);
                            return true;
                        } catch (StorageException e) {
                            return false;
                        }
                    },
                    20 * TwoNodes.SECOND));
            nodes.b.mirrors.enable("disk", "a", ReplicaOptions.DEFAULTS);
            nodes.awaitEqual(nodes.b, nodes.a);
        });
    }
}
