package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Verification;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A replica with a long delay is compared with its source: all events between the two are read first. */
class FarBehindSimulationTest {
    private static final int EVENTS = 9_000;
    private static final int AT_ONCE = 500;
    private static final String READS = "reads the events between the two sides, ";

    private static void write(TwoNodes nodes, int events) throws StorageException {
        MemoryImage image = nodes.a.image("disk");
        for (int done = 0; done < events; done += AT_ONCE) {
            for (int i = 0; i < AT_ONCE; i++) {
                image.write(0, new byte[8], nodes.a.process.clock().wallNanos());
            }
            nodes.a.engine.wake();
            assertTrue(
                    nodes.machine.awaitUntil(() -> image.journal.durable() == image.journal.appended(), 60 * SECOND));
        }
    }

    @Test
    void whoWaitsForAComparisonSeesThatItGoesOnAndMayGiveUp() {
        TwoNodes.play(2150, 1, nodes -> {
            nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("", 36_000 * SECOND, Map.of()));
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.status("disk").state() == MirrorStatus.State.UP_TO_DATE, 60 * SECOND));
            long head = nodes.b.image("disk").head;
            write(nodes, EVENTS);
            assertTrue(
                    nodes.machine.awaitUntil(
                            () -> nodes.b.image("disk").journal.durable()
                                    == nodes.a.image("disk").journal.appended(),
                            600 * SECOND),
                    () -> nodes.b.mirrors.status().toString());
            assertEquals(head, nodes.b.image("disk").head, "it is delayed");
            List<String> steps = new ArrayList<>();
            Verification found = nodes.b.mirrors.verify("disk", "a", (step, done, total) -> {
                steps.add(step);
                return true;
            });
            assertEquals(0, found.differingBytes());
            assertTrue(steps.stream().anyMatch(step -> step.startsWith(READS)), steps::toString);
            refused(
                    Reason.CLOSED,
                    () -> nodes.b.mirrors.verify("disk", "a", (step, done, total) -> !step.startsWith(READS)));
        });
    }
}
