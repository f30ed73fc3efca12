package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.journal.flash.internal.Layout.Batch;
import io.tidemark.journal.flash.internal.Layout.Entry;
import io.tidemark.journal.flash.internal.Layout.EventRecord;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Steps through one segment, run by run: a run is the entries of one index, or those of one batch where there is no index.
 * Reads through a window, so that neighbours cost one call. For one thread.
 */
final class Cursor {
    /** From this length on bodies that went past the page cache are read past it; shorter ones lie near others that are in it. */
    private static final int DIRECT_BODY_BYTES = 64 << 10;

    /** Behind a long body: the header of the batch and of the event that follow, so that they do not cost a call. */
    private static final int SLACK_BYTES = 2 * Layout.BLOCK;

    private final Windows windows;
    private final FlashSteps steps;
    private final Checksums checksums = new Checksums();
    private Segment segment;

    /** Null while it rests. */
    private ByteBuffer window;

    private long windowStart;
    private int windowLength;

    /** The last body was a long one. */
    private boolean longBodies;

    private ByteBuffer entries = ByteBuffer.allocate(Entry.SIZE * 64).order(ByteOrder.LITTLE_ENDIAN);
    private int entryCount;
    private long runFirst;
    private long nextItem;

    Cursor(Windows windows, FlashSteps steps) {
        this.windows = windows;
        this.steps = steps;
    }

    /** There is nothing to read for now: what {@link #body} gave is not valid any more. */
    void rest() {
        if (window != null) {
            windows.give(window);
            window = null;
            windowLength = 0;
        }
    }

    void open(Segment target, long itemOffset) {
        segment = target;
        nextItem = itemOffset;
        windowLength = 0;
        entryCount = 0;
    }

    /** Whether the run at hand has an event. */
    boolean has(long sequence) {
        return sequence >= runFirst && sequence < runFirst + entryCount;
    }

    /** Position of an event's entry in {@link #entries()}. */
    int entryAt(long sequence) {
        return (int) (sequence - runFirst) * Entry.SIZE;
    }

    ByteBuffer entries() {
        return entries;
    }

    long runFirst() {
        return runFirst;
    }

    long runLast() {
        return runFirst + entryCount - 1;
    }

    /**
     * Loads the next run.
     *
     * @param indexOffset of the index that covers what comes next, or 0
     * @param expected sequence of the first event of the run
     */
    void nextRun(long indexOffset, long expected) throws StorageException {
        if (indexOffset > 0 && loadIndex(indexOffset, expected)) {
            return;
        }
        while (true) {
            BatchHeader header = headerAt(nextItem);
            nextItem = header.endOffset();
            if (header.isData()) {
                if (header.firstSequence() != expected) {
                    throw corrupt(
                            header.offset(), "it has event " + header.firstSequence() + " instead of " + expected);
                }
                loadBatch(header);
                return;
            }
        }
    }

    private BatchHeader headerAt(long offset) throws StorageException {
        int at = window(offset, Batch.SIZE);
        if (BatchHeader.look(window, at, segment.identity, offset, checksums) != BatchHeader.Look.VALID) {
            throw corrupt(offset, "the header of the batch there is damaged");
        }
        return BatchHeader.read(window, at);
    }

    /** False when the index is not usable: then the batches tell. */
    private boolean loadIndex(long offset, long expected) throws StorageException {
        int at = window(offset, Batch.SIZE);
        if (BatchHeader.look(window, at, segment.identity, offset, checksums) != BatchHeader.Look.VALID) {
            return false;
        }
        BatchHeader header = BatchHeader.read(window, at);
        if (header.type() != Batch.TYPE_INDEX || header.firstSequence() != expected + header.count()) {
            return false;
        }
        int from = window(offset, Batch.SIZE + header.contentBytes()) + Batch.SIZE;
        if (checksums.plain(window, from, from + header.contentBytes()) != header.contentChecksum()) {
            window.clear();
            return false;
        }
        window.clear();
        reserve(header.count());
        entries.put(0, window, from, header.count() * Entry.SIZE);
        runFirst = expected;
        entryCount = header.count();
        nextItem = header.endOffset();
        return true;
    }

    private void loadBatch(BatchHeader header) throws StorageException {
        reserve(header.count());
        long offset = header.offset() + Batch.SIZE;
        for (int i = 0; i < header.count(); i++) {
            int at = window(offset, EventRecord.SIZE);
            if (!Records.valid(window, at, segment.identity, header.firstSequence() + i, checksums)) {
                throw corrupt(offset, "the header of event " + (header.firstSequence() + i) + " is damaged");
            }
            Records.toEntry(window, at, offset, entries, i * Entry.SIZE);
            offset += Layout.recordBytes(window.getInt(at + EventRecord.BODY_BYTES));
        }
        runFirst = header.firstSequence();
        entryCount = header.count();
    }

    private void reserve(int count) {
        if (entries.capacity() < count * Entry.SIZE) {
            entries = ByteBuffer.allocate(count * Entry.SIZE * 2).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    /** The body of an event in the run at hand, verified; valid until the next call of anything here. */
    ByteBuffer body(long sequence) throws StorageException {
        int entry = entryAt(sequence);
        long offset = Integer.toUnsignedLong(entries.getInt(entry + Entry.RECORD));
        int bodyBytes = entries.getInt(entry + Entry.BODY_BYTES);
        longBodies = bodyBytes >= DIRECT_BODY_BYTES;
        int at = window(offset, EventRecord.SIZE + bodyBytes);
        boolean valid = Records.valid(window, at, segment.identity, sequence, checksums)
                && window.getInt(at + EventRecord.BODY_BYTES) == bodyBytes;
        int from = at + EventRecord.SIZE;
        int expected = entries.getInt(entry + Entry.BODY_CHECKSUM);
        if (!valid || !steps.bodyIsIntact(expected, checksums.plain(window, from, from + bodyBytes))) {
            window.clear();
            throw corrupt(offset, "the body of event " + sequence + " is damaged");
        }
        window.clear();
        return window.slice(from, bodyBytes).asReadOnlyBuffer();
    }

    /** Position in the window of an offset in the segment, with so many bytes behind it. */
    private int window(long offset, int bytes) throws StorageException {
        if (offset >= windowStart && offset + bytes <= windowStart + windowLength) {
            return (int) (offset - windowStart);
        }
        if (window == null) {
            window = windows.take();
        }
        windowLength = 0;
        // What lies behind the end now may be written later: it must not be remembered as it is.
        long known = segment.endOffset;
        boolean direct = longBodies && segment.goesThrough && fillDirect(offset, bytes, known);
        if (!direct) {
            fill(offset, bytes, known);
        }
        window.clear();
        if (windowStart + windowLength < offset + bytes) {
            windowLength = 0;
            throw corrupt(offset, "the file ends there");
        }
        return (int) (offset - windowStart);
    }

    private void fill(long offset, int bytes, long known) throws StorageException {
        if (bytes > window.capacity()) {
            window = windows.larger(bytes);
        }
        window.clear().limit((int) Math.max(0, Math.min(window.capacity(), known - offset)));
        windowStart = offset;
        windowLength = segment.file.read(window, offset);
    }

    /** False where the file cannot. */
    private boolean fillDirect(long offset, int bytes, long known) throws StorageException {
        long start = offset & -Layout.BLOCK;
        long needed = offset - start + bytes;
        if (needed > window.capacity()) {
            window = windows.larger(needed + SLACK_BYTES);
        }
        // Not the whole window: what comes next may lie elsewhere, as behind an index, and would be read twice.
        long wanted = Math.min(Layout.align(needed + SLACK_BYTES), Layout.align(Math.max(0, known - start)));
        window.clear().limit((int) Math.min(window.capacity(), wanted));
        int count = segment.file.readDirect(window, start);
        if (count < 0) {
            return false;
        }
        windowStart = start;
        windowLength = (int) Math.min(known - start, count);
        return true;
    }

    private StorageException corrupt(long offset, String why) {
        return new StorageException(
                Reason.CORRUPT,
                segment.path + " is damaged at byte " + offset + ": " + why,
                Advice.damagedSegment(segment.path));
    }
}
