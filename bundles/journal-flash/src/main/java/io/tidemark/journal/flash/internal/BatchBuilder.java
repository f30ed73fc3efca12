package io.tidemark.journal.flash.internal;

import io.tidemark.api.EventKind;
import io.tidemark.api.context.StorageFile;
import io.tidemark.journal.flash.internal.Layout.Batch;
import io.tidemark.journal.flash.internal.Layout.Entry;
import io.tidemark.journal.flash.internal.Layout.EventRecord;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A batch under construction, in one buffer from which it is written. Appending copies all of an event, under the appender's
 * lock: the thread that forces waits for the device meanwhile, and would only copy later. Checksums are computed when the batch
 * is closed, outside of that lock.
 */
final class BatchBuilder {
    static final int MAX_RECORDS = 1024;

    /** Room behind the batch for an index that is written along with it. */
    static final int INDEX_ROOM =
            (int) Layout.align(Batch.SIZE + (long) Entry.SIZE * (IndexBuilder.MAX_ENTRIES + MAX_RECORDS));

    final BatchFields fields = new BatchFields();
    private final ByteBuffer buffer;
    private final ByteBuffer scratch;
    private final int batchBytes;
    private final int[] recordAt = new int[MAX_RECORDS];

    /** Null while the batch is empty. */
    Segment segment;

    /** Bytes of the index that follows in the same write; 0 for none. */
    int indexBytes;

    int indexCount;

    /** Goes past the page cache. */
    boolean through;

    /** Written beside others. */
    boolean overlaps;

    /** Takes no more events, and is not durable. */
    boolean closed;

    /** Is on the device; those before it may not be. */
    boolean written;

    /** A thread puts it together or writes it: the device may have the buffer. */
    boolean inHand;

    /** Its thread is gone, and nobody knows whether the device still has the buffer. */
    boolean doubtful;

    /** Of its last item, with which the next one is chained. */
    int lastChecksum;

    private int end;

    BatchBuilder(ByteBuffer buffer, int batchBytes) {
        this.buffer = buffer;
        this.scratch = buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        this.batchBytes = batchBytes;
        clear();
    }

    static ByteBuffer allocate(int batchBytes) {
        return StorageFile.allocateAligned((int) Layout.align(batchBytes) + INDEX_ROOM)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    int batchBytes() {
        return batchBytes;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    void clear() {
        buffer.clear();
        fields.type = Batch.TYPE_DATA;
        fields.flags = 0;
        fields.count = 0;
        segment = null;
        indexBytes = 0;
        indexCount = 0;
        closed = false;
        written = false;
        inHand = false;
        doubtful = false;
        end = Batch.SIZE;
    }

    boolean isEmpty() {
        return fields.count == 0;
    }

    int contentEnd() {
        return end;
    }

    boolean hasRoom(int bodyBytes) {
        return fields.count < MAX_RECORDS && end + Layout.recordBytes(bodyBytes) <= batchBytes;
    }

    void start(Segment target, long offset, long firstSequence, long timeNanos) {
        segment = target;
        fields.offset = offset;
        fields.firstSequence = firstSequence;
        fields.firstTimeNanos = timeNanos;
    }

    /** Returns the offset of the record in its segment. The caller made sure that there is room. */
    long append(
            EventKind kind,
            int flags,
            long timeNanos,
            long offset,
            long length,
            ByteBuffer head,
            ByteBuffer payload,
            ByteBuffer tail) {
        int index = fields.count;
        int at = end;
        int body = at + EventRecord.SIZE;
        body = put(body, head);
        if (payload != null) {
            body = put(body, payload);
        }
        body = put(body, tail);
        int bodyBytes = body - at - EventRecord.SIZE;
        buffer.putInt(at + EventRecord.BODY_BYTES, bodyBytes);
        buffer.put(at + EventRecord.KIND, (byte) kind.code());
        buffer.put(at + EventRecord.MARK, EventRecord.MARK_VALUE);
        buffer.putShort(at + EventRecord.FLAGS, (short) flags);
        buffer.putLong(at + EventRecord.SEQUENCE, fields.firstSequence + index);
        buffer.putLong(at + EventRecord.TIME, timeNanos);
        buffer.putLong(at + EventRecord.OFFSET, offset);
        buffer.putLong(at + EventRecord.LENGTH, length);
        end = at + Layout.recordBytes(bodyBytes);
        for (int i = body; i < end; i++) {
            buffer.put(i, (byte) 0);
        }
        recordAt[index] = at;
        fields.lastTimeNanos = timeNanos;
        fields.count = index + 1;
        return fields.offset + at;
    }

    private int put(int at, ByteBuffer part) {
        int length = part.remaining();
        buffer.put(at, part, part.position(), length);
        return at + length;
    }

    /** Computes what protects the records; the header is left to {@link #seal}. */
    void finish(Checksums record, Checksums content, IndexBuilder index) {
        Seed seed = segment.identity.seed();
        content.start();
        for (int i = 0; i < fields.count; i++) {
            int at = recordAt[i];
            int body = at + EventRecord.SIZE;
            int bodyEnd = body + buffer.getInt(at + EventRecord.BODY_BYTES);
            buffer.putInt(at + EventRecord.BODY_CHECKSUM, record.plain(scratch, body, bodyEnd));
            buffer.putInt(at + EventRecord.CHECKSUM, record.seeded(seed, scratch, at, at + EventRecord.CHECKSUM));
            content.add(scratch, at, body);
            index.add(buffer, at, fields.offset + at);
        }
        fields.contentChecksum = content.value();
        fields.contentBytes = end - Batch.SIZE;
        fields.totalBytes = (int) Layout.align(end);
        zero(end, fields.totalBytes);
    }

    /** Writes the header; returns its checksum, with which the next item is chained. */
    int seal(Checksums checksums) {
        return BatchHeader.write(buffer, 0, fields, segment.identity, checksums);
    }

    /** The batch and so many bytes behind it, ready to be written. */
    ByteBuffer bytes(int more) {
        return buffer.limit(fields.totalBytes + more).position(0);
    }

    void zero(int from, int to) {
        int at = from;
        while (at < to && (at & 7) != 0) {
            buffer.put(at++, (byte) 0);
        }
        for (; at < to; at += Long.BYTES) {
            buffer.putLong(at, 0);
        }
    }
}
