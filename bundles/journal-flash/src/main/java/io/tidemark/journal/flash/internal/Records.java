package io.tidemark.journal.flash.internal;

import io.tidemark.journal.flash.internal.Layout.Entry;
import io.tidemark.journal.flash.internal.Layout.EventRecord;
import java.nio.ByteBuffer;

/** The header in front of the body of an event. */
final class Records {
    private static final int MAX_BODY_BYTES = (1 << 20) + 4096;

    private Records() {}

    /** Whether the header is right and that of an event; says nothing about the body. Limit of the buffer is kept. */
    static boolean valid(ByteBuffer buffer, int at, SegmentIdentity segment, long sequence, Checksums checksums) {
        return buffer.getLong(at + EventRecord.SEQUENCE) == sequence && valid(buffer, at, segment, checksums);
    }

    static boolean valid(ByteBuffer buffer, int at, SegmentIdentity segment, Checksums checksums) {
        int bodyBytes = buffer.getInt(at + EventRecord.BODY_BYTES);
        if (buffer.get(at + EventRecord.MARK) != EventRecord.MARK_VALUE
                || bodyBytes < 0
                || bodyBytes > MAX_BODY_BYTES) {
            return false;
        }
        int limit = buffer.limit();
        int checksum = checksums.seeded(segment.seed(), buffer, at, at + EventRecord.CHECKSUM);
        buffer.limit(limit);
        return checksum == buffer.getInt(at + EventRecord.CHECKSUM);
    }

    static void toEntry(ByteBuffer records, int at, long offset, ByteBuffer entries, int to) {
        entries.putLong(to + Entry.TIME, records.getLong(at + EventRecord.TIME));
        entries.putLong(to + Entry.OFFSET, records.getLong(at + EventRecord.OFFSET));
        entries.putLong(to + Entry.LENGTH, records.getLong(at + EventRecord.LENGTH));
        entries.putInt(to + Entry.RECORD, (int) offset);
        entries.putInt(to + Entry.BODY_BYTES, records.getInt(at + EventRecord.BODY_BYTES));
        entries.put(to + Entry.KIND, records.get(at + EventRecord.KIND));
        entries.put(to + Entry.RESERVED, (byte) 0);
        entries.putShort(to + Entry.FLAGS, records.getShort(at + EventRecord.FLAGS));
        entries.putInt(to + Entry.BODY_CHECKSUM, records.getInt(at + EventRecord.BODY_CHECKSUM));
    }
}
