package io.tidemark.base.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Workers;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import org.junit.jupiter.api.Test;

class MachineWorkersTest {
    private final Workers workers = new MachineWorkers();

    @Test
    void anOpeningIsRememberedOnce() {
        Gate gate = workers.newGate();
        gate.open();
        gate.open();
        assertTrue(gate.await(0));
        assertFalse(gate.await(0));
        assertFalse(gate.await(1_000));
    }

    @Test
    void twoThreadsPassABallWithoutLosingIt() {
        Gate ping = workers.newGate();
        Gate pong = workers.newGate();
        int rounds = 20_000;
        int[] count = new int[1];
        Worker worker = workers.start("ball", () -> {
            for (int i = 0; i < rounds; i++) {
                ping.await(Long.MAX_VALUE);
                count[0]++;
                pong.open();
            }
        });
        for (int i = 0; i < rounds; i++) {
            ping.open();
            assertTrue(pong.await(10_000_000_000L));
        }
        assertTrue(worker.join(Long.MAX_VALUE));
        assertEquals(rounds, count[0]);
    }

    @Test
    void joiningARunningThreadTimesOut() {
        Gate end = workers.newGate();
        Worker worker = workers.start("waits", () -> end.await(Long.MAX_VALUE));
        assertFalse(worker.join(1_000_000));
        end.open();
        assertTrue(worker.join(10_000_000_000L));
    }
}
