package io.tidemark.console.internal.command;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.base.event.EventCodec;

/** Goes through a live journal up to what was durable when it began. For one thread. */
final class JournalScan implements AutoCloseable {
    private final Journal journal;
    private final long first;
    private final long last;
    /** Null in a pause. */
    private JournalReader reader;

    private long sequence;

    private JournalScan(Journal journal, JournalReader reader, long first, long last) {
        this.journal = journal;
        this.reader = reader;
        this.first = first;
        this.last = last;
        this.sequence = first - 1;
    }

    /**
     * Begins.
     *
     * @param journal to read
     * @param from first sequence; 0 for the oldest one there is
     * @return the scan; the caller closes it
     */
    static JournalScan open(Journal journal, long from) throws StorageException {
        long last = journal.durable();
        while (true) {
            long trimmed = journal.trimmed();
            long first = from == 0 ? trimmed + 1 : from;
            try {
                return new JournalScan(journal, journal.reader(first), first, last);
            } catch (StorageException e) {
                // The journal may be trimmed between the two calls; then its beginning has moved, and it is tried
                // again.
                if (e.reason() != Reason.NOT_FOUND || from != 0 || journal.trimmed() == trimmed) {
                    throw e;
                }
            }
        }
    }

    /**
     * Steps to the next event.
     *
     * @return its header; null at the end
     */
    EventHeader next() throws StorageException {
        if (sequence >= last) {
            return null;
        }
        resume();
        EventHeader header = reader.next();
        if (header == null) {
            return null;
        }
        sequence = header.position().sequence();
        return sequence <= last ? header : null;
    }

    /**
     * Keeps nothing from being trimmed until {@link #next}: to be called before anything that may take as long as somebody likes. The
     * place and the body of the last event are gone then.
     */
    void pause() {
        if (reader != null) {
            reader.close();
            reader = null;
        }
    }

    private void resume() throws StorageException {
        if (reader != null) {
            return;
        }
        try {
            reader = journal.reader(sequence + 1);
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
            throw new StorageException(
                    Reason.NOT_FOUND,
                    "what follows event " + sequence
                            + " was trimmed meanwhile, as the events before it waited to be printed",
                    "begin again, or write the events to a file with journal:export");
        }
    }

    /**
     * What a mark or a snapshot is called.
     *
     * @param event the one that {@link #next} answered last
     * @return its name; empty for all others
     */
    String name(EventHeader event) throws StorageException {
        boolean named = event.kind() == EventKind.MARK || event.kind() == EventKind.SNAPSHOT;
        return named ? EventCodec.decode(event, reader.body()).name() : "";
    }

    /** Sequence of the first event, if there is one. */
    long first() {
        return first;
    }

    /** The reader, for bodies and places. */
    JournalReader reader() {
        return reader;
    }

    @Override
    public void close() {
        pause();
    }
}
