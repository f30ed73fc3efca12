package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.faults.FaultPlan;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.journal.flash.internal.Batches;
import io.tidemark.journal.flash.internal.FlashSteps;
import io.tidemark.journal.flash.tool.ClosedJournal;
import io.tidemark.tck.journal.Events;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Disks that fail and fill up. */
class FlashJournalFaultTest {
    private static final Path POOL = Path.of("/flash");
    private static final int BLOCK = 4096;
    private static final long SECOND = 1_000_000_000L;
    private static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 1L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withPreparation(FlashOptions.Preparation.WRITTEN);

    private interface Scenario {
        void run(SimulatedMachine machine, SimulatedContext process, FlashJournalStore store) throws Exception;
    }

    private static void on(long seed, Scenario scenario) {
        SimulatedMachine machine = new SimulatedMachine(seed, new MachineSettings(256L << 20, 4L << 20, 1_000_000));
        machine.disk().mount(POOL, 64L << 20);
        machine.run(() -> {
            SimulatedContext process = machine.boot("node");
            scenario.run(machine, process, new FlashJournalStore("pool", List.of(POOL), OPTIONS, process.files()));
        });
    }

    private static void withMemory(long seed, FlashOptions options, MemoryScenario scenario) {
        SimulatedMachine machine = new SimulatedMachine(seed, new MachineSettings(256L << 20, 4L << 20, 1_000_000));
        machine.disk().makeDirectories(POOL);
        machine.run(() -> {
            SimulatedContext process = machine.boot("node");
            BatchMemory memory = new BatchMemory();
            FlashJournalStore store =
                    new FlashJournalStore("pool", List.of(POOL), options, process.files(), memory, FlashSteps.NORMAL);
            scenario.run(machine, begun(process, store), memory.batches);
        });
    }

    private interface MemoryScenario {
        void run(SimulatedMachine machine, Journal journal, Batches memory) throws Exception;
    }

    /** A write that has ended has its buffer no longer, failed or not. */
    @Test
    void afterAFailedWriteTheMemoryComesBack() {
        for (Operation operation : List.of(Operation.FORCE, Operation.WRITE)) {
            withMemory(11, OPTIONS, (machine, journal, memory) -> {
                Events.write(journal, 5, 3000);
                Events.append(journal, 3000);
                long made = memory.madeBytes();
                assertTrue(memory.lentBytes() > 0);
                machine.disk().plan(FaultPlan.nth(operation, "segment-000000000001", 0, 1, Verdict.FAIL_IO));
                assertThrows(StorageException.class, () -> journal.appender().force());
                // Into the next buffer, which was there before the failure was known, or is refused.
                assertThrows(StorageException.class, () -> Events.append(journal, 3000));
                journal.close();
                assertEquals(0, memory.lentBytes());
                assertTrue(memory.madeBytes() >= made, "none is given up: " + memory.madeBytes() + " of " + made);
            });
        }
    }

    /** A journal with a write cache holds events that nobody commits for as long as it likes. */
    @Test
    void whoHoldsEventsThatNobodyCommitsSleeps() {
        for (long sealNanos : new long[] {0, SECOND / 50}) {
            withMemory(12, OPTIONS.withSealNanos(sealNanos), (machine, journal, memory) -> {
                Events.write(journal, 5, 3000);
                machine.sleep(SECOND);
                assertEquals(0, memory.lentBytes(), "an idle journal has no buffer");
                Events.append(journal, 3000);
                machine.sleep(SECOND);
                assertTrue(memory.lentBytes() > 0);
                long before = machine.steps();
                machine.sleep(60 * SECOND);
                assertTrue(machine.steps() - before < 60, (machine.steps() - before) + " steps in a minute");
                journal.appender().force();
                assertEquals(6, journal.durable());
                machine.sleep(SECOND);
                assertEquals(0, memory.lentBytes(), "and none again when they are durable");
                journal.close();
            });
        }
    }

    private static Journal begun(SimulatedContext process, FlashJournalStore store) throws StorageException {
        Journal journal = store.create(process, "disk", new UUID(1, 1), SETTINGS);
        Events.begin(journal, 1);
        return journal;
    }

    @Test
    void aFailedForceIsFinalUntilTheJournalIsOpenedAgain() {
        for (Operation operation : List.of(Operation.FORCE, Operation.WRITE)) {
            for (Verdict verdict : List.of(Verdict.FAIL_IO, Verdict.FAIL_NO_SPACE)) {
                on(1, (machine, process, store) -> {
                    Journal journal = begun(process, store);
                    Events.write(journal, 5, 3000);
                    Events.append(journal, 3000);
                    machine.disk().plan(FaultPlan.nth(operation, "segment-000000000001", 0, 1, verdict));
                    assertThrows(
                            StorageException.class, () -> journal.appender().force());
                    assertEquals(5, journal.durable());
                    StorageException e = assertThrows(
                            StorageException.class, () -> journal.appender().force());
                    assertEquals(Reason.IO, e.reason());
                    assertThrows(StorageException.class, () -> Events.append(journal, 10));
                    assertEquals(5, Events.readAll(journal, 1), "what is durable can still be read");
                    journal.close();
                    Journal again = store.open(process, "disk", SETTINGS);
                    assertFalse(again.recovery().clean());
                    long kept = again.durable();
                    assertTrue(kept == 5 || kept == 6, "kept " + kept);
                    Events.write(again, 3, 100);
                    machine.losePower();
                    SimulatedContext next = machine.boot("next");
                    Journal last = new FlashJournalStore("pool", List.of(POOL), OPTIONS, next.files())
                            .open(next, "disk", SETTINGS);
                    assertEquals(kept + 3, last.durable(), "what recovery called durable is on the device");
                    assertEquals(kept + 3, Events.readAll(last, 1));
                });
            }
        }
    }

    @Test
    void aDiskWithoutRoomIsFullAndNotPoison() {
        on(2, (machine, process, store) -> {
            Journal journal = begun(process, store);
            Events.write(journal, 1, 100);
            // Room for the state and no more segment.
            assertTrue(machine.awaitUntil(() -> hasSegment(machine, 2), 10 * SECOND));
            machine.disk().resize(POOL, (64L << 20) - machine.disk().freeBytes(POOL) + (64 << 10));
            long written = 1;
            while (Events.append(journal, 100_000) >= 0) {
                written++;
                journal.appender().force();
            }
            assertEquals(JournalAppender.FULL, Events.append(journal, 100_000));
            assertTrue(Events.append(journal, EventKind.CHECKPOINT, 50) >= 0, "the reserve is there");
            assertEquals(written + 1, journal.appender().force());
            assertTrue(journal.trim(journal.durable()) > 0);
            assertTrue(
                    machine.awaitUntil(() -> Events.append(journal, 100_000) >= 0, 10 * SECOND),
                    "what was trimmed is used again");
            machine.disk().resize(POOL, 64L << 20);
            while (Events.append(journal, 100_000) >= 0) {
                journal.appender().force();
            }
            journal.appender().force();
            assertTrue(journal.status().segments() >= 2);
            assertTrue(machine.awaitUntil(() -> Events.append(journal, 1_000) >= 0, 10 * SECOND)
                    || journal.status().usedBytes() >= SETTINGS.limitBytes() - (2L << 20));
            assertEquals(journal.durable(), Events.readAll(journal, journal.trimmed() + 1));
        });
    }

    /** Space is promised to an image in the same file system: the journal goes on with the segments that it has. */
    @Test
    void aJournalGrowsOnlyIntoWhatNobodyWasPromised() {
        on(7, (machine, process, store) -> {
            Journal journal = begun(process, store);
            Events.write(journal, 1, 100);
            assertTrue(machine.awaitUntil(() -> hasSegment(machine, 2), 10 * SECOND));
            SpaceBook.Promise image = process.files().space(POOL).open(POOL, () -> {});
            long free = machine.disk().freeBytes(POOL);
            image.keep(free - (3L << 20));
            assertTrue(journal.roomBytes() < 6L << 20, "it knows: " + journal.roomBytes());
            assertTrue(fillUp(machine, journal) <= 4, "two segments, and two more into what is left");
            assertTrue(machine.disk().freeBytes(POOL) >= free - (3L << 20), "what is promised stays");
            assertTrue(journal.trim(journal.durable()) > 0);
            assertTrue(
                    machine.awaitUntil(() -> Events.append(journal, 100_000) >= 0, 10 * SECOND),
                    "what was trimmed is used again");
            image.close();
            assertTrue(fillUp(machine, journal) > 4, "and nobody wants the space any more");
            assertEquals(journal.durable(), Events.readAll(journal, journal.trimmed() + 1));
        });
    }

    /** Segments that are live when nothing more fits in. */
    private static int fillUp(SimulatedMachine machine, Journal journal) throws StorageException {
        // Now and then: with each step it would make an event of this length to no avail, tens of thousands of times.
        int inVain = 0;
        while (inVain < 100) {
            if (Events.append(journal, 100_000) >= 0) {
                journal.appender().force();
                inVain = 0;
            } else {
                machine.sleep(SECOND / 20);
                inVain++;
            }
        }
        return journal.status().segments();
    }

    @Test
    void anImageWithoutSpaceGetsWhatTheJournalDoesNotUse() {
        on(8, (machine, process, store) -> {
            Journal journal = begun(process, store);
            while (journal.status().segments() < 8) {
                Events.write(journal, 1, 100_000);
                assertTrue(machine.awaitUntil(
                        () -> hasSegment(machine, journal.status().segments() + 1), 10 * SECOND));
            }
            journal.trim(journal.durable());
            int live = journal.status().segments();
            assertTrue(live < 3, "the rest is spare");
            // Others take all that is free, and the image finds nothing.
            machine.disk().resize(POOL, (64L << 20) - machine.disk().freeBytes(POOL));
            SpaceBook.Promise image = process.files().space(POOL).open(POOL, () -> {});
            assertEquals(0, image.ask(3L << 20, 3L << 20));
            assertTrue(machine.awaitUntil(() -> machine.disk().freeBytes(POOL) >= 3L << 20, 10 * SECOND));
            assertEquals(3L << 20, image.ask(3L << 20, 3L << 20));
            // It gives what it has, and keeps what it needs to go on.
            image.lacks(64L << 20);
            assertFalse(
                    machine.awaitUntil(() -> segmentFiles(machine) < 2, 10 * SECOND), "a journal keeps two segments");
            assertEquals(2, segmentFiles(machine));
            image.close();
            for (int round = 0; round < 30; round++) {
                assertTrue(
                        machine.awaitUntil(
                                () -> {
                                    journal.trim(journal.durable());
                                    return Events.append(journal, 100_000) >= 0;
                                },
                                10 * SECOND),
                        "round " + round);
                journal.appender().force();
            }
            assertEquals(journal.durable(), Events.readAll(journal, journal.trimmed() + 1));
            long durable = journal.durable();
            machine.losePower();
            SimulatedContext next = machine.boot("next");
            Journal again =
                    new FlashJournalStore("pool", List.of(POOL), OPTIONS, next.files()).open(next, "disk", SETTINGS);
            assertEquals(durable, again.durable());
        });
    }

    @Test
    void theSegmentsOfABurstAreKeptForTheNextOneAndGivenUpLater() {
        on(9, (machine, process, store) -> {
            FlashJournalStore thrifty =
                    new FlashJournalStore("pool", List.of(POOL), OPTIONS.withSpareSegments(1), process.files());
            Journal journal = begun(process, thrifty);
            while (journal.status().segments() < 8) {
                Events.write(journal, 1, 100_000);
                assertTrue(machine.awaitUntil(
                        () -> hasSegment(machine, journal.status().segments() + 1), 10 * SECOND));
            }
            journal.trim(journal.durable());
            int live = journal.status().segments();
            long all = segmentFiles(machine);
            assertTrue(all >= 8);
            machine.sleep(100 * SECOND);
            assertEquals(all, segmentFiles(machine), "the next burst may come");
            machine.sleep(600 * SECOND);
            assertEquals(live + 2, segmentFiles(machine), "one is prepared, one is the spare that is kept for long");
        });
    }

    private static long segmentFiles(SimulatedMachine machine) {
        return machine.disk().files().stream()
                .filter(path -> path.toString().contains("segment-"))
                .count();
    }

    private static boolean hasSegment(SimulatedMachine machine, int number) {
        return machine.disk().files().stream()
                .anyMatch(path -> path.toString().endsWith(String.format("segment-%012d", number)));
    }

    @Test
    void aFullDiskDoesNotKeepAJournalFromBeingOpened() {
        on(3, (machine, process, store) -> {
            Journal journal = begun(process, store);
            while (journal.status().segments() < 2) {
                Events.write(journal, 1, 100_000);
            }
            assertTrue(machine.awaitUntil(() -> hasSegment(machine, 3), 10 * SECOND));
            machine.disk().resize(POOL, (64L << 20) - machine.disk().freeBytes(POOL));
            while (Events.append(journal, 100_000) >= 0) {
                journal.appender().force();
            }
            Events.append(journal, EventKind.MARK, 10);
            // Not a single block is left for a new file.
            assertEquals(0, machine.disk().freeBytes(POOL));
            journal.appender().force();
            long durable = journal.durable();
            machine.killAll();
            SimulatedContext next = machine.boot("next");
            Journal again =
                    new FlashJournalStore("pool", List.of(POOL), OPTIONS, next.files()).open(next, "disk", SETTINGS);
            assertEquals(durable, again.durable());
            assertEquals(durable, Events.readAll(again, 1));
            assertTrue(Events.append(again, EventKind.CHECKPOINT, 50) >= 0);
            again.appender().force();
            assertTrue(again.trim(durable) > 0);
        });
    }

    @Test
    void aCreationThatFindsNoRoomLeavesNothing() {
        on(4, (machine, process, store) -> {
            machine.disk().resize(POOL, 1L << 20);
            StorageException e = assertThrows(StorageException.class, () -> begun(process, store));
            assertEquals(Reason.NO_SPACE, e.reason());
            assertEquals(List.of(), store.list());
            machine.disk().resize(POOL, 64L << 20);
            begun(process, store).close();
            assertEquals(List.of("disk"), store.list());
        });
    }

    @Test
    void aPoolThatWasMadeWithItsFirstJournalSurvivesAPowerLoss() {
        for (int seed = 0; seed < 20; seed++) {
            on(seed, (machine, process, store) -> {
                List<Path> deep = List.of(POOL.resolve("a/b"), POOL.resolve("a/c"));
                begun(process, new FlashJournalStore("deep", deep, OPTIONS, process.files()));
                machine.losePower();
                SimulatedContext next = machine.boot("next");
                FlashJournalStore after = new FlashJournalStore("deep", deep, OPTIONS, next.files());
                assertEquals(List.of("disk"), after.list());
                after.open(next, "disk", SETTINGS).close();
            });
        }
    }

    /** One process dies somewhere on the way to the first journal of a pool, and another one makes it. */
    @Test
    void aPoolThatAKilledProcessMadeSurvivesAPowerLoss() {
        List<Path> deep = List.of(POOL.resolve("a/b"));
        for (int seed = 0; seed < 120; seed++) {
            long steps = 1 + seed % 12;
            on(seed, (machine, process, store) -> {
                process.workers().start("maker", () -> {
                    try {
                        new FlashJournalStore("deep", deep, OPTIONS, process.files())
                                .create(process, "disk", new UUID(1, 1), SETTINGS);
                    } catch (StorageException e) {
                        throw new IllegalStateException(e);
                    }
                });
                machine.awaitSteps(steps, SECOND);
                machine.killAll();
                SimulatedContext second = machine.boot("second");
                FlashJournalStore next = new FlashJournalStore("deep", deep, OPTIONS, second.files());
                assertEquals(List.of(), next.list());
                next.create(second, "disk", new UUID(2, 2), SETTINGS);
                machine.losePower();
                SimulatedContext third = machine.boot("third");
                new FlashJournalStore("deep", deep, OPTIONS, third.files())
                        .open(third, "disk", SETTINGS)
                        .close();
            });
        }
    }

    /** The power goes at every single step of a life in which segments are prepared, left, trimmed and used again. */
    @Test
    void thePowerMayGoAtAnyStep() {
        int steps = 0;
        for (int step = 1; step < 3000; step++) {
            boolean[] done = new boolean[1];
            long[] acknowledged = new long[2];
            int at = step;
            on(step, (machine, process, store) -> {
                process.workers().start("writer", () -> {
                    try {
                        Journal journal = begun(process, store);
                        acknowledged[1] = 1;
                        for (int i = 0; i < 9; i++) {
                            Events.append(journal, 500_000);
                            acknowledged[0] = journal.appender().force();
                            journal.trim(journal.durable() - 4);
                        }
                        done[0] = true;
                    } catch (StorageException e) {
                        machine.fail(e);
                    }
                });
                machine.awaitSteps(at, 100 * SECOND);
                if ((at & 1) == 0) {
                    machine.losePower();
                } else {
                    machine.killAll();
                }
                SimulatedContext next = machine.boot("next");
                FlashJournalStore after = new FlashJournalStore("pool", List.of(POOL), OPTIONS, next.files());
                if (after.list().isEmpty()) {
                    assertEquals(0, acknowledged[1], "it was created");
                    after.create(next, "disk", new UUID(2, 2), SETTINGS).close();
                    return;
                }
                Journal again = after.open(next, "disk", SETTINGS);
                assertTrue(again.durable() >= acknowledged[0], again.durable() + " of " + acknowledged[0]);
                if (!again.epochs().isEmpty()) {
                    assertEquals(again.durable(), Events.readAll(again, again.trimmed() + 1));
                    Events.write(again, 2, 500_000);
                    assertEquals(again.durable(), Events.readAll(again, again.trimmed() + 1));
                }
            });
            steps++;
            if (done[0]) {
                break;
            }
            step += step > 100 ? 4 : 0;
        }
        assertTrue(steps > 100, steps + " steps");
    }

    /** The tests above can fail: without forces, a power loss loses what was acknowledged. */
    @Test
    void aForceThatIsLeftOutIsFound() {
        int lost = 0;
        for (int seed = 0; seed < 10; seed++) {
            boolean[] found = new boolean[1];
            on(seed, (machine, process, store) -> {
                Journal journal = begun(process, store);
                machine.disk()
                        .plan((operation, path) ->
                                operation == Operation.FORCE && path.toString().contains("segment-")
                                        ? Verdict.SKIP
                                        : Verdict.PROCEED);
                Events.write(journal, 3, 2000);
                Events.write(journal, 3, 2000);
                long acknowledged = journal.durable();
                machine.losePower();
                machine.disk().plan(FaultPlan.NONE);
                SimulatedContext next = machine.boot("next");
                FlashJournalStore after = new FlashJournalStore("pool", List.of(POOL), OPTIONS, next.files());
                try (Journal again = after.open(next, "disk", SETTINGS)) {
                    found[0] = again.durable() < acknowledged;
                } catch (StorageException e) {
                    found[0] = e.reason() == Reason.CORRUPT;
                }
            });
            lost += found[0] ? 1 : 0;
        }
        assertTrue(lost > 2, lost + " of 10");
    }

    /** A store that goes away closes its journals wherever their writers are. */
    @Test
    void aCloseWhileTheFirstBatchOfASegmentIsFilledTouchesNothingThatIsDurable() {
        on(7, (machine, process, store) -> {
            Journal journal = begun(process, store);
            while (journal.status().segments() < 2) {
                journal.appender().force();
                Events.append(journal, 200_000);
            }
            assertEquals(journal.durable() + 1, journal.appender().appended(), "what began the segment is not forced");
            long durable = journal.durable();
            journal.close();
            Journal again = store.open(process, "disk", SETTINGS);
            assertTrue(again.recovery().clean());
            assertEquals(durable, again.durable());
            assertEquals(durable, Events.readAll(again, 1));
            Events.write(again, 9, 200_000);
            again.close();
            Journal last = store.open(process, "disk", SETTINGS);
            assertEquals(durable + 9, Events.readAll(last, 1));
        });
    }

    private static FaultPlan noMemory(Operation when, String where) {
        boolean[] once = new boolean[1];
        return (operation, path) -> {
            if (!once[0] && operation == when && path.toString().contains(where)) {
                once[0] = true;
                throw new OutOfMemoryError("on purpose");
            }
            return Verdict.PROCEED;
        };
    }

    @Test
    void aJournalThatCouldNotBeOpenedForLackOfMemoryCanBeOpenedLater() {
        for (String where : List.of("state", "segment-", "clients")) {
            on(8, (machine, process, store) -> {
                try (Journal journal = begun(process, store)) {
                    Events.write(journal, 2, 100);
                    journal.putClient(new JournalClient(
                            "peer", "", new Position(1, 1), JournalClient.State.CONNECTED, Events.timeOf(1)));
                }
                machine.disk().plan(noMemory(Operation.READ, where));
                assertThrows(OutOfMemoryError.class, () -> store.open(process, "disk", SETTINGS));
                assertEquals(2, store.open(process, "disk", SETTINGS).durable());
            });
        }
    }

    @Test
    void aWriteThatEndsForLackOfMemoryIsAFailedWrite() {
        on(9, (machine, process, store) -> {
            Journal journal = begun(process, store);
            Events.write(journal, 2, 100);
            Events.append(journal, 100);
            machine.disk().plan(noMemory(Operation.WRITE, "segment-"));
            assertThrows(OutOfMemoryError.class, () -> journal.appender().force());
            StorageException e = assertThrows(
                    StorageException.class, () -> journal.appender().force());
            assertEquals(Reason.IO, e.reason());
            journal.close();
            Journal again = store.open(process, "disk", SETTINGS);
            assertEquals(2, again.durable());
            Events.write(again, 2, 100);
            assertEquals(4, Events.readAll(again, 1));
        });
    }

    @Test
    void aJournalWhoseWorkerFailsSaysSoAndDoesNotLetItsWriterWait() {
        on(10, (machine, process, store) -> {
            Journal journal = begun(process, store);
            Events.write(journal, 1, 100);
            machine.disk().plan(noMemory(Operation.OPEN, "prepar"));
            StorageException e = assertThrows(StorageException.class, () -> {
                while (Events.append(journal, 100_000) >= 0) {
                    journal.appender().force();
                }
            });
            assertTrue(e.getMessage().contains("worker"), e.getMessage());
            long durable = journal.durable();
            journal.close();
            Journal again = store.open(process, "disk", SETTINGS);
            assertEquals(durable, again.durable());
            Events.write(again, 20, 100_000);
        });
    }

    @Test
    void aStaleBufferIsNotKept() {
        on(6, (machine, process, store) -> {
            Journal journal = begun(process, store);
            ByteBuffer payload = Events.bytes(1, 2, 40_000);
            journal.appender()
                    .append(
                            EventKind.WRITE,
                            1,
                            Events.timeOf(1),
                            4096,
                            40_000,
                            Events.bytes(1, 1, 30),
                            payload,
                            Events.bytes(1, 3, 14));
            journal.appender().force();
            payload.put(0, (byte) ~payload.get(0));
            assertEquals(1, Events.readAll(journal, 1));
        });
    }

    private static Journal beside(SimulatedContext process, FlashJournalStore store) throws StorageException {
        Journal journal = begun(process, store);
        journal.appender().expectReading(false);
        assertFalse(journal.appender().overlaps(), "nothing went past the page cache yet");
        Events.write(journal, 2, 3000);
        assertTrue(journal.appender().overlaps());
        return journal;
    }

    /** Two threads commit three events each; what both said. */
    private static long[] commitTwice(SimulatedContext process, Journal journal) throws StorageException {
        long[] said = {-1, -1};
        append(journal, 3);
        Worker other = process.workers().start("other", () -> {
            try {
                said[0] = journal.appender().commit();
            } catch (StorageException e) {
                said[0] = -2;
            }
        });
        append(journal, 3);
        try {
            said[1] = journal.appender().commit();
        } finally {
            assertTrue(other.join(SECOND));
        }
        return said;
    }

    /** The place of the first. */
    private static long append(Journal journal, int count) throws StorageException {
        long first = Events.append(journal, 3000);
        assertTrue(first >= 0);
        for (int i = 1; i < count; i++) {
            assertTrue(Events.append(journal, 3000) >= 0);
        }
        return first;
    }

    @Test
    void batchesAreWrittenBesideEachOtherAndBecomeDurableInOrder() {
        int[] overtaken = {0};
        for (long seed = 1; seed <= 60; seed++) {
            on(seed, (machine, process, store) -> {
                Journal journal = beside(process, store);
                long[] said = commitTwice(process, journal);
                assertEquals(8, Math.max(said[0], said[1]), "whoever returns last brings it to the end");
                assertEquals(8, journal.durable());
                overtaken[0] += Math.min(said[0], said[1]) == 2 ? 1 : 0;
                append(journal, 1);
                assertEquals(9, journal.appender().force());
                machine.losePower();
                SimulatedContext next = machine.boot("next");
                Journal last = new FlashJournalStore("pool", List.of(POOL), OPTIONS, next.files())
                        .open(next, "disk", SETTINGS);
                assertEquals(9, Events.readAll(last, 1));
            });
        }
        assertTrue(overtaken[0] > 0, "never did a batch get to the device before the one in front of it");
    }

    /** The batch behind the one that failed may well be on the device: it is not durable all the same. */
    @Test
    void nothingBehindAFailedBatchIsDurable() {
        for (long seed = 1; seed <= 60; seed++) {
            on(seed, (machine, process, store) -> {
                Journal journal = beside(process, store);
                machine.disk()
                        .plan(FaultPlan.nth(Operation.WRITE_THROUGH, "segment-000000000001", 0, 1, Verdict.FAIL_IO));
                long durable = 2;
                try {
                    long[] said = commitTwice(process, journal);
                    assertTrue(said[0] == -2 || said[1] == -2, "one of the writes failed");
                } catch (StorageException e) {
                    assertEquals(Reason.IO, e.reason());
                }
                durable = Math.max(durable, journal.durable());
                assertTrue(durable < 8, "durable " + durable);
                assertThrows(StorageException.class, () -> journal.appender().commit());
                machine.losePower();
                SimulatedContext next = machine.boot("next");
                Journal last = new FlashJournalStore("pool", List.of(POOL), OPTIONS, next.files())
                        .open(next, "disk", SETTINGS);
                long kept = last.durable();
                assertTrue(kept >= durable && kept <= 8, "kept " + kept);
                Events.write(last, 3, 100);
                assertEquals(kept + 3, Events.readAll(last, 1));
            });
        }
    }

    @Test
    void powerIsLostWhileTwoBatchesAreUnderWay() {
        int[] between = {0};
        int[] without = {0};
        for (long seed = 1; seed <= 150; seed++) {
            on(seed, (machine, process, store) -> {
                Journal journal = beside(process, store);
                long first = append(journal, 3);
                long[] said = {2};
                process.workers().start("first", () -> said[0] = Math.max(said[0], commitOr2(journal)));
                machine.awaitUntil(() -> false, 1_000);
                long second = append(journal, 3);
                process.workers().start("second", () -> said[0] = Math.max(said[0], commitOr2(journal)));
                machine.awaitUntil(() -> false, 1 + machine.random("cut").below(400_000));
                machine.losePower();
                long acknowledged = said[0];
                SimulatedContext next = machine.boot("next");
                boolean firstIsThere = hasHeader(next, first);
                boolean secondIsThere = hasHeader(next, second);
                FlashJournalStore again = new FlashJournalStore("pool", List.of(POOL), OPTIONS, next.files());
                long examined = new ClosedJournal(List.of(POOL.resolve("disk")), next.files())
                        .verify()
                        .tornBytes();
                Journal journal2 = again.open(next, "disk", SETTINGS);
                long kept = journal2.durable();
                assertTrue(kept >= acknowledged && kept <= 8, "acknowledged " + acknowledged + ", kept " + kept);
                between[0] += kept > 2 && kept < 8 ? 1 : 0;
                without[0] += !firstIsThere && secondIsThere ? 1 : 0;
                boolean dropped = kept == 2 && firstIsThere || kept < 8 && secondIsThere;
                assertEquals(dropped, journal2.recovery().cutBytes() > 0, "what was dropped is reported");
                assertEquals(dropped, examined > 0, "and seen from outside");
                Events.write(journal2, 4, 3000);
                machine.losePower();
                SimulatedContext third = machine.boot("third");
                Journal journal3 = new FlashJournalStore("pool", List.of(POOL), OPTIONS, third.files())
                        .open(third, "disk", SETTINGS);
                assertEquals(kept + 4, Events.readAll(journal3, 1), "what a torn batch left behind is never taken up");
            });
        }
        assertTrue(between[0] > 0, "power was never lost between the two");
        assertTrue(without[0] > 0, "the second was never there without the first");
    }

    /** Whether there is anything where the header of a batch belongs. */
    private static boolean hasHeader(SimulatedContext process, long firstPlace) throws StorageException {
        Path segment = POOL.resolve("disk").resolve(String.format("segment-%012d", firstPlace >>> 32));
        try (StorageFile file = process.files().open(segment, Files.Mode.READ)) {
            ByteBuffer start = ByteBuffer.allocateDirect(8);
            file.read(start, (firstPlace & 0xFFFFFFFFL) / BLOCK * BLOCK);
            return start.getLong(0) != 0;
        }
    }

    private static long commitOr2(Journal journal) {
        try {
            return journal.appender().commit();
        } catch (StorageException e) {
            return 2;
        }
    }

    /** Time and position are found without walking: a journal ten times as long costs a read or two more, and not ten times as many. */
    @Test
    void aLookUpReadsHardlyMoreInALongJournal() {
        on(5, (machine, process, store) -> {
            JournalSettings large = new JournalSettings(48L << 20, 1L << 20);
            Journal journal = store.create(process, "disk", new UUID(1, 1), large);
            Events.begin(journal, 1);
            int shortest = mostReads(machine, journal, 300);
            int longest = mostReads(machine, journal, 3000);
            assertTrue(journal.status().segments() > 10, journal.status().segments() + " segments");
            assertTrue(longest <= 2 * shortest, longest + " reads for a look-up, " + shortest + " while it was short");
        });
    }

    private static int mostReads(SimulatedMachine machine, Journal journal, int events) throws StorageException {
        while (journal.durable() < events) {
            Events.write(journal, 1, 10_000);
        }
        int most = 0;
        for (int i = 1; i <= 300; i++) {
            long sequence = Math.max(1, (long) events * i / 300);
            int[] reads = {0};
            machine.disk().plan((operation, path) -> {
                reads[0] += operation == Operation.READ ? 1 : 0;
                return Verdict.PROCEED;
            });
            assertEquals(sequence, journal.sequenceAt(Events.timeOf(sequence)));
            try (JournalReader reader = journal.reader(sequence)) {
                assertEquals(sequence, reader.next().position().sequence());
            }
            most = Math.max(most, reads[0]);
        }
        machine.disk().plan(FaultPlan.NONE);
        return most;
    }
}
