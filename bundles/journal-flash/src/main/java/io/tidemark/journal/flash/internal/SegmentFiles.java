package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/** Makes segment files ready. Whoever is under its segment name has a valid block 0 and its full size. */
final class SegmentFiles {
    private static final int SLICE_BYTES = 512 << 10;

    /** Most zeros that are in the cache at once: a force of a batch may have to wait for them. */
    private static final int PORTION_BYTES = 4 << 20;

    private final StorageContext context;
    private final JournalPlaces places;
    private final UUID journal;
    private final long segmentBytes;
    private final Windows windows;
    private final Checksums checksums = new Checksums();
    private final ByteBuffer block = ByteBuffer.allocateDirect(Layout.BLOCK).order(ByteOrder.LITTLE_ENDIAN);

    SegmentFiles(StorageContext context, JournalPlaces places, UUID journal, long segmentBytes, Windows windows) {
        this.context = context;
        this.places = places;
        this.journal = journal;
        this.segmentBytes = segmentBytes;
        this.windows = windows;
    }

    /**
     * A new file.
     *
     * @param written whether zeros are written or blocks only reserved
     * @param stop asked between slices; when it says so, the unfinished file is removed and null returned
     */
    Segment create(long number, boolean written, BooleanSupplier stop) throws StorageException {
        Files files = context.files();
        Path temporary = places.preparing(number);
        files.delete(temporary);
        try (StorageFile file = files.open(temporary, Files.Mode.CREATE)) {
            if (!fill(file, written, stop)) {
                files.delete(temporary);
                return null;
            }
            writeHeader(file, number);
            file.force();
        } catch (StorageException e) {
            deleteQuietly(temporary);
            throw e;
        }
        return install(temporary, number);
    }

    private boolean fill(StorageFile file, boolean written, BooleanSupplier stop) throws StorageException {
        file.setSize(segmentBytes);
        boolean reserved = file.allocate(0, segmentBytes);
        if (reserved && !written) {
            return true;
        }
        ByteBuffer zeros = windows.zeros(SLICE_BYTES);
        int cachedBytes = 0;
        for (long at = 0; at < segmentBytes; at += SLICE_BYTES) {
            if (stop.getAsBoolean()) {
                return false;
            }
            zeros.clear().limit((int) Math.min(SLICE_BYTES, segmentBytes - at));
            // Past the cache in small slices where that can be done: then the force of a batch never queues behind more
            // than one of them, and no memory is taken for zeros that nobody reads.
            if (!file.writeDirect(zeros, at)) {
                file.write(zeros, at);
                cachedBytes += SLICE_BYTES;
                if (cachedBytes == PORTION_BYTES) {
                    file.force();
                    cachedBytes = 0;
                }
            }
        }
        return true;
    }

    /** A trimmed file under a new number: nothing in it is valid any more, and none of its blocks is new to the disk. */
    Segment reuse(Path old, long number) throws StorageException {
        Files files = context.files();
        try (StorageFile file = files.open(old, Files.Mode.WRITE)) {
            writeHeader(file, number);
            file.force();
        }
        return install(old, number);
    }

    private Segment install(Path from, long number) throws StorageException {
        Files files = context.files();
        Path to = places.segment(number);
        if (!from.equals(to)) {
            files.rename(from, to);
        }
        files.forceDirectory(to.getParent());
        StorageFile file = files.open(to, Files.Mode.WRITE);
        Segment segment = null;
        try {
            segment = new Segment(readHeader(file, to, block, checksums), to, file);
        } finally {
            if (segment == null) {
                file.close();
            }
        }
        return segment;
    }

    private void writeHeader(StorageFile file, long number) throws StorageException {
        UUID identity = new UUID(context.randomBits(), context.randomBits());
        SegmentIdentity.of(
                        journal,
                        identity,
                        number,
                        segmentBytes,
                        context.clock().wallNanos(),
                        places.directoryOf(number),
                        places.directories().size())
                .write(block, checksums);
        file.write(block, 0);
    }

    /** Null when block 0 is no header. */
    static SegmentIdentity readHeader(StorageFile file, Path path, ByteBuffer block, Checksums checksums)
            throws StorageException {
        block.clear();
        int count = file.read(block, 0);
        block.clear();
        return count < Layout.BLOCK ? null : SegmentIdentity.read(path, block, checksums);
    }

    private void deleteQuietly(Path path) {
        try {
            context.files().delete(path);
        } catch (StorageException e) {
            // What made the file useless is reported; it is overwritten the next time.
        }
    }
}
