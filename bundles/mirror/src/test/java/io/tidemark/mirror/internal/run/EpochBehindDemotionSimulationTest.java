package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.ReplicaOptions;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a replica has last is that its source was demoted, and that somebody else was promoted since: none of its events yet. */
class EpochBehindDemotionSimulationTest {
    @Test
    void whoKnowsThatSomebodyWasPromotedSinceIsNotSure() {
        TwoNodes.play(3500, 3, nodes -> {
            mirrored(nodes);
            nodes.write(nodes.a, 3);
            nodes.a.mirrors.demote("disk");
            MemoryJournal journal = nodes.b.image("disk").journal;
            long end = nodes.a.image("disk").journal.durable();
            assertTrue(nodes.machine.awaitUntil(() -> journal.durable() == end, 20 * SECOND));
            nodes.network.cut("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
            journal.startEpoch(nodes.b.image("disk").newestEpoch().next(new UUID(6, 6), end + 1, 1, "c"));
            refused(Reason.UNAVAILABLE, () -> nodes.b.mirrors.promote("disk", false));
            nodes.b.mirrors.promote("disk", true);
        });
    }

    /** Its source is linked, was demoted and is behind: it does not know of the one that was promoted since, and that one is away. */
    @Test
    void norIsWhoseSourceKnowsLess() {
        TwoNodes.play(3520, 3, nodes -> {
            mirrored(nodes);
            TwoNodes.Node c = nodes.third();
            nodes.a.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, c);
            nodes.a.mirrors.demote("disk");
            MemoryJournal journal = nodes.b.image("disk").journal;
            long end = nodes.a.image("disk").journal.durable();
            assertTrue(nodes.machine.awaitUntil(() -> journal.durable() == end, 20 * SECOND));
            nodes.network.cut("b", "c");
            assertTrue(nodes.machine.awaitUntil(() -> !isLinked(nodes.b, "c"), 60 * SECOND));
            journal.startEpoch(nodes.b.image("disk").newestEpoch().next(new UUID(6, 6), end + 1, 1, "c"));
            assertTrue(isLinked(nodes.b, "a"));
            refused(Reason.UNAVAILABLE, () -> nodes.b.mirrors.promote("disk", false));
            refused(
                    Reason.UNAVAILABLE,
                    () -> nodes.b.mirrors.promoteAt("disk", new Position(1, 1), false, GivenUp.LOST));
            // Where everybody has said that he is not primary, it is sure.
            nodes.network.heal("b", "c");
            assertTrue(nodes.machine.awaitUntil(() -> isLinked(nodes.b, "c"), 60 * SECOND));
            nodes.machine.sleep(6 * SECOND);
            assertEquals(0, nodes.b.mirrors.promote("disk", false).missingEvents());
        });
    }

    /** Its source is as far, and knows more: that somebody was promoted since. */
    @Test
    void norIsWhoseSourceKnowsThat() {
        TwoNodes.play(3540, 3, nodes -> {
            mirrored(nodes);
            nodes.write(nodes.a, 3);
            nodes.a.mirrors.demote("disk");
            MemoryJournal journal = nodes.a.image("disk").journal;
            long end = journal.durable();
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.b.image("disk").journal.durable() == end, 20 * SECOND));
            journal.startEpoch(nodes.a.image("disk").newestEpoch().next(new UUID(6, 6), end + 1, 1, "c"));
            refused(Reason.UNAVAILABLE, () -> nodes.b.mirrors.promote("disk", false));
        });
    }

    private static boolean isLinked(TwoNodes.Node node, String peer) {
        return node.mirrors.peers().stream().anyMatch(one -> one.name().equals(peer) && one.linked());
    }
}
