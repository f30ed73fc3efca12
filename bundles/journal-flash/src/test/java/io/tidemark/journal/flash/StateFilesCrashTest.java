package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.faults.FaultPlan;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.tck.journal.Events;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files {@code state} and {@code clients}: what one opening found, no later one may find older. */
class StateFilesCrashTest {
    private static final Path POOL = Path.of("/flash");
    private static final JournalSettings SETTINGS = new JournalSettings(64L << 20, 3L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18);

    private interface Scenario {
        void run(SimulatedMachine machine) throws Exception;
    }

    private static void onSeeds(Scenario scenario) {
        for (long seed = 0; seed < 30; seed++) {
            SimulatedMachine machine = SimulatedMachine.ofSeed(seed);
            machine.disk().makeDirectories(POOL);
            machine.run(() -> scenario.run(machine));
        }
    }

    private static FlashJournalStore store(SimulatedContext process) {
        return new FlashJournalStore("pool", List.of(POOL), OPTIONS, process.files());
    }

    private static Journal open(SimulatedMachine machine, String life) throws StorageException {
        SimulatedContext process = machine.boot(life);
        return store(process).open(process, "disk", SETTINGS);
    }

    private static Journal create(SimulatedMachine machine) throws StorageException {
        SimulatedContext process = machine.boot("first");
        Journal journal = store(process).create(process, "disk", new UUID(1, 1), SETTINGS);
        Events.begin(journal, 1);
        return journal;
    }

    private static JournalClient peer(long sequence, int descriptionLength) {
        return new JournalClient(
                "peer", "d".repeat(descriptionLength), new Position(1, sequence), JournalClient.State.CONNECTED, 1);
    }

    private static long peerOf(Journal journal) {
        return journal.clients().get(0).commit().sequence();
    }

    /** As if the process were killed between writing and forcing: what needs power to last is not there yet. */
    private static FaultPlan noForces() {
        return (operation, path) ->
                operation == Operation.FORCE || operation == Operation.FORCE_DIRECTORY ? Verdict.SKIP : Verdict.PROCEED;
    }

    /** Journals are trimmed by the clients that were found. The longer description does not fit into the first slots. */
    @ParameterizedTest
    @ValueSource(ints = {10, 40_000})
    void theClientsThatAnOpeningFoundSurviveAPowerLoss(int descriptionLength) {
        onSeeds(machine -> {
            Journal journal = create(machine);
            journal.putClient(peer(1, 10));
            machine.disk().plan(noForces());
            journal.putClient(peer(7, descriptionLength));
            machine.killAll();
            machine.disk().plan(FaultPlan.NONE);
            assertEquals(7, peerOf(open(machine, "second")));
            machine.losePower();
            assertEquals(7, peerOf(open(machine, "third")));
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 20_000})
    void theStateThatAnOpeningFoundSurvivesAPowerLoss(int ownerLength) {
        onSeeds(machine -> {
            Journal journal = create(machine);
            Epoch next = journal.epochs().get(0).next(new UUID(2, 2), 1, 1, "o".repeat(ownerLength));
            machine.disk().plan(noForces());
            journal.startEpoch(next);
            machine.killAll();
            machine.disk().plan(FaultPlan.NONE);
            assertEquals(2, open(machine, "second").epochs().size());
            machine.losePower();
            assertEquals(2, open(machine, "third").epochs().size());
        });
    }

    /** After a force that failed the cache shows a slot that the device may not have. */
    @Test
    void aForceThatFailedNeverCostsBothSlots() {
        onSeeds(machine -> {
            Journal journal = create(machine);
            for (int round = 1; round < 8; round++) {
                long at = round;
                journal.putClient(peer(at, 3000));
                machine.disk().plan(FaultPlan.nth(Operation.FORCE, "clients", round % 2, 1, Verdict.FAIL_IO));
                assertThrows(StorageException.class, () -> journal.putClient(peer(100 + at, 3000)));
                machine.disk().plan(FaultPlan.NONE);
            }
            machine.disk().plan(FaultPlan.nth(Operation.FORCE, "clients", 0, 100, Verdict.SKIP));
            journal.putClient(peer(200, 3000));
            machine.losePower();
            machine.disk().plan(FaultPlan.NONE);
            Journal again = open(machine, "second");
            assertTrue(peerOf(again) >= 7, "client at " + peerOf(again));
            long found = peerOf(again);
            machine.losePower();
            assertEquals(found, peerOf(open(machine, "third")));
        });
    }

    /** Each opening starts one: without a bound every trim would write all of them. */
    @Test
    void epochsThatNobodyCanNameAnyMoreAreForgotten() {
        onSeeds(machine -> {
            Journal journal = create(machine);
            journal.putClient(peer(0, 10));
            for (int i = 0; i < 40; i++) {
                Events.write(journal, 1, 300_000);
                startEpoch(journal, i);
            }
            List<Epoch> all = journal.epochs();
            journal.putClient(
                    new JournalClient("peer", "", new Position(1, 10), JournalClient.State.EXPIRED, Events.timeOf(1)));
            long trimmed = journal.trim(35);
            assertTrue(trimmed > 20, "trimmed " + trimmed);
            // The client keeps no event any more, but its epoch: its position is in the one that begins with event 10.
            assertEquals(all.subList(9, all.size()), journal.epochs());
            journal.removeClient("peer");
            Events.write(journal, 12, 300_000);
            trimmed = journal.trim(journal.durable() - 1);
            assertTrue(trimmed >= 41, "trimmed " + trimmed);
            assertEquals(List.of(all.get(40)), journal.epochs());
            startEpoch(journal, 77);
            machine.losePower();
            Journal again = open(machine, "second");
            assertEquals(List.of(all.get(40).identity(), new UUID(3, 77)), identities(again));
        });
    }

    /** Openings without a write: the head may name any of the epochs that follow the last event. */
    @Test
    void theEpochOfTheLastTrimmedEventAndAllBehindItStay() {
        onSeeds(machine -> {
            Journal journal = create(machine);
            Events.write(journal, 20, 300_000);
            long trimmed = journal.trim(15);
            assertTrue(trimmed > 0);
            for (int i = 0; i < 5; i++) {
                startEpoch(journal, i);
            }
            List<Epoch> all = journal.epochs();
            assertEquals(6, all.size());
            assertTrue(journal.trim(20) >= trimmed);
            assertEquals(all, journal.epochs());
        });
    }

    private static void startEpoch(Journal journal, long number) throws StorageException {
        List<Epoch> epochs = journal.epochs();
        journal.startEpoch(epochs.get(epochs.size() - 1)
                .next(new UUID(3, number), journal.durable() + 1, journal.durable(), "test"));
    }

    private static List<UUID> identities(Journal journal) {
        return journal.epochs().stream().map(Epoch::identity).toList();
    }
}
