package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.Consistency;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A copy takes memory outside the heap, on both sides. Its channel lives for months after it, and is to keep none of that. */
class CopyMemorySimulationTest {
    private static final int SEEDS = 4;
    private static final ReplicaOptions SEEDED = new ReplicaOptions("", 0, Map.of(), true);

    /** An older copy, of which every third part differs. */
    private static void seed(TwoNodes nodes) {
        MemoryImage seed = new MemoryImage("disk", new UUID(5, 5), ImageHead.Role.PRIMARY, 0);
        System.arraycopy(nodes.a.image("disk").bytes, 0, seed.bytes, 0, seed.bytes.length);
        for (int part = 0; part < 16; part += 3) {
            seed.bytes[part << 16] ^= 1;
        }
        nodes.b.images.put("disk", seed);
    }

    /** All that was taken is given back, whether or not anything holds the channel. */
    private static void awaitNothingHeld(TwoNodes nodes) {
        for (TwoNodes.Node node : List.of(nodes.a, nodes.b)) {
            assertTrue(
                    nodes.machine.awaitUntil(() -> node.engine.sessions == 0, 5 * SECOND),
                    () -> node.name + " has " + node.engine.sessions + " sessions");
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.network.keptBytes(node.name) == 0, 5 * SECOND),
                    () -> node.name + " keeps " + nodes.network.keptBytes(node.name) + " bytes of frames");
            assertEquals(0, node.process.payloads().usedBytes(), node.name);
        }
        // A worker may be on its way out.
        nodes.machine.sleep(5 * SECOND);
        System.gc();
        for (TwoNodes.Node node : List.of(nodes.a, nodes.b)) {
            long held =
                    node.engine.lent.stream().filter(one -> !one.refersTo(null)).count();
            assertEquals(
                    0, held, () -> node.name + " still refers to memory of " + held + " of " + node.engine.lent.size());
        }
    }

    private static void goesOn(TwoNodes nodes) throws StorageException {
        nodes.write(nodes.a, 3);
        nodes.awaitEqual(nodes.a, nodes.b);
    }

    /** As when somebody removes its file. */
    private static void unwish(TwoNodes nodes) throws StorageException {
        Path file = nodes.b.etc.resolve("io.tidemark.mirror.replica-disk.cfg");
        nodes.b.process.files().delete(file);
        nodes.b.mirrors.replicaUnwished(file.toString());
    }

    private static void cut(TwoNodes nodes) {
        nodes.network.cut("a", "b");
        assertTrue(nodes.machine.awaitUntil(
                () -> !nodes.a.mirrors.peers().get(0).linked()
                        && !nodes.b.mirrors.peers().get(0).linked(),
                60 * SECOND));
    }

    @Test
    void aFirstCopyLeavesNothingToItsChannel() {
        TwoNodes.play(3600, SEEDS, nodes -> {
            nodes.write(nodes.a, 50);
            mirrored(nodes);
            assertFalse(nodes.a.engine.lent.isEmpty());
            awaitNothingHeld(nodes);
            goesOn(nodes);
            awaitNothingHeld(nodes);
        });
    }

    @Test
    void aCopyWithASeedLeavesNothingOnEitherSide() {
        TwoNodes.play(3620, SEEDS, nodes -> {
            nodes.write(nodes.a, 50);
            seed(nodes);
            nodes.a.mirrors.enable("disk", "b", SEEDED);
            nodes.awaitEqual(nodes.a, nodes.b);
            assertFalse(nodes.a.engine.lent.isEmpty() || nodes.b.engine.lent.isEmpty());
            awaitNothingHeld(nodes);
            goesOn(nodes);
            awaitNothingHeld(nodes);
        });
    }

    /** The one that begins anew was a source, and becomes a replica. */
    @Test
    void aResyncLeavesNothingOnEitherSide() {
        TwoNodes.play(3640, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.b.mirrors.promote("disk", true);
            assertTrue(nodes.machine.awaitUntil(() -> nodes.a.image("disk").fence != null, 20 * SECOND));
            nodes.write(nodes.b, 3);
            nodes.a.mirrors.resync("disk", "b", GivenUp.LOST);
            nodes.awaitEqual(nodes.b, nodes.a);
            assertFalse(nodes.a.engine.lent.isEmpty() || nodes.b.engine.lent.isEmpty());
            awaitNothingHeld(nodes);
        });
    }

    /** The image takes nothing for a while, so frames wait; then the link is gone, or the replica is not wanted any more. */
    @Test
    void aCopyThatIsCutLeavesNothing() {
        boolean[] all = new boolean[4];
        TwoNodes.play(3660, 4 * SEEDS, nodes -> {
            nodes.write(nodes.a, 50);
            boolean seeded = nodes.random.coin();
            boolean ends = nodes.random.coin();
            all[(seeded ? 2 : 0) + (ends ? 1 : 0)] = true;
            if (seeded) {
                seed(nodes);
            }
            // So that it takes some seconds.
            nodes.a.mirrors.copies(1, 128 << 10);
            nodes.a.mirrors.enable("disk", "b", seeded ? SEEDED : ReplicaOptions.DEFAULTS);
            assertTrue(nodes.machine.awaitUntil(() -> nodes.b.image("disk").copiedRanges > 0, 60 * SECOND));
            nodes.b.image("disk").suspended = true;
            assertTrue(nodes.machine.awaitUntil(() -> nodes.network.keptBytes("b") > 0, 60 * SECOND));
            if (ends) {
                unwish(nodes);
            } else {
                cut(nodes);
            }
            awaitNothingHeld(nodes);
            if (!ends) {
                nodes.b.image("disk").suspended = false;
                nodes.a.mirrors.copies(1, 0);
                nodes.network.heal("a", "b");
                nodes.awaitLinked();
                nodes.awaitEqual(nodes.a, nodes.b);
                awaitNothingHeld(nodes);
            } else {
                assertEquals(Consistency.COPYING, nodes.b.image("disk").consistency);
            }
        });
        assertTrue(all[0] && all[1] && all[2] && all[3]);
    }

    /** Of a frame some events wait for room; or it comes when nobody wants it any more. */
    @Test
    void eventsThatAreNotTakenLeaveNothing() {
        boolean[] all = new boolean[3];
        TwoNodes.play(3700, 3 * SEEDS, nodes -> {
            mirrored(nodes);
            int end = nodes.random.below(3);
            all[end] = true;
            if (end == 2) {
                nodes.network.stall("a", "b", SECOND);
                nodes.write(nodes.a, 5);
                nodes.machine.sleep(SECOND / 10);
                unwish(nodes);
                nodes.machine.sleep(2 * SECOND);
            } else {
                nodes.b.image("disk").roomBytes = 0;
                nodes.write(nodes.a, 5);
                assertTrue(nodes.machine.awaitUntil(() -> nodes.network.keptBytes("b") > 0, 20 * SECOND));
            }
            if (end == 1) {
                unwish(nodes);
            } else if (end == 0) {
                cut(nodes);
            }
            awaitNothingHeld(nodes);
        });
        assertTrue(all[0] && all[1] && all[2]);
    }
}
