package io.tidemark.journal.flash.tool;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.journal.flash.internal.Examiner;
import io.tidemark.journal.flash.internal.Repairer;
import java.nio.file.Path;
import java.util.List;

/** A flash journal that nobody has open. For one thread. */
public final class ClosedJournal {
    private final Files files;
    private final List<Path> directories;

    /**
     * A journal of the machine.
     *
     * @param directories the journal's own directory in each directory of its pool, in any order
     */
    public ClosedJournal(List<Path> directories) {
        this(directories, new MachineFiles());
    }

    /**
     * A journal elsewhere.
     *
     * @param directories as above
     * @param files where they are
     */
    public ClosedJournal(List<Path> directories, Files files) {
        if (directories.isEmpty()) {
            throw new IllegalArgumentException("a journal lies in at least one directory");
        }
        this.directories = List.copyOf(directories);
        this.files = files;
    }

    /**
     * Looks at the journal by the headers of its batches, and at the content of its unattested end. Changes nothing.
     *
     * @param sink gets every event; null for none, which is much faster
     * @return what it looks like
     * @throws StorageException BUSY when it is open, NOT_FOUND, MISMATCH, IO, or CORRUPT when its state is damaged
     */
    public JournalReport inspect(EventSink sink) throws StorageException {
        return new Examiner(files, directories).examine(false, sink);
    }

    /**
     * Reads every byte of every event and compares checksums. Changes nothing.
     *
     * @return what it looks like
     * @throws StorageException as {@link #inspect}
     */
    public JournalReport verify() throws StorageException {
        return new Examiner(files, directories).examine(true, null);
    }

    /**
     * Cuts the journal where it is damaged, so that it can be opened again. What is removed is kept beside it. Does nothing
     * to a sound journal.
     *
     * @return what was done
     * @throws StorageException as {@link #inspect}, NO_SPACE when there is no room to keep what is removed
     */
    public RepairReport repair() throws StorageException {
        return new Repairer(files, directories).repair();
    }
}
