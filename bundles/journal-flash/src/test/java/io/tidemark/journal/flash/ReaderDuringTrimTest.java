package io.tidemark.journal.flash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.faults.FaultyFiles;
import io.tidemark.tck.journal.Events;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Somebody begins to read while a trim that knows nothing of it is being saved. */
class ReaderDuringTrimTest {
    private static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 1L << 20);
    private static final FlashOptions OPTIONS = FlashOptions.DEFAULT
            .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
            .withSealNanos(0);

    private interface Step {
        void run() throws StorageException;
    }

    /** What is done once, when the state of the journal is about to be written. */
    private final AtomicReference<Step> atState = new AtomicReference<>();

    private Journal journal(Path pool) throws StorageException {
        FaultyFiles files = new FaultyFiles(new MachineFiles()) {
            @Override
            public StorageFile open(Path path, Mode mode) throws StorageException {
                Step step = path.endsWith("state") ? atState.getAndSet(null) : null;
                if (step != null) {
                    step.run();
                }
                return super.open(path, mode);
            }
        };
        Journal journal = new FlashJournalStore("pool", List.of(pool), OPTIONS, files)
                .create(new MachineContext(8L << 20, files), "disk", new UUID(1, 1), SETTINGS);
        Events.begin(journal, 1);
        for (int i = 0; i < 6; i++) {
            Events.write(journal, 10, 60_000);
        }
        return journal;
    }

    @Test
    void aReaderIsRefusedOrKeepsWhatItWants(@TempDir Path pool) throws Exception {
        try (Journal journal = journal(pool)) {
            AtomicReference<JournalReader> opened = new AtomicReference<>();
            AtomicReference<StorageException> refused = new AtomicReference<>();
            atState.set(() -> {
                try {
                    opened.set(journal.reader(1));
                } catch (StorageException e) {
                    refused.set(e);
                }
            });
            assertTrue(journal.trim(60) > 0);
            if (opened.get() != null) {
                assertEquals(1, opened.get().next().position().sequence(), "an open reader pins what it wants");
                opened.get().close();
            } else {
                assertEquals(Reason.NOT_FOUND, refused.get().reason());
            }
        }
    }

    @Test
    void aTrimThatCouldNotBeSavedForbidsNothing(@TempDir Path pool) throws Exception {
        try (Journal journal = journal(pool)) {
            atState.set(() -> {
                throw new StorageException(Reason.IO, "failed on purpose", "");
            });
            assertThrows(StorageException.class, () -> journal.trim(60));
            assertEquals(0, journal.trimmed());
            assertEquals(60, Events.readAll(journal, 1));
            assertTrue(journal.trim(60) > 0);
        }
    }
}
