package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.SEEDS;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** No replica is ahead of the one that is promoted without being named: whatever it has only received, and whoever breaks off. */
class SiblingsSimulationTest {
    private static void cut(TwoNodes nodes, TwoNodes.Node one, TwoNodes.Node other) {
        nodes.network.cut(one.name, other.name);
        assertTrue(nodes.machine.awaitUntil(() -> !linked(one, other.name) && !linked(other, one.name), 60 * SECOND));
    }

    private static boolean linked(TwoNodes.Node node, String peer) {
        return node.mirrors.peers().stream().anyMatch(one -> one.name().equals(peer) && one.linked());
    }

    private static void follows(TwoNodes nodes, TwoNodes.Node replica) throws StorageException {
        nodes.a.mirrors.enable("disk", replica.name, ReplicaOptions.DEFAULTS);
        nodes.awaitEqual(nodes.a, replica);
    }

    /** What is written last reaches c alone, which does not make it durable; and a is gone. */
    private static TwoNodes.Node unforcedAtAThird(TwoNodes nodes) throws StorageException {
        mirrored(nodes);
        TwoNodes.Node c = nodes.third();
        follows(nodes, c);
        cut(nodes, nodes.a, nodes.b);
        stopsForcing(nodes, c);
        return c;
    }

    private static void stopsForcing(TwoNodes nodes, TwoNodes.Node c) throws StorageException {
        MemoryImage there = c.image("disk");
        there.stopped = true;
        nodes.write(nodes.a, 5);
        long end = nodes.a.image("disk").journal.durable();
        assertTrue(nodes.machine.awaitUntil(() -> there.journal.appended() == end, 20 * SECOND));
        assertTrue(there.journal.durable() < end);
        nodes.a.process.kill();
    }

    /** With replica-arrived it is acknowledged by then. */
    @Test
    void whatHasArrivedAtASiblingIsFetchedAsSoonAsItIsDurable() {
        TwoNodes.play(9100, SEEDS, nodes -> {
            TwoNodes.Node c = unforcedAtAThird(nodes);
            long end = c.image("disk").journal.appended();
            c.process.workers().start("forces", () -> {
                c.process.workers().newGate().await(SECOND);
                c.image("disk").stopped = false;
                c.engine.wake();
            });
            Promotion promotion = nodes.b.mirrors.promote("disk", true);
            assertEquals(List.of("a"), promotion.notAsked());
            assertEquals(List.of(), promotion.ahead());
            assertEquals(end, promotion.at().sequence());
            nodes.checkAcknowledged(nodes.b);
        });
    }

    /** What it has made durable before is as good as ever. */
    @Test
    void aSiblingThatDoesNotMakeAllDurableGivesTheRest() {
        TwoNodes.play(9120, SEEDS, nodes -> {
            mirrored(nodes);
            TwoNodes.Node c = nodes.third();
            follows(nodes, c);
            cut(nodes, nodes.a, nodes.b);
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, c);
            List<TwoNodes.Written> fetched = List.copyOf(nodes.acknowledged);
            long durable = nodes.a.image("disk").journal.durable();
            stopsForcing(nodes, c);
            Promotion promotion = nodes.b.mirrors.promote("disk", true);
            assertEquals(List.of("a"), promotion.notAsked());
            assertEquals(durable, promotion.at().sequence());
            nodes.acknowledged.retainAll(fetched);
            nodes.checkAcknowledged(nodes.b);
        });
    }

    /** c has most, and its link breaks as soon as it is to send that; d has less, and more than b. */
    @Test
    void whereTheFurthestOneBreaksOffTheNextOneIsFetchedFrom() {
        TwoNodes.play(9140, SEEDS, nodes -> {
            mirrored(nodes);
            TwoNodes.Node c = nodes.third();
            TwoNodes.Node d = nodes.fourth(c);
            follows(nodes, c);
            follows(nodes, d);
            cut(nodes, nodes.a, nodes.b);
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, d);
            List<TwoNodes.Written> fetched = List.copyOf(nodes.acknowledged);
            long end = nodes.a.image("disk").journal.durable();
            cut(nodes, nodes.a, d);
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, c);
            nodes.a.process.kill();
            c.image("disk").journal.beforeReading = () -> nodes.network.cut("b", "c");
            Promotion promotion = nodes.b.mirrors.promote("disk", true);
            assertEquals(List.of("a"), promotion.notAsked());
            assertEquals(List.of("c"), promotion.ahead());
            assertEquals(end, promotion.at().sequence());
            nodes.acknowledged.retainAll(fetched);
            nodes.checkAcknowledged(nodes.b);
        });
    }

    /** c was primary for a while, and has trimmed what it wrote; of that neither b nor its source know anything. */
    @Test
    void whoeverIsAheadAndCannotGiveItIsNotPassedOverUnasked() {
        TwoNodes.play(9160, SEEDS, nodes -> {
            mirrored(nodes);
            TwoNodes.Node c = nodes.third();
            follows(nodes, c);
            long end = nodes.a.mirrors.demote("disk").sequence();
            for (TwoNodes.Node replica : List.of(nodes.b, c)) {
                assertTrue(nodes.machine.awaitUntil(
                        () -> replica.image("disk").journal.durable() == end, 20 * SECOND));
            }
            cut(nodes, nodes.a, c);
            cut(nodes, nodes.b, c);
            c.mirrors.promote("disk", true);
            nodes.write(c, 3);
            c.mirrors.demote("disk");
            nodes.network.heal("b", "c");
            assertTrue(nodes.machine.awaitUntil(() -> linked(nodes.b, "c") && linked(c, "b"), 60 * SECOND));
            StorageException lacks =
                    refused(StorageException.Reason.UNAVAILABLE, () -> nodes.b.mirrors.promote("disk", false));
            assertTrue(lacks.getMessage().contains("lacks events that c has"), lacks.getMessage());
            assertEquals(List.of("c"), nodes.b.mirrors.promote("disk", true).ahead());
        });
    }
}
