package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.Split;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Many ask at the same time how much was changed since two images parted: each look takes memory by that. */
class BranchLooksSimulationTest {
    private static final int SEEDS = 4;
    private static final int ASKERS = 8;
    private static final int WRITES_OF_B = 5;

    @Test
    void theyShareOneLook() {
        TwoNodes.play(2490, SEEDS, nodes -> {
            OrdersSimulationTest.parted(nodes, 7, WRITES_OF_B);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.mirrors.splits("disk").size() == 1
                            && nodes.b.mirrors.splits("disk").size() == 1,
                    20 * SECOND));
            // Everybody's look so far is old.
            nodes.machine.sleep(20 * SECOND);
            MemoryJournal journal = nodes.b.image("disk").journal;
            nodes.write(nodes.b, 1);
            int[] events = new int[1];
            journal.whileReading = () -> {
                events[0]++;
                nodes.b.process.workers().newGate().await(SECOND / 10);
            };
            int[] seen = new int[1];
            for (int i = 0; i < ASKERS; i++) {
                TwoNodes.Node node = i % 2 == 0 ? nodes.a : nodes.b;
                node.process.workers().start("asks", () -> {
                    try {
                        List<Split> splits = node.mirrors.splits("disk");
                        seen[0] += splits.size();
                    } catch (StorageException e) {
                        throw new AssertionError(e);
                    }
                });
            }
            assertTrue(
                    nodes.machine.awaitUntil(() -> seen[0] == ASKERS, 60 * SECOND), () -> seen[0] + " have an answer");
            assertTrue(events[0] <= WRITES_OF_B + 2, () -> events[0] + " events were read");
        });
    }
}
