package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.faults.FaultyFiles;
import io.tidemark.tck.journal.Events;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a look-up by position or time costs in reads. Which segment and which stride is found in memory, by bisection; so a journal
 * that is many times as long must not be read more.
 */
class LookUpCostTest {
    private static final JournalSettings SETTINGS = new JournalSettings(128L << 20, 1L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withSealNanos(0)
            .withDirectBytes(0);
    private static final int LOOK_UPS = 40;

    private final AtomicInteger reads = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final CountingFiles files = new CountingFiles();

    private final class CountingFiles extends FaultyFiles {
        CountingFiles() {
            super(new MachineFiles());
        }

        @Override
        public StorageFile open(Path path, Mode mode) throws StorageException {
            return new FaultyFile(path, super.open(path, mode)) {
                @Override
                public int read(ByteBuffer destination, long offset) throws StorageException {
                    int count = super.read(destination, offset);
                    reads.incrementAndGet();
                    bytes.addAndGet(Math.max(0, count));
                    return count;
                }
            };
        }
    }

    /** Most reads and bytes of one look-up. */
    private record Cost(int reads, long bytes) {}

    private interface LookUp {
        void of(Journal journal, long sequence) throws StorageException;
    }

    private Journal journal(Path pool, int batches) throws StorageException {
        Journal journal = new FlashJournalStore("pool", List.of(pool), OPTIONS, files)
                .create(new MachineContext(8L << 20, files), "disk", new UUID(1, 1), SETTINGS);
        Events.begin(journal, 1);
        for (int i = 0; i < batches; i++) {
            // Four batches fill a segment.
            Events.write(journal, 60, 4096);
        }
        return journal;
    }

    private Cost most(Journal journal, LookUp lookUp) throws StorageException {
        long durable = journal.durable();
        Cost most = new Cost(0, 0);
        for (int i = 0; i <= LOOK_UPS; i++) {
            reads.set(0);
            bytes.set(0);
            lookUp.of(journal, 1 + (durable - 1) * i / LOOK_UPS);
            most = new Cost(Math.max(most.reads(), reads.get()), Math.max(most.bytes(), bytes.get()));
        }
        return most;
    }

    private static void byTime(Journal journal, long sequence) throws StorageException {
        assertEquals(sequence, journal.sequenceAt(Events.timeOf(sequence)));
        assertEquals(sequence - 1, journal.sequenceAt(Events.timeOf(sequence) - 1));
    }

    private static void byPosition(Journal journal, long sequence) throws StorageException {
        try (JournalReader reader = journal.reader(sequence)) {
            assertEquals(sequence, reader.next().position().sequence());
        }
    }

    @Test
    void aJournalThatIsSixteenTimesAsLongIsNotReadMore(@TempDir Path small, @TempDir Path large) throws Exception {
        try (Journal few = journal(small, 16);
                Journal many = journal(large, 256)) {
            long segments = many.status().usedBytes() / FlashOptions.MIN_SEGMENT_BYTES;
            assertTrue(segments > 50, "only " + segments + " segments");
            for (LookUp lookUp : List.<LookUp>of(LookUpCostTest::byTime, LookUpCostTest::byPosition)) {
                Cost atFew = most(few, lookUp);
                Cost atMany = most(many, lookUp);
                System.out.println("LookUpCostTest: " + atFew + " in a short journal, " + atMany + " in a long one");
                assertTrue(atFew.reads() > 0, "nothing was counted");
                assertTrue(atMany.reads() <= atFew.reads() + 1, atMany + " instead of " + atFew);
                assertTrue(atMany.bytes() <= atFew.bytes() * 5 / 4, atMany + " instead of " + atFew);
            }
        }
    }
}
