package io.tidemark.journal.flash.internal;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.journal.flash.internal.Layout.Entry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/** Reads forward from segment to segment, by indexes where there are some. */
final class FlashReader implements JournalReader {
    private final LongUnaryOperator epochs;
    private final SegmentTable table;
    private final Failures failures;
    private final Cursor cursor;

    /** Under the table's lock. */
    private final List<Runnable> listeners = new ArrayList<>();

    private Segment segment;
    private volatile long current;
    private volatile long next;
    private volatile boolean closed;

    /** The first one says the number of the epoch that a sequence lies in. */
    FlashReader(LongUnaryOperator epochs, SegmentTable table, Failures failures, FlashSteps steps, long fromSequence) {
        this.epochs = epochs;
        this.table = table;
        this.failures = failures;
        this.cursor = new Cursor(table.windows(), steps);
        this.next = fromSequence;
    }

    long nextSequence() {
        // The event at hand may still be asked for its body.
        return current == 0 ? next : current;
    }

    @Override
    public EventHeader next() throws StorageException {
        checkOpen();
        long wanted = next;
        if (wanted > table.durable()) {
            cursor.rest();
            return null;
        }
        locate(wanted);
        current = wanted;
        next = wanted + 1;
        ByteBuffer entries = cursor.entries();
        int at = cursor.entryAt(wanted);
        EventKind kind = EventKind.ofCode(entries.get(at + Entry.KIND) & 0xFF);
        if (kind == null) {
            throw new StorageException(
                    Reason.UNSUPPORTED,
                    "event " + wanted + " of journal " + table.journal() + " is of kind "
                            + (entries.get(at + Entry.KIND) & 0xFF) + ", which this version does not know",
                    "read the journal with the version that wrote it");
        }
        return new EventHeader(
                new Position(epochs.applyAsLong(wanted), wanted),
                kind,
                entries.getShort(at + Entry.FLAGS) & 0xFFFF,
                entries.getLong(at + Entry.TIME),
                entries.getLong(at + Entry.OFFSET),
                entries.getLong(at + Entry.LENGTH),
                entries.getInt(at + Entry.BODY_BYTES));
    }

    /** Makes the cursor's run one that has the event, which is durable. */
    private void locate(long wanted) throws StorageException {
        while (!cursor.has(wanted)) {
            if (segment == null || !inSegment(wanted)) {
                enter(wanted);
                continue;
            }
            long expected = cursor.runLast() + 1;
            cursor.nextRun(indexFor(expected), expected);
        }
    }

    private boolean inSegment(long wanted) {
        synchronized (table.lock()) {
            return wanted <= segment.lastSequence;
        }
    }

    private void enter(long wanted) throws StorageException {
        Segment target = table.pinOf(wanted);
        if (segment != null) {
            table.unpin(segment);
        }
        segment = target;
        if (target == null) {
            throw table.trimmedAway("event " + wanted);
        }
        Segment.Stride stride;
        long index;
        synchronized (table.lock()) {
            stride = target.strideOf(wanted);
            index = Math.max(0, stride.indexOffset);
        }
        cursor.open(target, stride.batchOffset);
        cursor.nextRun(index, stride.firstSequence);
    }

    /** The index of the stride that starts with an event, 0 where there is none. */
    private long indexFor(long sequence) {
        synchronized (table.lock()) {
            Segment.Stride stride = segment.strideOf(sequence);
            return stride.firstSequence == sequence ? Math.max(0, stride.indexOffset) : 0;
        }
    }

    @Override
    public long place() {
        int at = cursor.entryAt(current);
        return WriteEnd.place(
                segment.number(), Integer.toUnsignedLong(cursor.entries().getInt(at + Entry.RECORD)));
    }

    @Override
    public ByteBuffer body() throws StorageException {
        checkOpen();
        return cursor.body(current);
    }

    @Override
    public void whenReadable(Runnable listener) {
        synchronized (table.lock()) {
            table.readersWait();
            if (next > table.durable() && !closed && !failures.isClosed()) {
                listeners.add(listener);
                return;
            }
        }
        listener.run();
    }

    /** Under the table's lock. */
    void takeListeners(List<Runnable> into) {
        into.addAll(listeners);
        listeners.clear();
    }

    private void checkOpen() throws StorageException {
        failures.checkOpen();
        if (closed) {
            throw new StorageException(Reason.CLOSED, "the reader of journal " + table.journal() + " was closed", "");
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        // Its window stays with it: another thread may be reading.
        table.removeReader(this);
        if (segment != null) {
            table.unpin(segment);
        }
        List<Runnable> waiting = new ArrayList<>();
        synchronized (table.lock()) {
            takeListeners(waiting);
        }
        waiting.forEach(Runnable::run);
    }
}
