package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Orders of one link that take long, and as many of them as there are places: others are done all the same. */
class OrderPlacesSimulationTest {
    private static final int MANY = 40;

    /** Counts those that have come back, however. */
    private static AtomicInteger atOnce(TwoNodes.Node node, Executable order) {
        AtomicInteger back = new AtomicInteger();
        for (int i = 0; i < MANY; i++) {
            node.process.workers().start("order-" + i, () -> {
                try {
                    order.execute();
                } catch (StorageException e) {
                    // What becomes of it is not the question here.
                } catch (Throwable e) {
                    throw new AssertionError(e);
                }
                back.incrementAndGet();
            });
        }
        return back;
    }

    @Test
    void comparisonsKeepNobodyFromLooking() {
        TwoNodes.play(4700, 3, nodes -> {
            mirrored(nodes);
            nodes.b.engine.readsWait = true;
            AtomicInteger back = atOnce(nodes.a, () -> nodes.a.mirrors.verify("disk", "b", WorkListener.QUIET));
            nodes.machine.sleep(5 * SECOND);
            assertTrue(back.get() < MANY, "nothing is waited for");
            String said = refused(Reason.MISMATCH, () -> nodes.a.mirrors.resync("disk", "b", GivenUp.REFUSED))
                    .getMessage();
            assertTrue(said.contains("is a replica at b"), said);
            nodes.b.engine.readsWait = false;
            assertTrue(nodes.machine.awaitUntil(() -> back.get() == MANY, 60 * SECOND), back::toString);
        });
    }

    /** A change of the image's role hangs, and everybody who looks has gone away meanwhile. */
    @Test
    void whoIsWaitedForNoMoreKeepsNoPlace() {
        TwoNodes.play(4710, 3, nodes -> {
            mirrored(nodes);
            Gate hung = nodes.a.process.workers().newGate();
            nodes.a.image("disk").beforeDemotion = () -> hung.await(Long.MAX_VALUE);
            nodes.a.process.workers().start("demotion", () -> {
                try {
                    nodes.a.mirrors.demote("disk");
                } catch (StorageException e) {
                    nodes.broken.add(e.toString());
                }
            });
            nodes.machine.sleep(SECOND);
            AtomicInteger back = atOnce(nodes.b, () -> nodes.b.mirrors.resync("disk", "a", GivenUp.REFUSED));
            assertTrue(nodes.machine.awaitUntil(() -> back.get() == MANY, 60 * SECOND), back::toString);
            nodes.machine.sleep(5 * SECOND);
            // Of an order that needs no turn.
            String said = refused(Reason.BUSY, () -> nodes.b.mirrors.enable("disk", "a", ReplicaOptions.DEFAULTS))
                    .getMessage();
            assertTrue(said.contains("a says: "), said);
            hung.open();
        });
    }
}
