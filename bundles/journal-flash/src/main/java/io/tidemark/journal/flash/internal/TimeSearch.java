package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.journal.flash.internal.Layout.Entry;

/** Finds a time in a segment: the stride by bisection in memory, the event in the stride's index. */
final class TimeSearch {
    private final SegmentTable table;
    private final Segment segment;

    TimeSearch(SegmentTable table, Segment segment) {
        this.table = table;
        this.segment = segment;
    }

    /** The last durable event at or before a time; the segment's first one is. */
    long lastAt(long timeNanos) throws StorageException {
        Segment.Stride stride;
        long index;
        long last;
        synchronized (table.lock()) {
            stride = segment.strideAt(timeNanos);
            index = Math.max(0, stride.indexOffset);
            last = segment.lastSequence;
            if (timeNanos >= segment.lastTimeNanos) {
                return last;
            }
        }
        Cursor cursor = new Cursor(table.windows(), FlashSteps.NORMAL);
        try {
            cursor.open(segment, stride.batchOffset);
            cursor.nextRun(index, stride.firstSequence);
            while (cursor.runLast() < last && time(cursor, cursor.runLast()) <= timeNanos) {
                cursor.nextRun(0, cursor.runLast() + 1);
            }
            return bisect(cursor, timeNanos);
        } finally {
            cursor.rest();
        }
    }

    private static long time(Cursor cursor, long sequence) {
        return cursor.entries().getLong(cursor.entryAt(sequence) + Entry.TIME);
    }

    private static long bisect(Cursor cursor, long timeNanos) {
        long first = cursor.runFirst();
        int count = (int) (cursor.runLast() - first) + 1;
        return first + Bisection.lastAtMost(count, i -> time(cursor, first + i), timeNanos);
    }
}
