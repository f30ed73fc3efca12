package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.tck.journal.Events;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * An opening writes events again to another segment. Whoever reads them by the places that it was told before, as an image does
 * that was only suspended, finds them there until they are trimmed.
 */
class MovedEventsTest {
    private static final Path POOL = Path.of("/flash");
    private static final int PAYLOAD = 3000;
    private static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 1L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withBatchBytes(5 << 18)
            .withPreparation(FlashOptions.Preparation.WRITTEN);

    private interface Scenario {
        void run(SimulatedMachine machine, Journal journal) throws Exception;
    }

    private static void on(Scenario scenario) {
        SimulatedMachine machine = new SimulatedMachine(1, new MachineSettings(256L << 20, 4L << 20, 1_000_000));
        machine.disk().mount(POOL, 64L << 20);
        machine.run(() -> {
            SimulatedContext process = machine.boot("node");
            Journal journal = new FlashJournalStore("pool", List.of(POOL), OPTIONS, process.files())
                    .create(process, "disk", new UUID(1, 1), SETTINGS);
            Events.begin(journal, 1);
            scenario.run(machine, journal);
        });
    }

    /** Opens it after a crash. */
    private static Journal killed(SimulatedMachine machine) throws StorageException {
        machine.killAll();
        SimulatedContext process = machine.boot("next");
        return new FlashJournalStore("pool", List.of(POOL), OPTIONS, process.files()).open(process, "disk", SETTINGS);
    }

    private static Journal closed(SimulatedMachine machine, Journal journal) throws StorageException {
        journal.close();
        return killed(machine);
    }

    private static void assertReads(Journal journal, long place, long sequence) throws StorageException {
        ByteBuffer expected = Events.body(sequence, PAYLOAD);
        ByteBuffer body = ByteBuffer.allocate(expected.remaining());
        journal.readBody(place, 0, body);
        assertEquals(expected, body.flip());
    }

    private static long placeOf(Journal journal, long sequence) throws StorageException {
        try (JournalReader reader = journal.reader(sequence)) {
            reader.next();
            return reader.place();
        }
    }

    @Test
    void anOldPlaceIsReadableWhenAllBeforeItIsTrimmed() {
        on((machine, journal) -> {
            Events.write(journal, 3, PAYLOAD);
            long place = Events.write(journal, 1, PAYLOAD)[0];
            Journal again = killed(machine);
            assertTrue(placeOf(again, 4) != place, "it was not moved");
            again.trim(3);
            assertReads(again, place, 4);
            assertEquals(0, again.trimmed());
            assertEquals(3, again.trim(4));
        });
    }

    @Test
    void andAfterFurtherOpenings() {
        for (boolean clean : new boolean[] {true, false}) {
            on((machine, journal) -> {
                Events.write(journal, 3, PAYLOAD);
                long place = Events.write(journal, 1, PAYLOAD)[0];
                Journal second = killed(machine);
                Events.write(second, 2, PAYLOAD);
                Journal third = clean ? closed(machine, second) : killed(machine);
                third.trim(3);
                assertReads(third, place, 4);
                Journal fourth = closed(machine, third);
                fourth.trim(3);
                assertReads(fourth, place, 4);
                assertEquals(6, Events.readAll(fourth, 1));
                assertTrue(fourth.trim(4) >= 3);
            });
        }
    }

    @Test
    void andWhereAllOfASegmentWasMoved() {
        on((machine, journal) -> {
            long place = Events.write(journal, 1, PAYLOAD)[0];
            Journal second = killed(machine);
            assertTrue(placeOf(second, 1) != place, "it was not moved");
            second.trim(0);
            assertReads(second, place, 1);
            Journal third = closed(machine, second);
            third.trim(0);
            assertReads(third, place, 1);
            Events.write(third, 1, PAYLOAD);
            assertEquals(2, third.status().segments());
            third.trim(1);
            assertEquals(1, third.status().segments());
        });
    }

    /** What was dropped as torn holds nothing: no event may ever come that lets it go. */
    @Test
    void aTailThatWasCutHoldsNothing() {
        on((machine, journal) -> {
            Events.write(journal, 3, PAYLOAD);
            Events.write(journal, 1, PAYLOAD);
            long torn = Events.write(journal, 10, PAYLOAD)[5];
            machine.disk().flipBit(POOL.resolve("disk/segment-000000000001"), (torn & 0xFFFFFFFFL) + 100, 1);
            Journal second = killed(machine);
            assertEquals(4, second.durable());
            Journal third = closed(machine, second);
            Events.write(third, 1, PAYLOAD);
            assertEquals(4, third.trim(third.durable()));
        });
    }
}
