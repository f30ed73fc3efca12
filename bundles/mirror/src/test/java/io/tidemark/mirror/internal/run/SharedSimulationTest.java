package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.PeerProgress;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A replica reads the journal that its source's node writes: what the link between the two nodes is still good for. */
class SharedSimulationTest {
    private static final int SEEDS = Boolean.getBoolean("tidemark.fast") ? 4 : 12;

    private static FollowedMemory.Pool shared(TwoNodes nodes) throws StorageException {
        FollowedMemory.Pool pool = new FollowedMemory.Pool(nodes.a.images);
        nodes.b.engine.pools.put("both", pool);
        nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("", 0, Map.of(ReplicaOptions.SHARED, "both")));
        nodes.awaitEqual(nodes.a, nodes.b);
        awaitWords(nodes, nodes.b, "reads the source's journal itself");
        awaitWords(nodes, nodes.a, "the replica reads the journal itself, linked");
        return pool;
    }

    private static void awaitWords(TwoNodes nodes, TwoNodes.Node node, String words) {
        assertTrue(
                nodes.machine.awaitUntil(() -> node.status("disk").words().contains(words), 30 * SECOND),
                () -> node.status("disk").words() + " / " + nodes.b.status("disk") + " / " + nodes.broken);
    }

    private static boolean has(TwoNodes nodes) {
        return nodes.b.image("disk").head == nodes.a.image("disk").journal.appended();
    }

    private static void awaitHas(TwoNodes nodes, long nanos) {
        assertTrue(
                nodes.machine.awaitUntil(() -> has(nodes), nanos),
                () -> nodes.b.status("disk") + " / " + nodes.a.status("disk"));
    }

    @Test
    void newsComesOverTheLinkAndWithoutOneFromALook() {
        TwoNodes.play(2100, SEEDS, nodes -> {
            FollowedMemory.Pool pool = shared(nodes);
            for (int i = 0; i < 5; i++) {
                nodes.machine.sleep(nodes.random.below(3 * SECOND));
                nodes.write(nodes.a, 1);
                awaitHas(nodes, SECOND / 5);
            }
            nodes.network.cut("a", "b");
            awaitWords(nodes, nodes.b, "not linked");
            nodes.write(nodes.a, 5);
            awaitHas(nodes, FollowedMemory.LOOK_NANOS + SECOND);
            nodes.network.heal("a", "b");
            awaitWords(nodes, nodes.a, "the replica reads the journal itself, linked");
            nodes.b.restart();
            nodes.b.engine.pools.put("both", pool);
            // The source's node notices late that the process before is gone.
            nodes.machine.sleep(20 * SECOND);
            nodes.write(nodes.a, 1);
            awaitHas(nodes, SECOND / 5);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    @Test
    void oneWordIsUnderWayHoweverMuchIsWritten() {
        TwoNodes.play(2200, SEEDS, nodes -> {
            FollowedMemory.Pool pool = shared(nodes);
            int before = pool.tellings();
            nodes.network.stall("a", "b", 2 * SECOND);
            nodes.write(nodes.a, 50);
            nodes.machine.sleep(SECOND / 2);
            assertTrue(!has(nodes), "the link is stalled");
            awaitHas(nodes, 10 * SECOND);
            assertTrue(pool.tellings() - before <= 3, () -> "was told " + (pool.tellings() - before) + " times");
        });
    }

    @Test
    void itCountsAsLongAsItSaysHowFarItIs() {
        TwoNodes.play(2300, SEEDS, nodes -> {
            shared(nodes);
            awaitCounts(nodes, true);
            nodes.write(nodes.a, 3);
            long durable = nodes.a.image("disk").journal.durable();
            assertTrue(
                    nodes.machine.awaitUntil(() -> peer(nodes).received() == durable, SECOND / 2),
                    () -> peer(nodes) + " of " + durable);
            nodes.network.cut("a", "b");
            awaitCounts(nodes, false);
            nodes.network.heal("a", "b");
            awaitCounts(nodes, true);
            nodes.a.restart();
            awaitCounts(nodes, true);
            assertTrue(nodes.a.mirrors.disable("disk", "b"));
            assertTrue(nodes.machine.awaitUntil(() -> nodes.a.engine.peers.isEmpty(), 10 * SECOND));
        });
    }

    private static PeerProgress peer(TwoNodes nodes) {
        return nodes.a.engine.peers.get("disk<b");
    }

    private static void awaitCounts(TwoNodes nodes, boolean counts) {
        assertTrue(
                nodes.machine.awaitUntil(
                        () -> (peer(nodes) != null && peer(nodes).reachable()) == counts, 30 * SECOND),
                () -> "not " + counts + ": " + nodes.a.engine.peers + ", " + nodes.a.mirrors.status());
    }

    /** Both journals would be lost together. */
    @Test
    void whoseOwnJournalLiesInTheSamePoolDoesNotCount() {
        TwoNodes.play(2400, SEEDS, nodes -> {
            nodes.b.engine.journalPool = "both";
            shared(nodes);
            awaitWords(
                    nodes, nodes.a, "no commit policy counts it, because its journal lies in the pool of this one's");
            nodes.write(nodes.a, 1);
            awaitHas(nodes, SECOND / 5);
            assertTrue(peer(nodes) == null || !peer(nodes).reachable(), () -> peer(nodes)
                    .toString());
        });
    }

    /** Who is promoted says so over the link at once, and is not told anything any more. */
    @Test
    void rolesChangeAsOverALink() {
        TwoNodes.play(2500, SEEDS, nodes -> {
            shared(nodes);
            nodes.write(nodes.a, 3);
            nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            nodes.write(nodes.b, 3);
            nodes.awaitEqual(nodes.b, nodes.a);
            assertEquals(Map.of(), onlyReachable(nodes.a));
        });
    }

    private static Map<String, PeerProgress> onlyReachable(TwoNodes.Node node) {
        Map<String, PeerProgress> all = new TreeMap<>(node.engine.peers);
        all.values().removeIf(one -> !one.reachable());
        return all;
    }
}
