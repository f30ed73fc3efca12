package io.tidemark.journal.flash.internal;

import io.tidemark.journal.flash.internal.Layout.Batch;
import io.tidemark.journal.flash.internal.Layout.Entry;
import io.tidemark.journal.flash.internal.Layout.EventRecord;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Gathers entries for the events of a stride and writes them as an index. Used by whoever has the turn to write. */
final class IndexBuilder {
    /** With so many entries a stride ends. */
    static final int MAX_ENTRIES = 4096;

    private static final int FIRST_ENTRIES = 128;

    /** Grows to what a stride can have: a journal that is hardly written to is to cost little. */
    private ByteBuffer entries = allocate(FIRST_ENTRIES);

    private final BatchFields fields = new BatchFields();
    private int count;
    private long firstSequence;
    private long firstTimeNanos;
    private long lastTimeNanos;

    static int totalBytes(int entryCount) {
        return (int) Layout.align(Batch.SIZE + (long) Entry.SIZE * entryCount);
    }

    private static ByteBuffer allocate(int entries) {
        return ByteBuffer.allocate(Entry.SIZE * entries).order(ByteOrder.LITTLE_ENDIAN);
    }

    int count() {
        return count;
    }

    void clear() {
        count = 0;
    }

    void add(ByteBuffer records, int at, long recordOffset) {
        int to = count * Entry.SIZE;
        if (to == entries.capacity()) {
            int most = MAX_ENTRIES + BatchBuilder.MAX_RECORDS;
            entries = allocate(Math.min(most, count * 4)).put(0, entries, 0, to);
        }
        long timeNanos = records.getLong(at + EventRecord.TIME);
        if (count == 0) {
            firstSequence = records.getLong(at + EventRecord.SEQUENCE);
            firstTimeNanos = timeNanos;
        }
        lastTimeNanos = timeNanos;
        Records.toEntry(records, at, recordOffset, entries, to);
        count++;
    }

    /** What was gathered, to be written later by somebody else; starts anew. */
    Gathered take() {
        ByteBuffer copy = allocate(count);
        copy.put(0, entries, 0, count * Entry.SIZE);
        Gathered gathered = new Gathered(copy, count, firstSequence, firstTimeNanos, lastTimeNanos);
        count = 0;
        return gathered;
    }

    /** Writes the index into a buffer; returns its checksum. The stride is over then. */
    int write(
            ByteBuffer buffer,
            int at,
            long offset,
            int previous,
            BatchFields like,
            SegmentIdentity segment,
            Checksums checksums) {
        Gathered gathered = new Gathered(entries, count, firstSequence, firstTimeNanos, lastTimeNanos);
        int checksum = gathered.write(buffer, at, offset, previous, like, fields, segment, checksums);
        count = 0;
        return checksum;
    }

    /** The entries of one stride. */
    record Gathered(ByteBuffer entries, int count, long firstSequence, long firstTimeNanos, long lastTimeNanos) {
        /** Epoch, durable and time of writing are taken from {@code like}. */
        int write(
                ByteBuffer buffer,
                int at,
                long offset,
                int previous,
                BatchFields like,
                BatchFields fields,
                SegmentIdentity segment,
                Checksums checksums) {
            int content = count * Entry.SIZE;
            buffer.put(at + Batch.SIZE, entries, 0, content);
            fields.type = Batch.TYPE_INDEX;
            fields.flags = 0;
            fields.totalBytes = totalBytes(count);
            fields.contentBytes = content;
            fields.count = count;
            fields.previous = previous;
            // As for every item without events: the sequence that follows.
            fields.firstSequence = firstSequence + count;
            fields.durable = like.durable;
            fields.epoch = like.epoch;
            fields.epochHigh = like.epochHigh;
            fields.epochLow = like.epochLow;
            fields.firstTimeNanos = firstTimeNanos;
            fields.lastTimeNanos = lastTimeNanos;
            fields.offset = offset;
            fields.writtenNanos = like.writtenNanos;
            int limit = buffer.limit();
            fields.contentChecksum = checksums.plain(buffer, at + Batch.SIZE, at + Batch.SIZE + content);
            buffer.limit(limit);
            for (int i = at + Batch.SIZE + content; i < at + fields.totalBytes; i += Long.BYTES) {
                buffer.putLong(i, 0);
            }
            return BatchHeader.write(buffer, at, fields, segment, checksums);
        }
    }
}
