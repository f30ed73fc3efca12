package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.journal.flash.internal.Layout.EventRecord;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Reads parts of bodies by place, from any thread. The whole body is read and verified each time. */
final class BodyReads {
    /** Covers the usual event of 4 KiB in one call, even where only a part of it is wanted; what is read more is copied for nothing. */
    private static final int FIRST_READ_BYTES = (4 << 10) + 256;

    private final SegmentTable table;
    private final FlashSteps steps;
    private final ConcurrentLinkedQueue<Scratch> scratches = new ConcurrentLinkedQueue<>();

    BodyReads(SegmentTable table, FlashSteps steps) {
        this.table = table;
        this.steps = steps;
    }

    private static final class Scratch {
        final Checksums checksums = new Checksums();
        /** Lent for one read. */
        ByteBuffer buffer;
    }

    void start(long place, int bodyBytes) {
        Segment segment = table.pinNumber(place >>> 32);
        if (segment == null) {
            return;
        }
        try {
            segment.file.startRead(
                    place & 0xFFFFFFFFL, Math.max(FIRST_READ_BYTES, EventRecord.SIZE + (long) bodyBytes));
        } finally {
            table.unpin(segment);
        }
    }

    void read(long place, int bodyOffset, ByteBuffer destination) throws StorageException {
        long number = place >>> 32;
        long offset = place & 0xFFFFFFFFL;
        Segment segment = table.pinNumber(number);
        if (segment == null) {
            throw table.isTrimmed(number)
                    ? table.trimmedAway("the event at place " + place)
                    : invalid(place, "there is no such segment");
        }
        try {
            read(segment, offset, place, bodyOffset, destination);
        } finally {
            // Also where there was no memory to read through: a segment that stays pinned is never used again.
            table.unpin(segment);
        }
    }

    private void read(Segment segment, long offset, long place, int bodyOffset, ByteBuffer destination)
            throws StorageException {
        Scratch scratch = scratches.poll();
        if (scratch == null) {
            scratch = new Scratch();
        }
        scratch.buffer = table.windows().take();
        try {
            read(segment, offset, place, bodyOffset, destination, scratch);
        } finally {
            table.windows().give(scratch.buffer);
            scratches.offer(scratch);
        }
    }

    private void read(Segment segment, long offset, long place, int bodyOffset, ByteBuffer destination, Scratch scratch)
            throws StorageException {
        if (offset < Segment.FIRST_BATCH || offset + EventRecord.SIZE > segment.identity.endBlock()) {
            throw invalid(place, "no event can be there");
        }
        ByteBuffer buffer = scratch.buffer;
        // A body that is wanted to its end costs one call, however long it is.
        long wanted = EventRecord.SIZE + (long) Math.max(0, bodyOffset) + destination.remaining();
        buffer.clear().limit((int) Math.min(buffer.capacity(), Math.max(FIRST_READ_BYTES, wanted)));
        int count = segment.file.read(buffer, offset);
        buffer.clear();
        if (count < EventRecord.SIZE || !Records.valid(buffer, 0, segment.identity, scratch.checksums)) {
            throw corrupt(segment, offset, "the header of the event there is damaged");
        }
        buffer.clear();
        int bodyBytes = buffer.getInt(EventRecord.BODY_BYTES);
        int expected = buffer.getInt(EventRecord.BODY_CHECKSUM);
        int length = destination.remaining();
        if (bodyOffset < 0 || bodyOffset > bodyBytes - length) {
            throw invalid(place, "its body has " + bodyBytes + " bytes, not " + (bodyOffset + (long) length));
        }
        int needed = EventRecord.SIZE + bodyBytes;
        if (count < needed) {
            buffer = more(segment, offset, count, needed, scratch);
        }
        if (!steps.bodyIsIntact(expected, scratch.checksums.plain(buffer, EventRecord.SIZE, needed))) {
            throw corrupt(segment, offset, "the body of the event there is damaged");
        }
        buffer.clear().limit(EventRecord.SIZE + bodyOffset + length).position(EventRecord.SIZE + bodyOffset);
        destination.put(buffer);
    }

    private ByteBuffer more(Segment segment, long offset, int have, int needed, Scratch scratch)
            throws StorageException {
        ByteBuffer buffer = scratch.buffer;
        if (buffer.capacity() < needed) {
            ByteBuffer larger = table.windows().larger(needed);
            larger.put(0, buffer, 0, have);
            scratch.buffer = larger;
            buffer = larger;
        }
        buffer.limit(needed).position(have);
        if (segment.file.read(buffer, offset + have) < needed - have) {
            throw corrupt(segment, offset, "the file ends inside of the event there");
        }
        buffer.clear();
        return buffer;
    }

    private StorageException invalid(long place, String why) {
        return new StorageException(
                Reason.INVALID, "place " + place + " of journal " + table.journal() + " is none: " + why, "");
    }

    private static StorageException corrupt(Segment segment, long offset, String why) {
        return new StorageException(
                Reason.CORRUPT,
                segment.path + " is damaged at byte " + offset + ": " + why,
                Advice.damagedSegment(segment.path));
    }
}
