package io.tidemark.mirror.internal.fork;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.mirror.Branch;
import io.tidemark.base.event.export.ExportWriter;

/** Looks at what a journal has behind a fork point: the work grows with the events there, and not with the image. */
public final class BranchWalk {
    private static final int CHECK_EVENTS = 4096;

    /** Asked now and then. */
    public interface Going {
        /**
         * Whether it is still wanted.
         *
         * @throws StorageException when it is not
         */
        void check() throws StorageException;
    }

    private BranchWalk() {}

    /**
     * Looks at a branch.
     *
     * @param journal of the image
     * @param fork sequence of the last event before the branch
     * @param going asked every some events
     * @return what it changed. A change of the image's size counts as an event, and for no bytes
     * @throws StorageException CORRUPT, IO, CLOSED, or what {@code going} threw
     */
    public static Branch look(Journal journal, long fork, Going going) throws StorageException {
        long last = journal.durable();
        ChangedParts parts = new ChangedParts();
        long at = Math.max(fork, journal.trimmed());
        long exportBytes = ExportWriter.LEAST_BYTES;
        long missing = Math.max(0, Math.min(at, last) - fork);
        if (at < last) {
            try (JournalReader reader = journal.reader(at + 1)) {
                for (int events = 1; at < last; events++) {
                    EventHeader event = next(journal, reader);
                    at = event.position().sequence();
                    exportBytes += ExportWriter.EVENT_BYTES + event.bodyLength();
                    if (event.kind().changesData()) {
                        parts.add(event.offset(), event.length());
                    }
                    if (events % CHECK_EVENTS == 0) {
                        going.check();
                    }
                }
            }
        }
        return new Branch(last, missing, parts.count(), parts.bytes(), parts.isExact(), exportBytes);
    }

    /**
     * The next event of a journal whose end is not reached.
     *
     * @param journal that is read
     * @param reader of it
     * @return never null
     * @throws StorageException CORRUPT when it ends before that; as the reader's
     */
    public static EventHeader next(Journal journal, JournalReader reader) throws StorageException {
        EventHeader event = reader.next();
        if (event == null) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "the journal " + journal.name() + " ends before its last event",
                    "run journal:verify");
        }
        return event;
    }
}
