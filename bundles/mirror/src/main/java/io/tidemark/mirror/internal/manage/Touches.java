package io.tidemark.mirror.internal.manage;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import java.util.Arrays;

/** Which parts of an image events changed, and when last. For one thread. */
final class Touches {
    private final long offset;
    private final int partBytes;
    private final long[] last;

    Touches(long offset, int partBytes, int parts) {
        this.offset = offset;
        this.partBytes = partBytes;
        this.last = new long[parts];
    }

    /** The last event that changed a part; 0 for none. */
    long last(int part) {
        return last[part];
    }

    /** Looks at the events behind one up to another, which are durable. */
    void scan(Journal journal, long behind, long upTo) throws StorageException {
        try (JournalReader reader = journal.reader(behind + 1)) {
            scan(reader, behind, upTo);
        }
    }

    /** The same with a reader that stands behind the first of the two. */
    void scan(JournalReader reader, long behind, long upTo) throws StorageException {
        for (long sequence = behind; sequence < upTo; ) {
            EventHeader event = reader.next();
            if (event == null) {
                throw new StorageException(
                        Reason.UNAVAILABLE, "event " + (sequence + 1) + " is not in the journal yet", "try again");
            }
            sequence = event.position().sequence();
            touch(event);
        }
    }

    private void touch(EventHeader event) {
        long sequence = event.position().sequence();
        if (event.kind() == EventKind.RESIZE) {
            Arrays.fill(last, sequence);
        } else if (event.kind().changesData() && event.length() > 0) {
            long first = Math.max(0, event.offset() - offset) / partBytes;
            long end = event.offset() + event.length() - offset;
            for (long part = first; part < last.length && part * partBytes < end; part++) {
                last[(int) part] = sequence;
            }
        }
    }
}
