package io.tidemark.base.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Workers;
import io.tidemark.base.machine.MachineContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AlarmsTest {
    private static final long SECOND = 1_000_000_000L;

    private final MachineContext machine = new MachineContext(4 << 20);
    private final AtomicInteger threads = new AtomicInteger();
    private volatile boolean lacking;
    private final Workers workers = new Workers() {
        @Override
        public Worker start(String name, Runnable body) {
            if (lacking) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            threads.incrementAndGet();
            return machine.workers().start(name, body);
        }

        @Override
        public Gate newGate() {
            return machine.workers().newGate();
        }
    };

    @Test
    void callsComeInTheOrderOfTheirTimesAcrossTheEndOfTheClock() {
        AtomicLong now = new AtomicLong(Long.MAX_VALUE - SECOND);
        List<String> called = new ArrayList<>();
        Workers.Gate done = workers.newGate();
        try (Alarms alarms = new Alarms(workers, clock(now), "alarms")) {
            assertEquals(0, threads.get(), "without an alarm there is no thread");
            assertTrue(alarms.set(() -> called.add("third"), 3 * SECOND));
            Runnable cleared = () -> called.add("cleared");
            assertTrue(alarms.set(cleared, SECOND / 4));
            Runnable moved = () -> called.add("moved to second");
            assertTrue(alarms.set(moved, 5 * SECOND));
            assertTrue(alarms.set(moved, 2 * SECOND));
            assertTrue(alarms.clear(cleared));
            assertFalse(alarms.clear(cleared));
            now.addAndGet(4 * SECOND);
            // Due at once, which has it look.
            assertTrue(alarms.set(
                    () -> {
                        called.add("last");
                        done.open();
                    },
                    -SECOND / 2));
            assertTrue(done.await(10 * SECOND));
            assertEquals(List.of("moved to second", "third", "last"), called);
            assertEquals(1, threads.get());
        }
    }

    @Test
    void timePassesByItself() {
        Workers.Gate gate = workers.newGate();
        try (Alarms alarms = new Alarms(workers, machine.clock(), "alarms")) {
            long before = System.nanoTime();
            assertTrue(alarms.set(gate::open, SECOND / 50));
            assertTrue(gate.await(10 * SECOND));
            assertTrue(System.nanoTime() - before >= SECOND / 50);
            assertFalse(gate.await(SECOND / 20), "once");
        }
    }

    @Test
    void afterTheEndThereAreNone() {
        AtomicLong now = new AtomicLong();
        Alarms alarms = new Alarms(workers, clock(now), "alarms");
        Workers.Gate gate = workers.newGate();
        assertTrue(alarms.set(gate::open, SECOND / 50));
        alarms.close();
        now.addAndGet(SECOND);
        assertFalse(alarms.set(workers.newGate()::open, 0));
        assertFalse(gate.await(SECOND / 5));
    }

    @Test
    void aCallThatFailsKeepsNoOtherFromBeingMade() {
        Workers.Gate gate = workers.newGate();
        try (Alarms alarms = new Alarms(workers, machine.clock(), "alarms")) {
            assertTrue(alarms.set(
                    () -> {
                        throw new OutOfMemoryError("on purpose");
                    },
                    SECOND / 50));
            assertTrue(alarms.set(gate::open, SECOND / 25));
            assertTrue(gate.await(10 * SECOND));
        }
    }

    /** Whoever believed in it would end its own thread. */
    @Test
    void whatNobodyWouldCallIsNotSet() {
        Workers.Gate gate = workers.newGate();
        try (Alarms alarms = new Alarms(workers, machine.clock(), "alarms")) {
            lacking = true;
            Runnable call = gate::open;
            assertFalse(alarms.set(call, 0));
            assertFalse(alarms.clear(call));
            lacking = false;
            assertTrue(alarms.set(call, 0));
            assertTrue(gate.await(10 * SECOND));
        }
    }

    /** One that is moved by hand. */
    static Clock clock(AtomicLong now) {
        return new Clock() {
            @Override
            public long wallNanos() {
                return now.get();
            }

            @Override
            public long monotonicNanos() {
                return now.get();
            }
        };
    }
}
