package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageFile;
import io.tidemark.journal.flash.internal.Layout.Batch;
import io.tidemark.journal.flash.internal.Layout.End;
import io.tidemark.journal.flash.internal.Layout.EventRecord;
import io.tidemark.journal.flash.internal.Layout.Stride;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Looks at segments from outside: follows the chain of batches, checks contents, searches behind the end. Changes nothing. */
final class SegmentWalk {
    private static final int WINDOW_BYTES = 64 << 10;
    private static final int SCAN_BYTES = 1 << 20;

    private final FlashSteps steps;
    private final Checksums checksums = new Checksums();
    private final Checksums contentChecksums = new Checksums();
    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** Most openings need none: then null. */
    private ByteBuffer whole;

    SegmentWalk(FlashSteps steps) {
        this.steps = steps;
    }

    /**
     * Items that follow each other, each chained with the one before.
     *
     * @param items in order
     * @param linked whether the walk ended because it met the checksum that it was to stop at
     */
    record Chain(List<BatchHeader> items, boolean linked) {
        long endOffset() {
            return items.isEmpty()
                    ? Segment.FIRST_BATCH
                    : items.get(items.size() - 1).endOffset();
        }
    }

    /** The first batch, whatever it is chained with; null when there is none that is valid. */
    BatchHeader first(StorageFile file, SegmentIdentity segment) throws StorageException {
        BatchHeader header = headerAt(file, segment, Segment.FIRST_BATCH);
        return header != null && header.isData() ? header : null;
    }

    /** A valid header at an offset, or null. */
    BatchHeader headerAt(StorageFile file, SegmentIdentity segment, long offset) throws StorageException {
        if (offset >= segment.bytes()) {
            return null;
        }
        window.clear().limit(Batch.SIZE);
        int count = file.read(window, offset);
        window.clear();
        if (count < Batch.SIZE || BatchHeader.look(window, 0, segment, offset, checksums) != BatchHeader.Look.VALID) {
            window.clear();
            return null;
        }
        window.clear();
        return sane(BatchHeader.read(window, 0), segment);
    }

    /** A checksum proves that we wrote it; this keeps a mistake of ours from becoming an endless loop. */
    private static BatchHeader sane(BatchHeader header, SegmentIdentity segment) {
        boolean sane = header.totalBytes() >= Layout.BLOCK
                && header.totalBytes() % Layout.BLOCK == 0
                && header.endOffset() <= segment.bytes()
                && header.contentBytes() >= 0
                && header.contentBytes() <= header.totalBytes() - Batch.SIZE
                && header.count() >= 0;
        return sane ? header : null;
    }

    /** What a place where an item may start looks like. */
    BatchHeader.Look lookAt(StorageFile file, SegmentIdentity segment, long offset) throws StorageException {
        if (offset >= segment.endBlock()) {
            return BatchHeader.Look.ABSENT;
        }
        window.clear().limit(Batch.SIZE);
        int count = file.read(window, offset);
        window.clear();
        BatchHeader.Look look =
                count < Batch.SIZE ? BatchHeader.Look.ABSENT : BatchHeader.look(window, 0, segment, offset, checksums);
        window.clear();
        return look;
    }

    /**
     * Follows the chain by headers only.
     *
     * @param first header of the first item
     * @param stopAt stop behind the item with this checksum; null to go on as far as it goes
     */
    Chain chain(StorageFile file, SegmentIdentity segment, BatchHeader first, Integer stopAt) throws StorageException {
        List<BatchHeader> items = new ArrayList<>();
        BatchHeader item = first;
        long windowStart = 0;
        int windowLength = 0;
        while (item != null) {
            items.add(item);
            if (stopAt != null && item.checksum() == stopAt) {
                return new Chain(items, true);
            }
            long offset = item.endOffset();
            if (offset + Batch.SIZE > windowStart + windowLength) {
                window.clear();
                windowStart = offset;
                windowLength = file.read(window, offset);
                window.clear();
            }
            int at = (int) (offset - windowStart);
            BatchHeader next = null;
            if (at + Batch.SIZE <= windowLength
                    && offset < segment.endBlock()
                    && BatchHeader.look(window, at, segment, offset, checksums) == BatchHeader.Look.VALID) {
                next = sane(BatchHeader.read(window, at), segment);
            }
            window.clear();
            boolean follows = next != null
                    && next.previous() == item.checksum()
                    && next.firstSequence() == item.lastSequence() + 1;
            item = follows ? next : null;
        }
        return new Chain(items, false);
    }

    /** Whether every byte of an item that matters is as it was written. */
    boolean intact(StorageFile file, SegmentIdentity segment, BatchHeader header) throws StorageException {
        ByteBuffer bytes = load(file, header);
        if (bytes == null
                || BatchHeader.look(bytes, 0, segment, header.offset(), checksums) != BatchHeader.Look.VALID
                || bytes.getInt(Batch.CHECKSUM) != header.checksum()) {
            return false;
        }
        if (!header.isData()) {
            return header.contentBytes() == 0
                    || checksums.plain(bytes, Batch.SIZE, Batch.SIZE + header.contentBytes())
                            == header.contentChecksum();
        }
        return firstDamagedRecord(bytes, segment, header) < 0;
    }

    /** Index of the first record that is damaged, the count when all are right but the whole is not, -1 when all is well. */
    int firstDamagedRecord(ByteBuffer bytes, SegmentIdentity segment, BatchHeader header) {
        contentChecksums.start();
        int at = Batch.SIZE;
        int end = Batch.SIZE + header.contentBytes();
        for (int i = 0; i < header.count(); i++) {
            bytes.clear();
            if (at + EventRecord.SIZE > end
                    || !Records.valid(bytes, at, segment, header.firstSequence() + i, checksums)) {
                return i;
            }
            bytes.clear();
            contentChecksums.add(bytes, at, at + EventRecord.SIZE);
            bytes.clear();
            int body = at + EventRecord.SIZE;
            int bodyBytes = bytes.getInt(at + EventRecord.BODY_BYTES);
            int expected = bytes.getInt(at + EventRecord.BODY_CHECKSUM);
            if (body + bodyBytes > end
                    || !steps.bodyIsIntact(expected, checksums.plain(bytes, body, body + bodyBytes))) {
                return i;
            }
            bytes.clear();
            at += Layout.recordBytes(bodyBytes);
        }
        bytes.clear();
        return at == end && contentChecksums.value() == header.contentChecksum() ? -1 : header.count();
    }

    /** All bytes of an item, valid until the next call; null when the file is too short. */
    ByteBuffer load(StorageFile file, BatchHeader header) throws StorageException {
        reserve(header.totalBytes());
        whole.clear().limit(header.totalBytes());
        int count = file.read(whole, header.offset());
        whole.clear();
        return count < header.totalBytes() ? null : whole;
    }

    /**
     * What lies behind the end of a chain. Of two batches that were under way at once the second may be there alone.
     *
     * @param attested highest durable sequence that any valid item attests; 0 when there is none
     * @param itemBytes of all valid items
     */
    record Behind(long attested, long itemBytes) {}

    /** Looks at every place from an offset on where an item may start. */
    Behind behind(StorageFile file, SegmentIdentity segment, long from) throws StorageException {
        long attested = 0;
        long itemBytes = 0;
        reserve(SCAN_BYTES);
        for (long start = from; start < segment.endBlock(); start += SCAN_BYTES) {
            whole.clear().limit((int) Math.min(SCAN_BYTES, segment.endBlock() - start));
            int count = file.read(whole, start);
            whole.clear();
            for (int at = 0; at + Batch.SIZE <= count; at += Layout.BLOCK) {
                if (BatchHeader.look(whole, at, segment, start + at, checksums) == BatchHeader.Look.VALID) {
                    attested = Math.max(attested, whole.getLong(at + Batch.DURABLE));
                    itemBytes += whole.getInt(at + Batch.TOTAL_BYTES);
                }
                whole.clear();
            }
        }
        return new Behind(attested, itemBytes);
    }

    /** Fills in what the end of a segment tells; false when it has none that fits. */
    boolean readEnd(Segment segment, int link) throws StorageException {
        SegmentIdentity identity = segment.identity;
        BatchHeader header = headerAt(segment.file, identity, identity.endBlock());
        if (header == null || header.type() != Batch.TYPE_END || header.previous() != link) {
            return false;
        }
        ByteBuffer bytes = load(segment.file, header);
        if (bytes == null
                || checksums.plain(bytes, Batch.SIZE, Batch.SIZE + header.contentBytes()) != header.contentChecksum()) {
            return false;
        }
        bytes.clear();
        segment.firstSequence = header.firstSequence();
        segment.lastSequence = bytes.getLong(Batch.SIZE + End.LAST_SEQUENCE);
        segment.endOffset = bytes.getLong(Batch.SIZE + End.END_OFFSET);
        segment.firstTimeNanos = bytes.getLong(Batch.SIZE + End.FIRST_TIME);
        segment.lastTimeNanos = bytes.getLong(Batch.SIZE + End.LAST_TIME);
        segment.lastChecksum = link;
        segment.left = true;
        segment.ended = true;
        for (int i = 0; i < header.count(); i++) {
            int at = Batch.SIZE + End.SIZE + i * Stride.SIZE;
            Segment.Stride stride = new Segment.Stride(
                    bytes.getLong(at + Stride.FIRST_SEQUENCE),
                    bytes.getLong(at + Stride.FIRST_TIME),
                    Integer.toUnsignedLong(bytes.getInt(at + Stride.BATCH)));
            long index = Integer.toUnsignedLong(bytes.getInt(at + Stride.INDEX));
            stride.indexOffset = index == 0 ? Segment.Stride.NO_INDEX : index;
            segment.strides.add(stride);
        }
        return true;
    }

    private void reserve(int bytes) {
        if (whole == null || whole.capacity() < bytes) {
            whole = ByteBuffer.allocateDirect(Math.max(bytes, SCAN_BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
