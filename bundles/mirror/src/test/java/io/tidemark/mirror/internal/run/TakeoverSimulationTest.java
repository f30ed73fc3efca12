package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.SEEDS;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Fence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who may be written when a replica takes its primary's place by force: fences, questions at a start, and siblings. */
class TakeoverSimulationTest {
    // ---- fencing

    private static void awaitFenced(TwoNodes nodes, TwoNodes.Node node, String by) throws StorageException {
        assertTrue(
                nodes.machine.awaitUntil(() -> node.image("disk").fence != null, 20 * SECOND),
                () -> node.mirrors.status() + " / " + nodes.broken);
        Fence fence = node.image("disk").fence;
        assertEquals(by, fence.peer());
        assertEquals(nodes.b.image("disk").newestEpoch().number(), fence.epoch());
        assertFalse(node.write("disk"), "a fenced primary takes no writes");
        MirrorStatus status = node.status("disk");
        assertSame(MirrorStatus.State.REFUSED, status.state());
        assertTrue(status.words().contains("fenced by " + by + ", epoch " + fence.epoch()), status.words());
    }

    @Test
    void aReplacedPrimaryGivesWayAtContactAndAnOrderDecides() {
        boolean[] both = new boolean[2];
        TwoNodes.play(2300, 2 * SEEDS, nodes -> {
            mirrored(nodes);
            nodes.network.cut("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
            nodes.b.mirrors.promote("disk", true);
            List<TwoNodes.Written> shared = List.copyOf(nodes.acknowledged);
            // It comes back more often than the other one was promoted: numbers alone do not tell.
            for (int i = nodes.random.below(4); i > 0; i--) {
                nodes.a.restart();
            }
            nodes.write(nodes.a, 5);
            List<TwoNodes.Written> ofA = List.copyOf(nodes.acknowledged);
            nodes.acknowledged.retainAll(shared);
            nodes.write(nodes.b, 5);
            assertEquals(null, nodes.a.image("disk").fence, "nobody told it");

            nodes.network.heal("a", "b");
            awaitFenced(nodes, nodes.a, "b");
            nodes.network.cut("a", "b");
            nodes.a.restart();
            assertFalse(nodes.a.write("disk"), "it stays fenced where nobody tells it again");
            nodes.network.heal("a", "b");
            nodes.awaitLinked();
            refused(Reason.MISMATCH, () -> nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET));
            nodes.write(nodes.b, 5);
            assertEquals(null, nodes.b.image("disk").fence);

            if (nodes.random.coin()) {
                both[0] = true;
                nodes.a.mirrors.resync("disk", "b", GivenUp.LOST);
                nodes.awaitEqual(nodes.b, nodes.a);
            } else {
                both[1] = true;
                nodes.acknowledged.clear();
                nodes.acknowledged.addAll(ofA);
                nodes.b.mirrors.resync("disk", "a", GivenUp.LOST);
                assertTrue(nodes.machine.awaitUntil(() -> nodes.a.image("disk").fence == null, 20 * SECOND));
                nodes.write(nodes.a, 5);
                nodes.awaitEqual(nodes.a, nodes.b);
            }
        });
        assertTrue(both[0] && both[1]);
    }

    @Test
    void aPromotionByForceBesideALivePrimaryFencesItAtOnce() {
        TwoNodes.play(2400, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.b.mirrors.promote("disk", true);
            awaitFenced(nodes, nodes.a, "b");
            nodes.write(nodes.b, 5);
            nodes.a.mirrors.demote("disk");
            assertEquals(null, nodes.a.image("disk").fence);
        });
    }

    @Test
    void whatAnOperatorOverrulesGivesWayWhenItReturns() {
        TwoNodes.play(2500, 2 * SEEDS, nodes -> {
            mirrored(nodes);
            nodes.network.cut("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, nodes.random.below(3));
            if (nodes.random.coin()) {
                nodes.a.restart();
                nodes.write(nodes.a, 2);
            }
            nodes.network.heal("a", "b");
            awaitFenced(nodes, nodes.a, "b");
            nodes.network.cut("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.a.mirrors.peers().get(0).linked(), 60 * SECOND));
            // The site of b is given up, and comes back all the same, after some restarts of its own.
            nodes.a.mirrors.demote("disk");
            nodes.a.mirrors.promote("disk", true);
            nodes.write(nodes.a, 3);
            for (int i = nodes.random.below(4); i > 0; i--) {
                nodes.b.restart();
            }
            nodes.network.heal("a", "b");
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.b.image("disk").fence != null, 20 * SECOND),
                    () -> nodes.a.mirrors.status() + " / " + nodes.b.mirrors.status());
            assertEquals("a", nodes.b.image("disk").fence.peer());
            assertFalse(nodes.b.write("disk"));
            assertEquals(null, nodes.a.image("disk").fence);
            nodes.write(nodes.a, 3);
        });
    }

    // ---- siblings

    /** The image goes to b, with a delay or held or not, and to c; what a writes now reaches c only. */
    private static TwoNodes.Node furtherAtAThird(TwoNodes nodes) throws StorageException {
        mirrored(nodes);
        TwoNodes.Node c = nodes.third();
        nodes.a.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
        nodes.awaitEqual(nodes.a, c);
        nodes.awaitEqual(nodes.a, nodes.b);
        if (nodes.random.coin()) {
            nodes.b.mirrors.hold("disk");
        }
        nodes.network.cut("a", "b");
        assertTrue(
                nodes.machine.awaitUntil(() -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
        nodes.write(nodes.a, 1 + nodes.random.below(50));
        nodes.awaitEqual(nodes.a, c);
        nodes.network.cut("a", "c");
        return c;
    }

    @Test
    void whoIsPromotedFetchesWhatASiblingHasMore() {
        TwoNodes.play(2800, 2 * SEEDS, nodes -> {
            TwoNodes.Node c = furtherAtAThird(nodes);
            long end = nodes.a.image("disk").journal.durable();
            refused(Reason.UNAVAILABLE, () -> nodes.b.mirrors.promote("disk", false));
            Promotion promotion = nodes.b.mirrors.promote("disk", true);
            assertEquals(end, promotion.at().sequence());
            assertEquals(List.of("a"), promotion.notAsked());
            assertEquals(List.of(), promotion.ahead());
            nodes.checkAcknowledged(nodes.b);
            nodes.write(nodes.b, 3);
            assertEquals(List.of(), c.image("disk").journal.clients(), "nothing is kept for who only fetched");
        });
    }

    /** For whoever looks, too: a replica that fetches from another one, or turns to it, is not one that nobody mirrors. */
    @Test
    void aReplicaIsMirroredAllTheTimeWhileItsSourceChanges() {
        TwoNodes.play(2810, 2 * SEEDS, nodes -> {
            TwoNodes.Node c = furtherAtAThird(nodes);
            List<String> wrong = new ArrayList<>();
            for (TwoNodes.Node node : List.of(nodes.b, c)) {
                Workers workers = node.process.workers();
                workers.start("watch", () -> {
                    Workers.Gate gate = workers.newGate();
                    while (true) {
                        try {
                            node.mirrors.status("disk");
                        } catch (StorageException e) {
                            wrong.add(node + ": " + e.getMessage());
                        }
                        gate.await(SECOND / 10_000);
                    }
                });
            }
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 3);
            nodes.awaitEqual(nodes.b, c);
            assertEquals(List.of(), wrong);
        });
    }

    /** It has nothing that the new primary lacks, and what it followed is gone: no order is needed, nor a copy. */
    @Test
    void theOthersFollowWhoWasPromotedWhenTheirSourceIsGone() {
        TwoNodes.play(2820, 2 * SEEDS, nodes -> {
            TwoNodes.Node c = furtherAtAThird(nodes);
            int copied = c.image("disk").copiedRanges;
            boolean delayed = nodes.random.coin();
            if (delayed) {
                c.mirrors.delay("disk", SECOND);
            }
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 3);
            nodes.awaitEqual(nodes.b, c);
            assertEquals(copied, c.image("disk").copiedRanges);
            assertEquals(delayed ? Map.of("peer", "b", "delay", "1s") : Map.of("peer", "b"), wish(c));
            // An invitation whose answer was lost is repeated.
            nodes.b.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
            assertEquals(delayed ? Map.of("peer", "b", "delay", "1s") : Map.of("peer", "b"), wish(c));
            // The one that was replaced comes back, and nobody takes anything from it.
            nodes.acknowledged.clear();
            nodes.network.heal("a", "b");
            nodes.network.heal("a", "c");
            awaitFencedByAny(nodes);
            nodes.acknowledged.add(
                    new TwoNodes.Written(0, nodes.b.image("disk").bytes.clone()));
            nodes.write(nodes.b, 3);
            nodes.awaitEqual(nodes.b, c);
            nodes.a.mirrors.resync("disk", "b", GivenUp.LOST);
            nodes.awaitEqual(nodes.b, nodes.a);
        });
    }

    private static Map<String, String> wish(TwoNodes.Node node) throws StorageException {
        return node.keys("io.tidemark.mirror.replica-disk.cfg");
    }

    /** What was ordered for it as a replica, it is again whenever it is one. */
    @Test
    void rolesThatChangeInSingleStepsLeaveDelays() {
        TwoNodes.play(2830, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.b.mirrors.delay("disk", 3600 * SECOND);
            OrdersSimulationTest.thereAndBack(nodes);
            assertEquals(Map.of("peer", "a", "delay", "1h"), wish(nodes.b));
            nodes.write(nodes.a, 3);
            MemoryJournal received = nodes.b.image("disk").journal;
            assertTrue(nodes.machine.awaitUntil(
                    () -> received.durable() == nodes.a.image("disk").journal.durable(), 20 * SECOND));
            nodes.machine.sleep(10 * SECOND);
            assertTrue(
                    nodes.b.image("disk").head < received.durable(), "what was written just now shows an hour later");
            // People may order another one.
            nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("", 2 * SECOND, Map.of()));
            assertEquals(Map.of("peer", "a", "delay", "2s"), wish(nodes.b));
        });
    }

    private static void awaitFencedByAny(TwoNodes nodes) {
        assertTrue(nodes.machine.awaitUntil(() -> nodes.a.image("disk").fence != null, 20 * SECOND));
    }

    /** It sees both, and goes on with the one that it was told to follow. */
    @Test
    void aReplicaWhoseSourceIsThereTurnsToNobodyByItself() {
        TwoNodes.play(2840, SEEDS, nodes -> {
            TwoNodes.Node c = furtherAtAThird(nodes);
            // The link that was cut ends first, and is not taken for the new one.
            assertTrue(nodes.machine.awaitUntil(
                    () -> !c.mirrors.peers().stream().allMatch(PeerStatus::linked), 60 * SECOND));
            nodes.network.heal("a", "c");
            assertTrue(nodes.machine.awaitUntil(
                    () -> c.mirrors.peers().stream().allMatch(PeerStatus::linked), 60 * SECOND));
            nodes.b.mirrors.promote("disk", true);
            nodes.machine.sleep(20 * SECOND);
            assertEquals("a", c.keys("io.tidemark.mirror.replica-disk.cfg").get("peer"));
            // Until that is gone.
            nodes.network.cut("a", "c");
            nodes.write(nodes.b, 1);
            nodes.awaitEqual(nodes.b, c);
        });
    }

    /** What is later than what a replica has received may be what it is to be promoted at. */
    @Test
    void aMomentThatOnlyASiblingHasIsFetched() {
        boolean[] both = new boolean[2];
        TwoNodes.play(2850, 2 * SEEDS, nodes -> {
            TwoNodes.Node c = furtherAtAThird(nodes);
            MemoryImage here = nodes.b.image("disk");
            long before = here.journal.durable();
            long end = c.image("disk").journal.durable();
            boolean position = nodes.random.coin();
            both[position ? 1 : 0] = true;
            if (position) {
                Position at = new Position(here.newestEpoch().number(), before + 1);
                refused(Reason.UNSUPPORTED, () -> nodes.b.mirrors.promoteAt("disk", at, true, GivenUp.LOST));
            } else {
                assertEquals(end - before, nodes.b.mirrors.fetch("disk"));
                assertEquals(0, nodes.b.mirrors.fetch("disk"));
            }
            assertEquals(end, here.journal.durable());
            assertFalse(nodes.b.isPrimary("disk"));
        });
        assertTrue(both[0] && both[1]);
    }

    @Test
    void whoCannotBeAskedIsNamed() {
        TwoNodes.play(2900, SEEDS, nodes -> {
            TwoNodes.Node c = furtherAtAThird(nodes);
            nodes.network.cut("b", "c");
            assertTrue(nodes.machine.awaitUntil(
                    () -> c.mirrors.peers().stream().noneMatch(PeerStatus::linked), 60 * SECOND));
            Promotion promotion = nodes.b.mirrors.promote("disk", true);
            assertEquals(List.of("a", "c"), promotion.notAsked());
        });
    }

    @Test
    void nobodyIsPromotedBesideASiblingThatWas() {
        TwoNodes.play(2950, SEEDS, nodes -> {
            TwoNodes.Node c = furtherAtAThird(nodes);
            c.mirrors.promote("disk", true);
            assertTrue(refused(Reason.MISMATCH, () -> nodes.b.mirrors.promote("disk", false))
                    .getMessage()
                    .contains("primary at c"));
            assertTrue(refused(
                            Reason.MISMATCH,
                            () -> nodes.b.mirrors.promoteAt("disk", new Position(1, 1), false, GivenUp.LOST))
                    .getMessage()
                    .contains("primary at c"));
        });
    }

    /** An earlier moment makes nobody surer that its source is written no more. Journals in memory cannot be cut: who may is told so. */
    @Test
    void atAnEarlierMomentTooNobodyIsPromotedBesideASourceThatIsOnlyCutOff() {
        TwoNodes.play(2970, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, nodes.b);
            Position at = new Position(nodes.b.image("disk").newestEpoch().number(), 1);
            cut(nodes);
            assertTrue(nodes.a.write("disk"), "it goes on");
            assertTrue(refused(Reason.UNAVAILABLE, () -> nodes.b.mirrors.promoteAt("disk", at, false, GivenUp.LOST))
                    .getMessage()
                    .contains("whether its source is still written"));
            refused(Reason.UNSUPPORTED, () -> nodes.b.mirrors.promoteAt("disk", at, true, GivenUp.LOST));
            nodes.network.heal("a", "b");
            nodes.awaitLinked();
            nodes.a.mirrors.demote("disk");
            long end = nodes.a.image("disk").journal.durable();
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.b.image("disk").journal.durable() == end, 20 * SECOND));
            if (nodes.random.coin()) {
                cut(nodes);
            }
            refused(Reason.UNSUPPORTED, () -> nodes.b.mirrors.promoteAt("disk", at, false, GivenUp.LOST));
        });
    }

    /** It was demoted, but has a branch of its own: which one stays is not said by the moment. */
    @Test
    void atAnEarlierMomentTooNobodyIsPromotedWhoseSourceHasParted() {
        TwoNodes.play(2980, SEEDS, nodes -> {
            mirrored(nodes);
            Position at = new Position(nodes.b.image("disk").newestEpoch().number(), 1);
            cut(nodes);
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 3);
            nodes.b.mirrors.demote("disk");
            nodes.write(nodes.a, 3);
            nodes.a.mirrors.demote("disk");
            nodes.network.heal("a", "b");
            nodes.awaitLinked();
            assertTrue(refused(Reason.MISMATCH, () -> nodes.b.mirrors.promoteAt("disk", at, false, GivenUp.LOST))
                    .getMessage()
                    .contains("are on different branches"));
            refused(Reason.UNSUPPORTED, () -> nodes.b.mirrors.promoteAt("disk", at, true, GivenUp.LOST));
        });
    }

    private static void cut(TwoNodes nodes) {
        nodes.network.cut("a", "b");
        assertTrue(
                nodes.machine.awaitUntil(() -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
    }

    // ---- asking

    /** Its link may come before its image, or its image before the link. */
    private static void restartsAndAsks(TwoNodes nodes) throws StorageException {
        boolean late = nodes.random.coin();
        if (!late) {
            nodes.network.heal("a", "b");
        }
        nodes.a.restart();
        nodes.a.engine.ask(nodes.a.image("disk"));
        assertFalse(nodes.a.write("disk"));
        if (late) {
            nodes.machine.sleep(nodes.random.below(3) * SECOND);
            assertTrue(nodes.a.image("disk").question != 0, "nobody has said anything");
            assertTrue(
                    nodes.a.status("disk").words().contains("writes here wait"),
                    () -> nodes.a.status("disk").words());
            nodes.network.heal("a", "b");
        }
    }

    @Test
    void aPrimaryThatRestartsAsksItsReplicaBeforeItIsWritten() {
        boolean[] both = new boolean[2];
        TwoNodes.play(2600, 2 * SEEDS, nodes -> {
            mirrored(nodes);
            nodes.network.cut("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
            boolean promoted = nodes.random.coin();
            both[promoted ? 1 : 0] = true;
            if (promoted) {
                nodes.b.mirrors.promote("disk", true);
                nodes.write(nodes.b, 5);
            }
            restartsAndAsks(nodes);
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.a.image("disk").question == 0, 60 * SECOND),
                    () -> nodes.a.mirrors.status().toString());
            assertEquals(promoted, nodes.a.image("disk").fence != null);
            assertEquals(!promoted, nodes.a.write("disk"));
            if (!promoted) {
                nodes.awaitEqual(nodes.a, nodes.b);
            }
        });
        assertTrue(both[0] && both[1]);
    }

    @Test
    void anOrderDoesWithoutAnAnswer() {
        TwoNodes.play(2700, SEEDS, nodes -> {
            mirrored(nodes);
            refused(Reason.MISMATCH, () -> nodes.a.mirrors.admit("disk"));
            nodes.network.cut("a", "b");
            nodes.a.restart();
            nodes.a.engine.ask(nodes.a.image("disk"));
            nodes.machine.sleep(5 * SECOND);
            assertFalse(nodes.a.write("disk"));
            nodes.a.mirrors.admit("disk");
            nodes.write(nodes.a, 3);
        });
    }

    /** The peer at the end of a local link is there before anybody can be told that it is. */
    @Test
    void imagesOfOneNodeAskEachOther() {
        TwoNodes.play(3000, 2 * SEEDS, nodes -> {
            // No other link, which everybody would be told of.
            nodes.network.cut("a", "b");
            nodes.a.mirrors.addPeer("here", new PeerSettings(PeerSettings.LOCAL, "", "", "", true));
            nodes.a.mirrors.enable("disk", "here", new ReplicaOptions("copy", 0, Map.of()));
            nodes.write(nodes.a, 5);
            nodes.awaitSame(nodes.a, "disk", nodes.a, "copy");
            boolean promoted = nodes.random.coin();
            if (promoted) {
                // And the node dies before anybody sees it.
                nodes.a.engine.promote("copy");
            }
            nodes.a.restart();
            nodes.a.engine.ask(nodes.a.image("disk"));
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.a.image("disk").question == 0, 30 * SECOND),
                    () -> nodes.a.mirrors.status().toString());
            assertEquals(promoted, nodes.a.image("disk").fence != null);
        });
    }

    // ---- ends

    @Test
    void whoIsNoLongerMirroredToIsRefusedByAReplicaToo() {
        TwoNodes.play(3100, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.network.cut("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.a.mirrors.peers().get(0).linked()
                            && !nodes.b.mirrors.peers().get(0).linked(),
                    60 * SECOND));
            nodes.a.mirrors.disable("disk", "b");
            nodes.a.mirrors.demote("disk");
            nodes.network.heal("a", "b");
            nodes.awaitLinked();
            nodes.machine.sleep(5 * SECOND);
            assertEquals(List.of(), nodes.a.image("disk").journal.clients());
            String why = nodes.b.status("disk").trouble();
            assertTrue(why.contains("is not for the peer 'b'"), why);
        });
    }

    @Test
    void anEndThatTheJournalCannotBeToldOfIsRepeated() {
        TwoNodes.play(3200, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.a.image("disk").suspended = true;
            refused(Reason.UNAVAILABLE, () -> nodes.a.mirrors.disable("disk", "b"));
            nodes.a.image("disk").suspended = false;
            nodes.a.mirrors.disable("disk", "b");
            assertEquals(List.of(), nodes.a.image("disk").journal.clients());
            assertEquals(List.of(), nodes.a.mirrors.status());
        });
    }

    /** It is the only one that could be asked, it has no such image any more, and cannot make it again. */
    @Test
    void whoIsNoLongerMirroredToNeedNotAnswer() {
        TwoNodes.play(3300, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.b.process.kill();
            nodes.b.images.remove("disk");
            nodes.b.boot();
            nodes.b.engine.full = true;
            nodes.a.restart();
            nodes.a.engine.ask(nodes.a.image("disk"));
            nodes.awaitLinked();
            nodes.machine.sleep(3 * SECOND);
            assertFalse(nodes.a.write("disk"));
            nodes.b.mirrors.disable("disk", "a");
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.a.image("disk").question == 0, 20 * SECOND),
                    () -> nodes.a.mirrors.status().toString());
            nodes.write(nodes.a, 1);
        });
    }
}
