package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
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
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A replica that is behind has its source read what was written past the page cache. Through the cache, each
 * byte is copied once more, and pushes out what others need.
 */
class LongBodiesTest {
    private static final int LONG = 300_000;
    private static final int SHORT = 3000;

    private final Reads files = new Reads();

    @TempDir
    private Path pool;

    @Test
    void whatWentPastThePageCacheIsReadPastIt() throws Exception {
        try (Journal journal = create()) {
            Events.begin(journal, 1);
            for (int i = 0; i < 60; i++) {
                Events.write(journal, 1, LONG);
            }
            files.forget();
            assertEquals(60, readAll(journal));
            long body = 60L * LONG;
            assertTrue(files.direct.get() > body * 9 / 10, files + " for bodies of " + body);
            assertTrue(files.direct.get() + files.cached.get() < body * 11 / 10, "each is read once: " + files);
        }
    }

    @Test
    void shortOnesInBetweenAreReadFromTheCacheThatHasThem() throws Exception {
        try (Journal journal = create()) {
            Events.begin(journal, 1);
            Events.write(journal, 1, LONG);
            for (int i = 0; i < 60; i++) {
                Events.write(journal, 1, SHORT);
            }
            Events.write(journal, 1, LONG);
            files.forget();
            assertEquals(62, readAll(journal));
            assertTrue(files.direct.get() > LONG, files + " for two long ones");
            assertTrue(files.cached.get() > 60 * SHORT / 2, files + " for many short ones");
        }
    }

    /** An applier reads thousands of them, one by one and out of the page cache: there copying is what costs. */
    @Test
    void aBodyThatIsReadByItsPlaceCostsOneCallAndHardlyMoreThanItsBytes() throws Exception {
        try (Journal journal = create()) {
            Events.begin(journal, 1);
            for (int length : new int[] {4096, SHORT, 65536}) {
                long[] places = Events.write(journal, 20, length);
                int bodyBytes = Events.body(1, length).remaining();
                files.forget();
                for (long place : places) {
                    journal.readBody(place, 0, ByteBuffer.allocate(bodyBytes));
                }
                assertEquals(places.length, files.calls.get(), "calls for bodies of " + length);
                long most = places.length * Math.max(bodyBytes + 256L, 4096 + 256);
                assertTrue(files.cached.get() <= most, files + " for bodies of " + length);
            }
        }
    }

    private Journal create() throws StorageException {
        StorageContext context = new MachineContext(32L << 20, files);
        return new FlashJournalStore("pool", List.of(pool), FlashOptions.DEFAULT.withSealNanos(0), context.files())
                .create(context, "disk", new UUID(1, 1), new JournalSettings(1L << 30, 1L << 29));
    }

    private static long readAll(Journal journal) throws StorageException {
        try (JournalReader reader = journal.reader(1)) {
            long events = 0;
            for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                events++;
                Events.check(header, reader.body(), events);
            }
            return events;
        }
    }

    /** Counts what is read. What would go past the cache does not, so that file systems without that do as well. */
    private static final class Reads extends FaultyFiles {
        final AtomicLong direct = new AtomicLong();
        final AtomicLong cached = new AtomicLong();
        final AtomicLong calls = new AtomicLong();

        Reads() {
            super(new MachineFiles());
        }

        void forget() {
            direct.set(0);
            cached.set(0);
            calls.set(0);
        }

        @Override
        public StorageFile open(Path path, Mode mode) throws StorageException {
            return new FaultyFile(path, super.open(path, mode)) {
                @Override
                public boolean writeThrough(ByteBuffer source, long offset) throws StorageException {
                    super.write(source, offset);
                    super.force();
                    return true;
                }

                @Override
                public int read(ByteBuffer destination, long offset) throws StorageException {
                    int count = super.read(destination, offset);
                    cached.addAndGet(count);
                    calls.incrementAndGet();
                    return count;
                }

                @Override
                public int readDirect(ByteBuffer destination, long offset) throws StorageException {
                    assertEquals(0, offset % DIRECT_ALIGNMENT_BYTES);
                    assertEquals(0, destination.remaining() % DIRECT_ALIGNMENT_BYTES);
                    assertEquals(0, destination.slice().alignmentOffset(0, DIRECT_ALIGNMENT_BYTES));
                    int count = super.read(destination, offset);
                    direct.addAndGet(count);
                    return count;
                }
            };
        }

        @Override
        public String toString() {
            return direct + " bytes past the cache and " + cached + " from it";
        }
    }
}
