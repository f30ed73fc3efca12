package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.faults.FaultPlan;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.tck.journal.Events;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Openings that are broken off while they write again what they keep. What was acknowledged is there the next time. */
class RecoveryCutShortTest {
    private static final Path POOL = Path.of("/flash");
    private static final long SECOND = 1_000_000_000L;
    private static final String SPARE = "segment-000000000002";
    private static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 1L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withPreparation(FlashOptions.Preparation.WRITTEN);

    private interface Scenario {
        void run(SimulatedMachine machine) throws Exception;
    }

    /** A machine on which two batches were written beside each other and acknowledged; then its process died. */
    private static void afterTwoBatches(long seed, Scenario scenario) {
        SimulatedMachine machine = new SimulatedMachine(seed, new MachineSettings(256L << 20, 4L << 20, 1_000_000));
        machine.disk().mount(POOL, 64L << 20);
        machine.run(() -> {
            SimulatedContext process = machine.boot("node");
            Journal journal = store(process).create(process, "disk", new UUID(1, 1), SETTINGS);
            Events.begin(journal, 1);
            journal.appender().expectReading(false);
            Events.write(journal, 2, 3000);
            assertTrue(machine.awaitUntil(() -> hasSpare(machine), 10 * SECOND));
            append(journal);
            Worker other = process.workers().start("other", () -> commit(journal));
            machine.awaitUntil(() -> false, 1_000);
            append(journal);
            commit(journal);
            assertTrue(other.join(SECOND));
            assertEquals(8, journal.durable());
            machine.killAll();
            scenario.run(machine);
        });
    }

    private static void append(Journal journal) throws StorageException {
        for (int i = 0; i < 3; i++) {
            assertTrue(Events.append(journal, 3000) >= 0);
        }
    }

    private static void commit(Journal journal) {
        try {
            journal.appender().commit();
        } catch (StorageException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean hasSpare(SimulatedMachine machine) {
        return machine.disk().files().contains(POOL.resolve("disk").resolve(SPARE));
    }

    private static FlashJournalStore store(SimulatedContext process) {
        return new FlashJournalStore("pool", List.of(POOL), OPTIONS, process.files());
    }

    private static void assertAllIsThere(Journal journal, String when) throws StorageException {
        assertEquals(8, journal.durable(), when);
        assertEquals(8, Events.readAll(journal, 1), when);
    }

    @Test
    void aDeviceThatFailsWhileTwoBatchesAreWrittenAgainLosesNeither() {
        int[] failed = {0};
        int[] both = {0};
        for (Operation operation : List.of(Operation.WRITE, Operation.FORCE)) {
            for (int after = 0; after < 4; after++) {
                for (long seed = 1; seed <= 30; seed++) {
                    failOnce(seed, operation, after, failed, both);
                }
            }
        }
        assertTrue(failed[0] > 100, failed[0] + " openings failed");
        assertTrue(both[0] > 0, "never was there more than one batch to keep");
    }

    private static void failOnce(long seed, Operation operation, int after, int[] failed, int[] both) {
        afterTwoBatches(seed, machine -> {
            SimulatedContext process = machine.boot("second");
            machine.disk().plan(FaultPlan.nth(operation, SPARE, after, 1, Verdict.FAIL_IO));
            try {
                Journal journal = store(process).open(process, "disk", SETTINGS);
                assertAllIsThere(journal, "at once");
                both[0] += journal.recovery().lastKnownDurable() == 2 ? 1 : 0;
                return;
            } catch (StorageException e) {
                failed[0]++;
            }
            machine.disk().plan(FaultPlan.NONE);
            String when = operation + " " + after + " failed, seed " + seed;
            switch ((int) seed % 3) {
                case 0 -> assertAllIsThere(store(process).open(process, "disk", SETTINGS), when);
                case 1 -> {
                    machine.killAll();
                    assertAllIsThere(openAnew(machine), when);
                }
                default -> {
                    machine.losePower();
                    assertAllIsThere(openAnew(machine), when);
                }
            }
        });
    }

    private static Journal openAnew(SimulatedMachine machine) throws StorageException {
        SimulatedContext process = machine.boot("third");
        return store(process).open(process, "disk", SETTINGS);
    }

    @Test
    void anOpeningThatDiesAtAnyStepLosesNeither() {
        int[] died = {0};
        for (long seed = 1; seed <= 120; seed++) {
            long steps = seed / 2;
            boolean power = seed % 2 == 0;
            String when = "died after " + steps + " steps, seed " + seed;
            afterTwoBatches(seed % 7, machine -> {
                SimulatedContext process = machine.boot("second");
                boolean[] open = {false};
                process.workers().start("opener", () -> open[0] = openQuietly(process));
                machine.awaitSteps(steps, SECOND);
                died[0] += open[0] ? 0 : 1;
                if (power) {
                    machine.losePower();
                } else {
                    machine.killAll();
                }
                assertAllIsThere(openAnew(machine), when);
                machine.losePower();
                assertAllIsThere(openAnew(machine), when + ", and once more");
            });
        }
        assertTrue(died[0] > 20, died[0] + " openings died");
    }

    private static boolean openQuietly(SimulatedContext process) {
        try {
            store(process).open(process, "disk", SETTINGS);
            return true;
        } catch (StorageException e) {
            throw new IllegalStateException(e);
        }
    }
}
