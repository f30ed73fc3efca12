package io.tidemark.journal.flash.internal;

import io.tidemark.journal.flash.internal.Layout.Batch;
import java.nio.ByteBuffer;
import java.util.UUID;

/** What stands in front of a batch. */
record BatchHeader(
        int type,
        int flags,
        int totalBytes,
        int contentBytes,
        int count,
        int previous,
        long firstSequence,
        long durable,
        long epoch,
        UUID epochIdentity,
        long firstTimeNanos,
        long lastTimeNanos,
        long offset,
        long writtenNanos,
        int contentChecksum,
        int checksum) {
    /** What a place where a batch may start looks like. */
    enum Look {
        /** Nothing that this use of the segment wrote. */
        ABSENT,
        /** Something that it wrote, whose checksum is wrong. */
        DAMAGED,
        /** A header whose checksum is right. */
        VALID
    }

    boolean isData() {
        return type == Batch.TYPE_DATA;
    }

    /** The last event in front of the end of this batch. */
    long lastSequence() {
        return isData() ? firstSequence + count - 1 : firstSequence - 1;
    }

    long endOffset() {
        return offset + totalBytes;
    }

    static Look look(ByteBuffer buffer, int at, SegmentIdentity segment, long offset, Checksums checksums) {
        if (buffer.getInt(at + Batch.MAGIC) != Batch.MAGIC_VALUE || buffer.getLong(at + Batch.TAG) != segment.tag()) {
            return Look.ABSENT;
        }
        int limit = buffer.limit();
        int checksum = checksums.seeded(segment.seed(), buffer, at, at + Batch.CHECKSUM);
        buffer.limit(limit);
        boolean valid = checksum == buffer.getInt(at + Batch.CHECKSUM)
                && buffer.getLong(at + Batch.NUMBER) == segment.number()
                && buffer.getLong(at + Batch.OFFSET) == offset;
        return valid ? Look.VALID : Look.DAMAGED;
    }

    /** Reads a header that {@link #look} called valid. */
    static BatchHeader read(ByteBuffer buffer, int at) {
        return new BatchHeader(
                buffer.get(at + Batch.TYPE),
                buffer.get(at + Batch.FLAGS),
                buffer.getInt(at + Batch.TOTAL_BYTES),
                buffer.getInt(at + Batch.CONTENT_BYTES),
                buffer.getInt(at + Batch.COUNT),
                buffer.getInt(at + Batch.PREVIOUS),
                buffer.getLong(at + Batch.FIRST_SEQUENCE),
                buffer.getLong(at + Batch.DURABLE),
                buffer.getLong(at + Batch.EPOCH),
                Checksums.getUuid(buffer, at + Batch.EPOCH_IDENTITY),
                buffer.getLong(at + Batch.FIRST_TIME),
                buffer.getLong(at + Batch.LAST_TIME),
                buffer.getLong(at + Batch.OFFSET),
                buffer.getLong(at + Batch.WRITTEN_NANOS),
                buffer.getInt(at + Batch.CONTENT_CHECKSUM),
                buffer.getInt(at + Batch.CHECKSUM));
    }

    /** Writes this header in front of its content and computes its checksum, which is returned. */
    static int write(ByteBuffer buffer, int at, BatchFields fields, SegmentIdentity segment, Checksums checksums) {
        buffer.putInt(at + Batch.MAGIC, Batch.MAGIC_VALUE);
        buffer.put(at + Batch.TYPE, (byte) fields.type);
        buffer.put(at + Batch.FLAGS, (byte) fields.flags);
        buffer.putShort(at + Batch.RESERVED, (short) 0);
        buffer.putInt(at + Batch.TOTAL_BYTES, fields.totalBytes);
        buffer.putInt(at + Batch.CONTENT_BYTES, fields.contentBytes);
        buffer.putInt(at + Batch.COUNT, fields.count);
        buffer.putInt(at + Batch.PREVIOUS, fields.previous);
        buffer.putLong(at + Batch.FIRST_SEQUENCE, fields.firstSequence);
        buffer.putLong(at + Batch.DURABLE, fields.durable);
        buffer.putLong(at + Batch.EPOCH, fields.epoch);
        buffer.putLong(at + Batch.EPOCH_IDENTITY, fields.epochHigh);
        buffer.putLong(at + Batch.EPOCH_IDENTITY + 8, fields.epochLow);
        buffer.putLong(at + Batch.FIRST_TIME, fields.firstTimeNanos);
        buffer.putLong(at + Batch.LAST_TIME, fields.lastTimeNanos);
        buffer.putLong(at + Batch.NUMBER, segment.number());
        buffer.putLong(at + Batch.OFFSET, fields.offset);
        buffer.putLong(at + Batch.WRITTEN_NANOS, fields.writtenNanos);
        buffer.putLong(at + Batch.TAG, segment.tag());
        buffer.putLong(at + Batch.RESERVED_2, 0);
        buffer.putInt(at + Batch.CONTENT_CHECKSUM, fields.contentChecksum);
        int limit = buffer.limit();
        int checksum = checksums.seeded(segment.seed(), buffer, at, at + Batch.CHECKSUM);
        buffer.limit(limit);
        buffer.putInt(at + Batch.CHECKSUM, checksum);
        return checksum;
    }
}
