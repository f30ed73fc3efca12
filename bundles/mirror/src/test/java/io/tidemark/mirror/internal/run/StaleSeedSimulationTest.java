package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.SEEDS;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.mirror.internal.manage.Mirrors;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** An order to begin anew that was not carried out is over when the image is promoted: what is written then is nowhere else. */
class StaleSeedSimulationTest {
    private static final String WISH = "io.tidemark.mirror.replica-disk.cfg";

    private static String seed(TwoNodes.Node node) throws StorageException {
        return node.keys(WISH).getOrDefault("seed", "");
    }

    /** b is a replica that is to begin anew, by an order in the middle of which its process died: its source gave no answer. */
    private static void ordered(TwoNodes nodes) throws StorageException {
        OrdersSimulationTest.mirrored(nodes);
        nodes.a.image("disk").suspended = true;
        nodes.b.process.workers().start("order", () -> {
            try {
                nodes.b.mirrors.resync("disk", "a", GivenUp.REFUSED);
            } catch (StorageException e) {
                // The process dies.
            }
        });
        assertTrue(nodes.machine.awaitUntil(() -> !seed(nodes.b).isEmpty(), 10 * SECOND));
        nodes.b.process.kill();
        nodes.network.cut("a", "b");
        nodes.b.boot();
        assertEquals(nodes.b.image("disk").journal.identity().toString(), seed(nodes.b));
    }

    /** The source is back, and asked again and again. */
    private static void back(TwoNodes nodes) {
        nodes.a.image("disk").suspended = false;
        nodes.network.heal("a", "b");
        nodes.awaitLinked();
        nodes.machine.sleep(60 * SECOND);
    }

    @Test
    void whoIsPromotedForgetsToBeginAnew() {
        TwoNodes.play(5100, SEEDS, nodes -> {
            ordered(nodes);
            UUID journal = nodes.b.image("disk").journal.identity();
            nodes.b.mirrors.promote("disk", true);
            assertEquals("", seed(nodes.b));
            nodes.write(nodes.b, 5);
            if (nodes.random.coin()) {
                nodes.b.restart();
            }
            back(nodes);
            assertTrue(nodes.b.isPrimary("disk"));
            nodes.checkAcknowledged(nodes.b);

            // Nor does it when writing has ended there, which gives nothing up.
            nodes.b.mirrors.demote("disk");
            nodes.machine.sleep(60 * SECOND);
            assertEquals(journal, nodes.b.image("disk").journal.identity());
            nodes.checkAcknowledged(nodes.b);
        });
    }

    /** A wish that came back, as with a file from a backup. */
    @Test
    void aPrimaryDoesNotBeginAnewByItsJournalsName() {
        TwoNodes.play(5120, SEEDS, nodes -> {
            ordered(nodes);
            String seed = seed(nodes.b);
            nodes.b.mirrors.promote("disk", true);
            nodes.b.edit(Mirrors.REPLICAS, "disk", Map.of("seed", seed));
            nodes.write(nodes.b, 5);
            if (nodes.random.coin()) {
                nodes.b.restart();
            }
            back(nodes);
            assertTrue(nodes.b.isPrimary("disk"));
            nodes.checkAcknowledged(nodes.b);
        });
    }

    /** Until then the order stands. */
    @Test
    void whoIsNotPromotedBeginsAnew() {
        TwoNodes.play(5140, SEEDS, nodes -> {
            ordered(nodes);
            UUID journal = nodes.b.image("disk").journal.identity();
            back(nodes);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.status("disk").state() == MirrorStatus.State.UP_TO_DATE, 60 * SECOND));
            assertTrue(!journal.equals(nodes.b.image("disk").journal.identity()));
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }
}
