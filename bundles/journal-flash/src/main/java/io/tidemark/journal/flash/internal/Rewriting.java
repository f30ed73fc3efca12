package io.tidemark.journal.flash.internal;

import io.tidemark.journal.flash.internal.Layout.Batch;
import io.tidemark.journal.flash.internal.Layout.EventRecord;
import java.nio.ByteBuffer;

/** Moves a batch into another segment: same events, new checksums. */
final class Rewriting {
    private Rewriting() {}

    static BatchFields move(
            ByteBuffer bytes, BatchHeader batch, Segment target, long offset, int previous, Checksums checksums) {
        Seed seed = target.identity.seed();
        Checksums content = new Checksums();
        content.start();
        int at = Batch.SIZE;
        for (int i = 0; i < batch.count(); i++) {
            bytes.clear();
            int checksum = checksums.seeded(seed, bytes, at, at + EventRecord.CHECKSUM);
            bytes.clear();
            bytes.putInt(at + EventRecord.CHECKSUM, checksum);
            content.add(bytes, at, at + EventRecord.SIZE);
            bytes.clear();
            at += Layout.recordBytes(bytes.getInt(at + EventRecord.BODY_BYTES));
        }
        BatchFields fields = new BatchFields();
        fields.type = Batch.TYPE_DATA;
        fields.flags = batch.flags();
        fields.totalBytes = batch.totalBytes();
        fields.contentBytes = batch.contentBytes();
        fields.count = batch.count();
        fields.previous = previous;
        fields.firstSequence = batch.firstSequence();
        fields.durable = batch.durable();
        fields.epoch(batch.epoch(), batch.epochIdentity());
        fields.firstTimeNanos = batch.firstTimeNanos();
        fields.lastTimeNanos = batch.lastTimeNanos();
        fields.offset = offset;
        fields.writtenNanos = batch.writtenNanos();
        fields.contentChecksum = content.value();
        BatchHeader.write(bytes, 0, fields, target.identity, checksums);
        return fields;
    }
}
