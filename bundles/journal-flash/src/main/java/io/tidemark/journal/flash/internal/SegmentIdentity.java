package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;

/**
 * What block 0 of a segment file says. Every use of a file, recycled or not, has a new identity, which is part of every
 * checksum in it.
 */
record SegmentIdentity(
        UUID journal,
        UUID segment,
        long number,
        long bytes,
        long preparedNanos,
        int directory,
        int directories,
        Seed seed) {
    static SegmentIdentity of(
            UUID journal, UUID segment, long number, long bytes, long preparedNanos, int directory, int directories) {
        return new SegmentIdentity(
                journal, segment, number, bytes, preparedNanos, directory, directories, new Seed(journal, segment));
    }

    /** Stands in the clear in every batch, so that a damaged header is known to belong to this use of the file. */
    long tag() {
        return segment.getMostSignificantBits() ^ segment.getLeastSignificantBits();
    }

    /** Where the last block starts: batches end before it, the segment's end is in it. */
    long endBlock() {
        return bytes - Layout.BLOCK;
    }

    void write(ByteBuffer block, Checksums checksums) {
        block.clear();
        for (int i = 0; i < Layout.BLOCK; i += Long.BYTES) {
            block.putLong(i, 0);
        }
        block.putLong(Layout.Segment.MAGIC, Layout.Segment.MAGIC_VALUE);
        block.putInt(Layout.Segment.VERSION, Layout.VERSION);
        block.putInt(Layout.Segment.BLOCK_BYTES, Layout.BLOCK);
        Checksums.putUuid(block, Layout.Segment.JOURNAL, journal);
        Checksums.putUuid(block, Layout.Segment.SEGMENT, segment);
        block.putLong(Layout.Segment.NUMBER, number);
        block.putLong(Layout.Segment.BYTES, bytes);
        block.putLong(Layout.Segment.PREPARED_NANOS, preparedNanos);
        block.putInt(Layout.Segment.DIRECTORY, directory);
        block.putInt(Layout.Segment.DIRECTORIES, directories);
        block.putInt(Layout.Segment.CHECKSUM, checksums.plain(block, 0, Layout.Segment.CHECKSUM));
        block.limit(Layout.BLOCK).position(0);
    }

    /** Null when the block is no header, or a damaged one; fails where it is one of another version. */
    static SegmentIdentity read(Path path, ByteBuffer block, Checksums checksums) throws StorageException {
        if (block.getLong(Layout.Segment.MAGIC) != Layout.Segment.MAGIC_VALUE
                || block.getInt(Layout.Segment.CHECKSUM) != checksums.plain(block, 0, Layout.Segment.CHECKSUM)) {
            return null;
        }
        SmallFile.checkVersion(path, block.getInt(Layout.Segment.VERSION));
        return of(
                Checksums.getUuid(block, Layout.Segment.JOURNAL),
                Checksums.getUuid(block, Layout.Segment.SEGMENT),
                block.getLong(Layout.Segment.NUMBER),
                block.getLong(Layout.Segment.BYTES),
                block.getLong(Layout.Segment.PREPARED_NANOS),
                block.getInt(Layout.Segment.DIRECTORY),
                block.getInt(Layout.Segment.DIRECTORIES));
    }
}
