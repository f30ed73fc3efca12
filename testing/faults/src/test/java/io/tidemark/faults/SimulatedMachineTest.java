package io.tidemark.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files.Mode;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Threads take turns by the seed, die when their process does, and never get stuck unnoticed. */
class SimulatedMachineTest {
    private static final long SECOND = 1_000_000_000L;

    /** Three workers write to files; the order in which they do is the run's result. */
    private static long busyRun(long seed, List<String> order) {
        SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
        machine.run(() -> {
            SimulatedContext process = machine.boot("p");
            List<Worker> workers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int me = i;
                workers.add(process.workers().start("w" + i, () -> write(process, me, order)));
            }
            for (Worker worker : workers) {
                assertTrue(worker.join(100 * SECOND));
            }
        });
        return machine.trace().hash();
    }

    private static void write(SimulatedContext process, int me, List<String> order) {
        try (StorageFile file = process.files().open(Path.of("/" + me), Mode.CREATE)) {
            for (int i = 0; i < 5; i++) {
                file.write(ByteBuffer.allocate(2048), i * 2048L);
                order.add(me + ":" + i);
                file.force();
            }
        } catch (StorageException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void writeThrough(SimulatedContext process, Path path, long offset) {
        try (StorageFile file = process.files().open(path, Mode.WRITE)) {
            ByteBuffer bytes = StorageFile.allocateAligned(4096);
            file.writeThrough(bytes.put(0, (byte) 7), offset);
        } catch (StorageException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Of two writes past the cache the later one may be on the device without the other. */
    @Test
    void aLateWriteIsOvertakenAndMayBeLostAlone() {
        int overtaken = 0;
        int lostAlone = 0;
        for (long seed = 0; seed < 40; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().writeThroughLate(500_000);
            boolean[] seen = new boolean[1];
            Path path = Path.of("/file");
            machine.run(() -> {
                SimulatedContext process = machine.boot("p");
                try (StorageFile file = process.files().open(path, Mode.CREATE)) {
                    file.setSize(8192);
                    file.force();
                    process.files().forceDirectory(path.getParent());
                }
                process.workers().start("first", () -> writeThrough(process, path, 0));
                machine.sleep(SECOND / 1000);
                process.workers().start("second", () -> writeThrough(process, path, 4096));
                seen[0] = machine.awaitUntil(() -> machine.disk().overtaken(), SECOND / 10);
                machine.losePower();
                assertFalse(machine.disk().overtaken(), "nothing is under way on a machine without power");
            });
            byte[] after = machine.disk().bytes(path);
            overtaken += seen[0] ? 1 : 0;
            lostAlone += after[0] == 0 && after[4096] == 7 ? 1 : 0;
            assertTrue(!seen[0] || after[4096] == 7, "what has arrived stays");
        }
        assertTrue(overtaken > 3 && lostAlone > 0, overtaken + " overtaken, " + lostAlone + " lost alone");
    }

    @Test
    void oneSeedIsOneRun() {
        Set<Long> hashes = new HashSet<>();
        for (long seed = 0; seed < 50; seed++) {
            List<String> first = new ArrayList<>();
            List<String> second = new ArrayList<>();
            long hash = busyRun(seed, first);
            assertEquals(hash, busyRun(seed, second));
            assertEquals(first, second);
            hashes.add(hash);
        }
        assertEquals(50, hashes.size(), "different seeds are different runs");
    }

    @Test
    void gatesRememberOneOpeningAndTimeOutOnSimulatedTime() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(1);
        machine.run(() -> {
            SimulatedContext process = machine.boot("p");
            Gate gate = process.workers().newGate();
            gate.open();
            gate.open();
            assertTrue(gate.await(SECOND));
            long before = process.clock().monotonicNanos();
            assertFalse(gate.await(3600 * SECOND));
            assertTrue(process.clock().monotonicNanos() - before >= 3600 * SECOND);
            process.workers().start("opener", gate::open);
            assertTrue(gate.await(Long.MAX_VALUE));
        });
    }

    /** A step that leaves something wrong behind is the last one, whoever would go on. */
    @Test
    void somebodyLooksAtEachStep() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(3);
        long[] looks = new long[1];
        AssertionError broken = new AssertionError("broken");
        SimulationFailure failure = assertThrows(
                SimulationFailure.class,
                () -> machine.run(() -> {
                    SimulatedContext process = machine.boot("p");
                    long before = machine.steps();
                    machine.eachStep(() -> looks[0]++);
                    process.workers().start("w", () -> count(process, new int[2]));
                    machine.awaitSteps(50, SECOND);
                    assertEquals(machine.steps() - before, looks[0]);
                    machine.eachStep(null);
                    machine.awaitSteps(50, SECOND);
                    assertTrue(machine.steps() - before > looks[0], "nobody was to look");
                    looks[0] = 0;
                    machine.eachStep(() -> {
                        looks[0]++;
                        machine.fail(broken);
                    });
                    machine.awaitSteps(50, SECOND);
                }));
        assertSame(broken, failure.getCause());
        assertEquals(1, looks[0], "it went on for a step");
    }

    @Test
    void aKilledProcessDoesNothingMore() {
        Set<Integer> counts = new HashSet<>();
        for (long seed = 0; seed < 30; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            int[] done = new int[2];
            machine.run(() -> {
                SimulatedContext process = machine.boot("p");
                process.workers().start("w", () -> count(process, done));
                machine.awaitSteps(20 + machine.random("when").below(20), SECOND);
                machine.losePower();
                int then = done[0];
                machine.sleep(SECOND);
                assertEquals(then, done[0]);
                assertEquals(0, done[1], "nothing in a finally has an effect");
                assertThrows(SimulatedCrash.class, () -> process.clock().wallNanos());
            });
            counts.add(done[0]);
        }
        assertTrue(counts.size() > 3, "it dies at different places");
    }

    private static void count(SimulatedContext process, int[] done) {
        Gate gate = process.workers().newGate();
        try {
            while (true) {
                gate.await(1000);
                done[0]++;
            }
        } finally {
            gate.await(1000);
            done[1]++;
        }
    }

    @Test
    void aStuckRunFailsWithAllStacks() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(5);
        SimulationFailure failure = assertThrows(
                SimulationFailure.class,
                () -> machine.run(() -> {
                    SimulatedContext process = machine.boot("p");
                    Gate never = process.workers().newGate();
                    process.workers()
                            .start("lonely", () -> never.await(Long.MAX_VALUE))
                            .join(Long.MAX_VALUE);
                }));
        assertTrue(failure.getMessage().startsWith("seed 5: "), failure.getMessage());
        assertTrue(failure.getMessage().contains("stuck"), failure.getMessage());
        assertTrue(failure.getMessage().contains("lonely"), failure.getMessage());
        assertTrue(failure.getMessage().contains("SimulatedMachineTest"), failure.getMessage());
    }

    @Test
    void waitingUnderALockIsReported() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(6);
        Object lock = new Object();
        SimulationFailure failure = assertThrows(
                SimulationFailure.class,
                () -> machine.run(() -> {
                    SimulatedContext process = machine.boot("p");
                    Gate gate = process.workers().newGate();
                    Worker holder = process.workers().start("holder", () -> {
                        synchronized (lock) {
                            gate.await(SECOND);
                        }
                    });
                    machine.sleep(SECOND / 2);
                    synchronized (lock) {
                        gate.open();
                    }
                    holder.join(SECOND);
                }));
        assertTrue(failure.getMessage().contains("under a lock"), failure.getMessage());
        assertTrue(failure.getMessage().contains("holder"), failure.getMessage());
    }

    @Test
    void aRunWithoutEndFails() {
        SimulatedMachine machine = new SimulatedMachine(7, new MachineSettings(1 << 20, 1 << 20, 5_000));
        SimulationFailure failure = assertThrows(
                SimulationFailure.class,
                () -> machine.run(() -> {
                    SimulatedContext process = machine.boot("p");
                    Gate gate = process.workers().newGate();
                    while (true) {
                        gate.await(1);
                    }
                }));
        assertTrue(failure.getMessage().contains("no end after 5001 steps"), failure.getMessage());
    }

    @Test
    void aFailureIsNotSwallowedByCatchClauses() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(8);
        SimulationFailure failure = assertThrows(
                SimulationFailure.class,
                () -> machine.run(() -> {
                    try {
                        machine.fail(new AssertionError("the oracle says no"));
                        machine.sleep(1);
                    } catch (Throwable thrown) {
                        return;
                    }
                }));
        assertTrue(failure.getMessage().contains("the oracle says no"));
        assertFalse(failure.trace().last(10).contains("nothing"));
    }

    @Test
    void aForeignThreadIsNoticed() {
        SimulatedMachine machine = SimulatedMachine.ofSeed(9);
        Throwable[] seen = new Throwable[1];
        machine.run(() -> {
            SimulatedContext process = machine.boot("p");
            Thread thread = new Thread(() -> process.files().exists(Path.of("/x")));
            thread.setUncaughtExceptionHandler((t, e) -> seen[0] = e);
            thread.start();
            thread.join();
        });
        assertTrue(seen[0].getMessage().contains("is no worker of the simulation"), seen[0].toString());
    }

    @Test
    void payloadsAreBoundedAndPoisoned() {
        SimulatedMachine machine = new SimulatedMachine(10, new MachineSettings(1 << 20, 1000, 1000));
        SimulatedContext process = machine.boot("p");
        Payload payload = process.payloads().tryTake(600);
        ByteBuffer view = payload.buffer();
        assertEquals(600, view.remaining());
        assertEquals(null, process.payloads().tryTake(600));
        boolean[] freed = new boolean[1];
        process.payloads().whenFreed(() -> freed[0] = true);
        view.put(0, (byte) 7);
        payload.release();
        assertTrue(freed[0]);
        assertEquals(0, process.payloads().usedBytes());
        assertNotEquals(7, view.get(0), "whoever still reads it gets garbage");
        assertThrows(AssertionError.class, payload::release);
    }
}
