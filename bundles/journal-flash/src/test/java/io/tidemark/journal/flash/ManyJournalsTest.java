package io.tidemark.journal.flash;

import static io.tidemark.journal.flash.CrashSeeds.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SeededRandom;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.tck.journal.Events;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A pool with far more journals than buffers: idle ones have none, and all that write come to their turn. */
class ManyJournalsTest {
    private static final int JOURNALS = 24;
    private static final Path POOL = Path.of("/flash");
    private static final JournalSettings SETTINGS = new JournalSettings(24L << 20, 1L << 20);

    /** So large that the pool has three buffers. */
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(16 << 20)
            .withSpareSegments(1);

    private int ended;
    private String broken = "";

    @Test
    void theyShareWhatMemoryThereIs() {
        int seeds = Boolean.getBoolean("tidemark.fast") ? 3 : 6;
        for (long seed = 0; seed < seeds; seed++) {
            ended = 0;
            SimulatedMachine machine =
                    new SimulatedMachine(9000 + seed, new MachineSettings(2L << 30, 4L << 20, 8_000_000));
            machine.disk().makeDirectories(POOL);
            boolean direct = seed % 2 == 0;
            machine.run(() -> play(machine, direct ? OPTIONS : OPTIONS.withDirectBytes(0)));
        }
    }

    private void play(SimulatedMachine machine, FlashOptions options) throws Exception {
        SimulatedContext process = machine.boot("node");
        FlashJournalStore store = new FlashJournalStore("pool", List.of(POOL), options, process.files());
        List<Journal> journals = new ArrayList<>();
        for (int i = 0; i < JOURNALS; i++) {
            Journal journal = store.create(process, "disk" + i, new UUID(7, i), SETTINGS);
            Events.begin(journal, 1);
            journals.add(journal);
            SeededRandom random = machine.random("journal" + i);
            process.workers().start("writer" + i, () -> write(process, journal, random));
        }
        assertTrue(machine.awaitUntil(() -> ended == JOURNALS || !broken.isEmpty(), 600 * SECOND), ended + " ended");
        assertEquals("", broken);
        for (Journal journal : journals) {
            assertEquals(journal.appender().appended(), journal.durable());
            assertEquals(journal.durable(), Events.readAll(journal, 1));
            journal.close();
        }
    }

    private void write(SimulatedContext process, Journal journal, SeededRandom random) {
        Gate gate = process.workers().newGate();
        try {
            for (int round = 0; round < 12; round++) {
                for (int i = random.below(4); i >= 0; i--) {
                    long place =
                            Events.append(journal, random.below(4) == 0 ? random.below(500_000) : random.below(9000));
                    if (place < 0) {
                        throw new AssertionError("a journal is full: " + journal.status());
                    }
                }
                if (random.coin()) {
                    journal.appender().force();
                } else {
                    journal.appender().commit();
                }
                if (random.below(3) == 0) {
                    gate.await(random.below(60) * 1_000_000L);
                }
            }
            journal.appender().force();
            ended++;
        } catch (StorageException e) {
            broken = e.toString();
        }
    }
}
