package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.mirror.internal.wire.Order;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A node is short of direct memory or threads for a while: what it does meanwhile may fail, and goes on by itself afterwards. */
class ShortageSimulationTest {
    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 10 : 40);

    /** The simulation fails by itself where a worker dies. */
    @Test
    void replicasGoOnAfterIt() {
        TwoSites.play(7100, SEEDS, sites -> {
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            sites.write(image, 20, 4096);
            image.journal.beforeReplacing = client -> sites.shortage.meet();
            sites.b.boot();
            sites.b.wish("disk");
            sites.shortage.share = 2 + sites.random.below(20);
            for (int i = 0; i < 20; i++) {
                sites.machine.sleep(sites.random.below(SECOND));
                sites.write(image, 3, 4096);
                if (sites.random.below(5) == 0) {
                    sites.network.reset("a", "b");
                }
            }
            assertTrue(sites.shortage.failed > 0);
            sites.shortage.share = 0;
            sites.awaitEqual("disk", 30 * SECOND);
            sites.write(image, 3, 4096);
            sites.awaitEqual("disk", 5 * SECOND);
            assertTrue(sites.b.mirror.endReplica("disk", false, SECOND));
        });
    }

    @Test
    void anOrderThatMeetsItIsAnswered() {
        TwoSites.play(7200, SEEDS, sites -> {
            sites.following("disk");
            sites.shortage.share = 1;
            Order order = new Order.Look("disk");
            StorageException failed = assertThrows(
                    StorageException.class, () -> sites.b.mirror.ask("a", order, 5 * SECOND, WorkListener.QUIET));
            // There was no worker for it, or it failed.
            assertTrue(Set.of(Reason.UNAVAILABLE, Reason.IO).contains(failed.reason()), failed.getMessage());
            sites.shortage.share = 0;
        });
    }

    @Test
    void whoeverWasTakenOverIsFencedAfterIt() {
        TwoNodes.play(7300, SEEDS, nodes -> {
            nodes.a.engine.shortage = new Shortage(nodes.random);
            nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS);
            nodes.awaitEqual(nodes.a, nodes.b);
            nodes.a.engine.shortage.share = 2;
            for (int i = 0; i < 10; i++) {
                nodes.network.reset("a", "b");
                nodes.machine.sleep(SECOND);
            }
            assertTrue(nodes.a.engine.shortage.failed > 0);
            nodes.a.engine.shortage.share = 0;
            nodes.network.cut("a", "b");
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 1);
            nodes.network.heal("a", "b");
            assertTrue(nodes.machine.awaitUntil(() -> nodes.a.image("disk").fence != null, 30 * SECOND));
        });
    }
}
