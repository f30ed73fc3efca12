package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.faults.FaultyFiles;
import io.tidemark.tck.journal.Events;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many threads commit at once, on a device that takes no time, so that they meet in every place where they can. The simulated
 * machine cannot do that: its threads take turns only where they wait. What a commit calls durable has to be there at once.
 */
class CommitStressTest {
    private static final int THREADS = 6;
    private static final long NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final JournalSettings SETTINGS = new JournalSettings(32L << 20, 1L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(4L << 20)
            .withDirectBytes(16 << 10)
            .withSealNanos(1_000_000);

    private final Object appending = new Object();
    private final AtomicLong commits = new AtomicLong();

    @Test
    void whatIsCalledDurableIsThere(@TempDir Path pool) throws Exception {
        MachineContext context = new MachineContext(8L << 20, new QuickFiles());
        FlashJournalStore store = new FlashJournalStore("pool", List.of(pool), OPTIONS, context.files());
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Journal journal = store.create(context, "disk", new UUID(1, 1), SETTINGS)) {
            Events.begin(journal, 1);
            List<Future<?>> all = new ArrayList<>();
            long end = System.nanoTime() + NANOS;
            for (int i = 0; i < THREADS; i++) {
                SplittableRandom random = new SplittableRandom(i);
                all.add(threads.submit(() -> {
                    while (System.nanoTime() < end) {
                        step(journal, random);
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
            assertEquals(journal.appender().appended(), journal.appender().force());
            assertEquals(journal.durable(), Events.readAll(journal, journal.trimmed() + 1));
        } finally {
            threads.shutdown();
        }
        assertTrue(commits.get() > 1000, commits + " commits test nothing");
    }

    private void step(Journal journal, SplittableRandom random) throws StorageException {
        JournalAppender appender = journal.appender();
        long own;
        synchronized (appending) {
            appender.expectReading(random.nextInt(4) != 0);
            int bytes = random.nextInt(3) == 0 ? 16 << 10 : 100 + random.nextInt(2000);
            while (Events.append(journal, bytes) == JournalAppender.FULL) {
                journal.trim(appender.force());
            }
            own = appender.appended();
        }
        long durable = appender.commit();
        commits.incrementAndGet();
        look(journal, Math.max(durable, journal.durable()));
        if (durable < own && random.nextInt(4) == 0) {
            assertTrue(appender.force() >= own, "forced");
        }
    }

    private static void look(Journal journal, long sequence) throws StorageException {
        if (sequence == 0) {
            return;
        }
        try (JournalReader reader = journal.reader(sequence)) {
            Events.check(reader.next(), reader.body(), sequence);
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
            // Somebody else has trimmed it meanwhile.
        }
    }

    /** The page cache alone. */
    private static final class QuickFiles extends FaultyFiles {
        QuickFiles() {
            super(new MachineFiles());
        }

        @Override
        public StorageFile open(Path path, Mode mode) throws StorageException {
            return new FaultyFile(path, super.open(path, mode)) {
                @Override
                public void force() {
                    // Takes no time.
                }

                @Override
                public boolean writeThrough(ByteBuffer source, long offset) throws StorageException {
                    super.write(source, offset);
                    return true;
                }

                @Override
                public boolean writeDirect(ByteBuffer source, long offset) throws StorageException {
                    super.write(source, offset);
                    return true;
                }
            };
        }

        @Override
        public void forceDirectory(Path directory) {
            // As above.
        }
    }
}
