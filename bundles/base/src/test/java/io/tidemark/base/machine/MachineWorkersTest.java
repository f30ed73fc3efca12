package io.tidemark.base.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Workers;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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

    /** As under a limit of processes: whoever starts a worker goes on, and the worker begins when there is a thread again. */
    @Test
    void aWorkerThatFindsNoThreadBeginsLateAndNotNever() {
        AtomicBoolean lacking = new AtomicBoolean();
        AtomicInteger tries = new AtomicInteger();
        Workers limited = new MachineWorkers(thread -> {
            if (lacking.get()) {
                tries.incrementAndGet();
                throw new OutOfMemoryError("unable to create native thread");
            }
            thread.start();
        });
        Gate end = limited.newGate();
        Worker other = limited.start("other", () -> end.await(Long.MAX_VALUE));
        lacking.set(true);
        Gate begun = limited.newGate();
        Worker late = limited.start("late", begun::open);
        assertFalse(begun.await(150_000_000L));
        assertFalse(late.join(1_000_000), "it has not even begun");
        assertTrue(tries.get() > 1, "it was not tried again");
        lacking.set(false);
        assertTrue(late.join(10_000_000_000L));
        assertTrue(begun.await(0));
        end.open();
        assertTrue(other.join(10_000_000_000L));
    }

    /** What is left behind in a process would keep a bundle's class loader alive. */
    @Test
    void withTheLastWorkerAllThreadsEnd() throws Exception {
        List<Thread> all = new CopyOnWriteArrayList<>();
        Workers counted = new MachineWorkers(thread -> {
            all.add(thread);
            thread.start();
        });
        for (int round = 0; round < 3; round++) {
            assertTrue(counted.start("one", () -> {}).join(10_000_000_000L));
        }
        for (Thread thread : all) {
            thread.join(10_000);
            assertFalse(thread.isAlive(), thread::getName);
        }
    }
}
