package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.base.wish.Wish;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A replica reads the journal that its source's node writes: what the link between the two nodes is still good for. */
class SharedSimulationTest {
    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 4 : 8);

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

    /** The pool is known to people only, and is not forgotten when the same two nodes change places in single steps. */
    @Test
    void whatIsSharedIsSharedAgainWhenRolesAreBack() {
        TwoNodes.play(2550, SEEDS, nodes -> {
            shared(nodes);
            OrdersSimulationTest.thereAndBack(nodes);
            awaitWords(nodes, nodes.b, "reads the source's journal itself");
            assertEquals(
                    Map.of("peer", "a", ReplicaOptions.SHARED, "both"),
                    nodes.b.keys("io.tidemark.mirror.replica-disk.cfg"));
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    private static Map<String, PeerProgress> onlyReachable(TwoNodes.Node node) {
        Map<String, PeerProgress> all = new TreeMap<>(node.engine.peers);
        all.values().removeIf(one -> !one.reachable());
        return all;
    }

    // ---- what does not go as planned

    /** What was not proven yet is no other branch: it is fenced and followed as over a link. */
    @Test
    void aPromotionByForceFencesTheSourceThatWasRead() {
        TwoNodes.play(2600, SEEDS, nodes -> {
            shared(nodes);
            nodes.write(nodes.a, 3);
            awaitHas(nodes, SECOND / 5);
            nodes.b.mirrors.promote("disk", true);
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.a.image("disk").fence != null, 20 * SECOND),
                    () -> nodes.a.mirrors.status().toString());
            assertEquals("b", nodes.a.image("disk").fence.peer());
            nodes.write(nodes.b, 3);
            nodes.a.mirrors.resync("disk", "b", GivenUp.LOST);
            nodes.awaitEqual(nodes.b, nodes.a);
        });
    }

    /** Its source's owner gave it up while it was away: it says so, and nothing is followed with a gap. */
    @Test
    void whoWasExpiredIsToldWhenItIsBack() {
        TwoNodes.play(2700, SEEDS, nodes -> {
            FollowedMemory.Pool pool = shared(nodes);
            boolean linked = nodes.random.coin();
            nodes.b.process.kill();
            MemoryJournal journal = nodes.a.image("disk").journal;
            JournalClient kept = journal.clients().get(0);
            journal.putClient(new JournalClient(
                    kept.id(), kept.description(), kept.commit(), JournalClient.State.EXPIRED, kept.seenNanos()));
            nodes.write(nodes.a, 5);
            long before = nodes.b.image("disk").head;
            if (!linked) {
                nodes.network.cut("a", "b");
            }
            nodes.b.boot();
            nodes.b.engine.pools.put("both", pool);
            assertTrue(
                    nodes.machine.awaitUntil(
                            () -> nodes.b.status("disk").trouble().contains("mirror:resync"), 60 * SECOND),
                    () -> nodes.b.status("disk").toString());
            assertEquals(before, nodes.b.image("disk").head);
            nodes.network.heal("a", "b");
            nodes.awaitLinked();
            nodes.b.mirrors.resync("disk", "a", GivenUp.REFUSED);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** As one that knows no such channel, or has lost its configuration: the files are read all the same, and the link stays. */
    @Test
    void aSourceThatTellsNoNewsIsReadAllTheSame() {
        TwoNodes.play(2800, SEEDS, nodes -> {
            shared(nodes);
            Map<String, String> keys = nodes.a.keys("io.tidemark.mirror.peer-b.cfg");
            keys.put("images", "other");
            nodes.a.mirrors.peerWished(new Wish(
                    nodes.a.etc.resolve("io.tidemark.mirror.peer-b.cfg").toString(), "b", keys));
            nodes.network.reset("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.a.mirrors.peers().get(0).linked(), 60 * SECOND));
            nodes.awaitLinked();
            nodes.machine.sleep(5 * SECOND);
            nodes.write(nodes.a, 3);
            awaitHas(nodes, FollowedMemory.LOOK_NANOS + SECOND);
            nodes.machine.sleep(20 * SECOND);
            assertTrue(nodes.a.mirrors.peers().get(0).linked()
                    && nodes.b.mirrors.peers().get(0).linked());
            nodes.write(nodes.a, 3);
            awaitHas(nodes, FollowedMemory.LOOK_NANOS + SECOND);
            awaitCounts(nodes, false);
        });
    }

    /** The source's node was updated first: its replica waits, says why, and goes on without a copy when it is updated, too. */
    @Test
    void aJournalOfANewerVersionIsWaitedFor() {
        TwoNodes.play(2900, SEEDS, nodes -> {
            FollowedMemory.Pool pool = shared(nodes);
            nodes.write(nodes.a, 3);
            awaitHas(nodes, SECOND / 5);
            int copied = nodes.b.image("disk").copiedRanges;
            String why = "its format has version 2, this is version 1";
            pool.refuse(new StorageException(Reason.UNSUPPORTED, why, "use a newer one"));
            nodes.write(nodes.a, 3);
            assertTrue(
                    nodes.machine.awaitUntil(
                            () -> nodes.b.status("disk").trouble().contains(why), 60 * SECOND),
                    () -> nodes.b.status("disk").toString());
            nodes.machine.sleep(20 * SECOND);
            assertTrue(!has(nodes));
            pool.refusal = null;
            if (nodes.random.coin()) {
                nodes.b.restart();
                nodes.b.engine.pools.put("both", pool);
            }
            awaitHas(nodes, 60 * SECOND);
            nodes.awaitEqual(nodes.a, nodes.b);
            assertEquals(copied, nodes.b.image("disk").copiedRanges);
        });
    }
}
