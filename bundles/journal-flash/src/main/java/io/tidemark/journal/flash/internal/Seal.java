package io.tidemark.journal.flash.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.journal.flash.internal.Layout.Batch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Attests in a block of its own what is durable. For whoever has the turn of writing. */
final class Seal {
    private final BatchFields fields = new BatchFields();
    private final ByteBuffer block = ByteBuffer.allocateDirect(Layout.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    private final Checksums checksums;

    Seal(Checksums checksums) {
        this.checksums = checksums;
    }

    /** Writes and forces it; its checksum, with which the next batch is chained. */
    int write(Segment segment, long offset, int flags, int previous, long durable, Epoch epoch, long wallNanos)
            throws StorageException {
        fields.type = Batch.TYPE_SEAL;
        fields.flags = flags;
        fields.totalBytes = Layout.BLOCK;
        fields.previous = previous;
        fields.durable = durable;
        fields.firstSequence = durable + 1;
        fields.epoch(epoch.number(), epoch.identity());
        fields.offset = offset;
        fields.writtenNanos = wallNanos;
        int checksum = BatchHeader.write(block, 0, fields, segment.identity, checksums);
        block.clear();
        segment.file.write(block, offset);
        segment.file.force();
        return checksum;
    }
}
