package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * What an opening goes on behind may be in the page cache alone: a seal or an index that nobody got to force. What is appended
 * then is chained with it, goes past the cache, and must be found after a power loss.
 */
class LeftInTheCacheTest {
    private static final Path POOL = Path.of("/flash");
    private static final long SPACE_BYTES = 64L << 20;
    private static final long SECOND = 1_000_000_000L;
    private static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 1L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withDirectBytes(64 << 10)
            .withPreparation(FlashOptions.Preparation.WRITTEN);

    private interface Scenario {
        void run(SimulatedMachine machine, SimulatedContext process, Journal journal) throws Exception;
    }

    private static void on(long seed, Scenario scenario) {
        SimulatedMachine machine = new SimulatedMachine(seed, new MachineSettings(256L << 20, 4L << 20, 1_000_000));
        machine.disk().mount(POOL, SPACE_BYTES);
        machine.run(() -> {
            SimulatedContext process = machine.boot("node");
            Journal journal = store(process).create(process, "disk", new UUID(1, 1), SETTINGS);
            Events.begin(journal, 1);
            scenario.run(machine, process, journal);
        });
    }

    private static FlashJournalStore store(SimulatedContext process) {
        return new FlashJournalStore("pool", List.of(POOL), OPTIONS, process.files());
    }

    private static Journal open(SimulatedContext process) throws StorageException {
        return store(process).open(process, "disk", SETTINGS);
    }

    /** The process is killed between the writing of a seal and its force. */
    private static void sealUnforced(SimulatedMachine machine, Journal journal) throws StorageException {
        Events.write(journal, 5, 3000);
        machine.disk().plan(FaultPlan.nth(Operation.FORCE, "segment-000000000001", 0, 99, Verdict.SKIP));
        machine.sleep(SECOND);
    }

    /** Goes on with a batch that goes past the page cache; what the opening did. */
    private static String goOn(SimulatedMachine machine, Journal again) throws StorageException {
        long durable = again.durable();
        if (again.recovery().cutBytes() > 0) {
            Epoch last = again.epochs().get(again.epochs().size() - 1);
            again.startEpoch(last.next(new UUID(2, 2), durable + 1, 1, "test"));
        }
        Events.write(again, 1, 100_000);
        machine.losePower();
        Journal third = open(machine.boot("third"));
        assertEquals(durable + 1, third.durable());
        assertEquals(durable + 1, Events.readAll(third, 1));
        return again.recovery().detail().replaceAll(".*\\((.*)\\).*", "$1");
    }

    @Test
    void aSealThatWasNotForced() {
        for (long seed = 1; seed <= 20; seed++) {
            on(seed, (machine, process, journal) -> {
                sealUnforced(machine, journal);
                machine.killAll();
                machine.disk().plan(FaultPlan.NONE);
                assertEquals("RESUME", goOn(machine, open(machine.boot("second"))));
            });
        }
    }

    @Test
    void aSealThatWasNotForcedWithSomethingTornBehindIt() {
        Set<String> done = new HashSet<>();
        for (long seed = 1; seed <= 40; seed++) {
            boolean room = seed % 2 == 0;
            on(seed, (machine, process, journal) -> {
                sealUnforced(machine, journal);
                Events.append(journal, 100_000);
                machine.disk().plan(FaultPlan.nth(Operation.WRITE_THROUGH, "segment-", 0, 1, Verdict.FAIL_IO));
                assertThrows(StorageException.class, () -> journal.appender().force());
                machine.killAll();
                machine.disk().plan(FaultPlan.NONE);
                if (!room) {
                    machine.boot("other").files().delete(POOL.resolve("disk/segment-000000000002"));
                    machine.disk().resize(POOL, SPACE_BYTES - machine.disk().freeBytes(POOL) + (64 << 10));
                }
                done.add(goOn(machine, open(machine.boot("second"))));
            });
        }
        assertTrue(done.containsAll(Set.of("CUT", "CUT_IN_PLACE")), done::toString);
    }

    /** The last index of a segment that was left, while the next one's first batch is torn. */
    @Test
    void anIndexWhoseForceFailed() {
        Set<String> done = new HashSet<>();
        for (long seed = 1; seed <= 60; seed++) {
            on(seed, (machine, process, journal) -> {
                while (Events.append(journal, 50_000) >>> 32 == 1) {
                    journal.appender().force();
                    machine.sleep(SECOND / 20);
                }
                machine.disk().plan((operation, path) -> {
                    boolean index = operation == Operation.FORCE && path.endsWith("segment-000000000001");
                    boolean batch = operation == Operation.WRITE && path.endsWith("segment-000000000002");
                    return index || batch ? Verdict.FAIL_IO : Verdict.PROCEED;
                });
                assertThrows(StorageException.class, () -> journal.appender().force());
                journal.close();
                machine.disk().plan(FaultPlan.NONE);
                Journal again = open(process);
                // The power goes before the segment has got its end, which would do without the chain.
                machine.disk().plan(FaultPlan.nth(Operation.FORCE, "segment-000000000001", 0, 99, Verdict.SKIP));
                done.add(goOn(machine, again));
            });
        }
        assertTrue(done.contains("CUT"), done::toString);
    }
}
