package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Direct memory is bounded for the whole process: links and comparisons take little of it, however many there are. */
class DirectMemorySimulationTest {
    private static final int COMPARISONS = 12;
    private static final int MOST_AT_ONCE = 4;

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @Test
    void linksThatNothingIsSentOverTakeNone() {
        TwoSites.play(7400, 1, sites -> {
            System.gc();
            long before = directBytes();
            sites.a.boot();
            sites.b.boot();
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.a.mirror.linked("b") && sites.b.mirror.linked("a"), 5 * SECOND));
            assertTrue(directBytes() <= before, () -> directBytes() - before + " bytes more");
        });
    }

    @Test
    void onlySoManyAreComparedAtOnce() {
        TwoNodes.play(7410, 1, nodes -> {
            nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS);
            nodes.awaitEqual(nodes.a, nodes.b);
            nodes.b.engine.lent.clear();
            nodes.b.engine.readsWait = true;
            AtomicInteger done = new AtomicInteger();
            for (int i = 0; i < COMPARISONS; i++) {
                nodes.b.process.workers().start("verify", () -> {
                    try {
                        nodes.b.mirrors.verify("disk", "a", WorkListener.QUIET);
                        done.incrementAndGet();
                    } catch (StorageException e) {
                        throw new AssertionError(e);
                    }
                });
            }
            nodes.machine.sleep(5 * SECOND);
            assertEquals(MOST_AT_ONCE, nodes.b.engine.lent.size());
            nodes.b.engine.readsWait = false;
            assertTrue(nodes.machine.awaitUntil(() -> done.get() == COMPARISONS, 60 * SECOND));
        });
    }
}
