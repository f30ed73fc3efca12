package io.tidemark.journal.flash;

import static io.tidemark.journal.flash.CrashSeeds.SECOND;
import static io.tidemark.journal.flash.CrashSeeds.SETTINGS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.faults.FaultPlan;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.tck.journal.Events;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Journals on machines whose processes die, whose disks fail and which lose power, all from a seed. */
class FlashJournalCrashTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void whatWasForcedIsThereAndNothingElseReturns(int flavour) {
        CrashSeeds.play(0, 20, flavour, machine -> new Run(machine, flavour).lives());
    }

    /** One seed: some lives of a journal, each ended in its own way. */
    private static final class Run {
        private final SimulatedMachine machine;
        private final SeededRandom random;
        private final FlashOptions options;
        private final List<Path> directories;

        /** Payload of each event that was ever appended and not cut since. */
        private final Map<Long, Integer> payloads = new HashMap<>();

        private volatile long acknowledged;
        private volatile long appended;
        private volatile long trimAsked;
        private volatile int clientAsked;
        private volatile int clientKept;
        private volatile boolean ended;
        private long trimmedKnown;

        Run(SimulatedMachine machine, int flavour) {
            this.machine = machine;
            this.random = machine.random("journal");
            this.options = CrashSeeds.options(flavour)
                    .withPreparation(
                            flavour == 3 ? FlashOptions.Preparation.ALLOCATED : FlashOptions.Preparation.WRITTEN);
            this.directories = CrashSeeds.directories(flavour);
        }

        void lives() throws Exception {
            boolean created = false;
            for (int life = 0; life < 6; life++) {
                SimulatedContext process = machine.boot("life" + life);
                machine.disk().plan(FaultPlan.NONE);
                FlashJournalStore store = new FlashJournalStore("pool", directories, options, process.files());
                Journal journal;
                if (created) {
                    journal = store.open(process, "disk", SETTINGS);
                    look(journal);
                } else {
                    journal = store.create(process, "disk", new UUID(7, 7), SETTINGS);
                    Events.begin(journal, 1);
                    created = true;
                }
                ended = false;
                failSometimes();
                process.workers().start("writer", () -> write(journal));
                if (random.below(4) == 0) {
                    machine.awaitUntil(() -> ended, 30 * SECOND);
                    store.close();
                } else {
                    machine.awaitSteps(1 + random.below(400), 30 * SECOND);
                }
                if (random.coin()) {
                    machine.losePower();
                } else {
                    machine.killAll();
                }
            }
        }

        private void failSometimes() {
            if (random.below(4) == 0) {
                FaultPlan.Operation[] operations = {
                    FaultPlan.Operation.FORCE, FaultPlan.Operation.WRITE, FaultPlan.Operation.WRITE_THROUGH
                };
                machine.disk()
                        .plan(FaultPlan.nth(
                                operations[random.below(3)],
                                "segment-",
                                random.below(20),
                                1,
                                FaultPlan.Verdict.FAIL_IO));
            }
        }

        private void look(Journal journal) throws StorageException {
            assertTrue(
                    journal.durable() >= acknowledged,
                    () -> "durable " + journal.durable() + " after " + acknowledged + " was forced");
            assertTrue(journal.durable() <= appended, "nobody appended " + journal.durable());
            assertTrue(journal.trimmed() >= trimmedKnown && journal.trimmed() <= trimAsked, "trimmed");
            int client = journal.clients().isEmpty()
                    ? 0
                    : (int) journal.clients().get(0).commit().sequence();
            assertTrue(client >= clientKept && client <= clientAsked, "client at " + client);
            long expected = journal.trimmed() + 1;
            try (JournalReader reader = journal.reader(expected)) {
                for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                    Events.check(header, reader.body(), expected);
                    assertEquals(payloads.get(expected).longValue(), header.length(), "an event that was cut returned");
                    assertEquals(expected, journal.sequenceAt(header.timeNanos()));
                    expected++;
                }
            }
            assertEquals(journal.durable() + 1, expected);
            long durable = journal.durable();
            payloads.keySet().removeIf(sequence -> sequence > durable);
            acknowledged = durable;
            appended = durable;
            trimmedKnown = journal.trimmed();
            if (journal.recovery().cutBytes() > 0 || random.coin()) {
                Epoch last = journal.epochs().get(journal.epochs().size() - 1);
                journal.startEpoch(last.next(new UUID(durable, random.bits()), durable + 1, 1, "test"));
            }
        }

        private void write(Journal journal) {
            try {
                JournalAppender appender = journal.appender();
                for (int round = 0; round < 60; round++) {
                    for (int i = random.below(5); i >= 0; i--) {
                        append(journal, appender);
                    }
                    acknowledged = appender.force();
                    if (random.below(4) == 0) {
                        trim(journal);
                    }
                    if (random.below(8) == 0) {
                        clientAsked++;
                        journal.putClient(new JournalClient(
                                "peer", "", new Position(1, clientAsked), JournalClient.State.CONNECTED, 1));
                        clientKept = clientAsked;
                    }
                }
            } catch (StorageException e) {
                // A fault that was planned; what was acknowledged before still counts.
            }
            ended = true;
        }

        private void append(Journal journal, JournalAppender appender) throws StorageException {
            int payload = random.below(10) == 0 ? random.below(600_000) : random.below(9000);
            long sequence = appender.appended() + 1;
            Integer before = payloads.put(sequence, payload);
            appended = sequence;
            if (Events.append(journal, payload) < 0) {
                payloads.remove(sequence);
                if (before != null) {
                    payloads.put(sequence, before);
                }
                appended = sequence - 1;
                trim(journal);
            }
        }

        private void trim(Journal journal) throws StorageException {
            long upTo = Math.max(0, journal.durable() - random.below(200));
            trimAsked = Math.max(trimAsked, upTo);
            trimmedKnown = journal.trim(upTo);
        }
    }
}
