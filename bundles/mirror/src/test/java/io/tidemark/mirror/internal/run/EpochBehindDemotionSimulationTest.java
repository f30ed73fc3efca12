package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException.Reason;
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
}
