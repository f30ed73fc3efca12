package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageContext;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.work.Standby;
import io.tidemark.journal.flash.FlashOptions;
import io.tidemark.journal.flash.internal.Layout.Batch;
import io.tidemark.journal.flash.internal.Layout.End;
import io.tidemark.journal.flash.internal.Layout.Stride;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/**
 * The journal's own worker. Makes the next segment ready before it is needed, ends segments that were left, takes back those
 * that were trimmed, and seals when nothing comes.
 */
final class Housekeeper {
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /**
     * From this many bytes in each force on, reserved blocks cost less than writing everything twice: about as many as a device
     * writes in the time that the first force of a block takes longer.
     */
    private static final long LARGE_BATCH_BYTES = 64 << 10;

    /** One to write to and one to go on with: what a journal never gives up. */
    private static final int LEAST_SEGMENTS = 2;

    /** So long after the last change of use a burst's spare segments are kept, and each further one so much longer. */
    private static final long SPARE_NANOS = TimeUnit.MINUTES.toNanos(2);

    private static final long NEXT_SPARE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final int MAX_STRIDES = (Layout.BLOCK - Batch.SIZE - End.SIZE) / Stride.SIZE;

    private final StorageContext context;
    private final FlashOptions options;
    private final JournalPlaces places;
    private final SegmentTable table;
    private final SegmentFiles segmentFiles;
    private final Logger log;
    private final Standby gate;
    private final List<ArrayDeque<Path>> recyclable = new ArrayList<>();
    /** The journal's entries in the books of its directories' file systems. */
    private final List<SpaceBook.Promise> space = new ArrayList<>();

    private final Checksums checksums = new Checksums();
    private final BatchFields fields = new BatchFields();
    private final ByteBuffer endBlock = ByteBuffer.allocateDirect(Layout.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    private WriteEnd writeEnd;
    private long retryAtNanos;
    private long spareDueNanos;
    private long forcesBefore;
    private long bytesBefore;
    private volatile int spareCount;
    private volatile boolean stopping;

    Housekeeper(
            StorageContext context,
            FlashOptions options,
            JournalPlaces places,
            SegmentTable table,
            SegmentFiles segmentFiles,
            Standby gate,
            Logger log) {
        this.context = context;
        this.options = options;
        this.places = places;
        this.table = table;
        this.segmentFiles = segmentFiles;
        this.gate = gate;
        this.log = log;
        places.directories().forEach(directory -> recyclable.add(new ArrayDeque<>()));
    }

    void recycle(Path leftover) {
        long number = JournalPlaces.numberOf(leftover.getFileName().toString());
        recyclable.get(places.directoryOf(number)).add(leftover);
    }

    void start(WriteEnd end) throws StorageException {
        writeEnd = end;
        boolean started = false;
        try {
            for (Path directory : places.directories()) {
                space.add(context.files().space(directory).open(directory, gate::open));
            }
            gate.start(this::run);
            started = true;
        } finally {
            if (!started) {
                space.forEach(SpaceBook.Promise::close);
            }
        }
    }

    void stop() {
        stopping = true;
        gate.close();
        gate.join(Long.MAX_VALUE);
        // Ends are cheap, and make the next opening fast.
        for (SegmentTable.EndJob job = table.nextEndJob(); job != null; job = table.nextEndJob()) {
            end(job);
        }
        space.forEach(SpaceBook.Promise::close);
    }

    private void run() {
        while (!stopping) {
            long nanos = guardedRound();
            if (nanos > 0 && !gate.rest(nanos)) {
                return;
            }
        }
    }

    /** Without this worker appending would wait for ever: a journal whose worker fails has failed itself. */
    private long guardedRound() {
        try {
            return turnRound();
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            log.error("journal {}: its worker failed", places.journal(), e);
            writeEnd.workerFailed(e);
            return RETRY_NANOS;
        }
    }

    /** One round of work; nanoseconds to wait before the next one. */
    private long turnRound() {
        SegmentTable.EndJob job = table.nextEndJob();
        if (job != null) {
            end(job);
            return 0;
        }
        takeBack();
        if (giveUp()) {
            return 0;
        }
        long wait = prepare();
        long due = shrink();
        spareCount = spares();
        return wait == 0 ? 0 : Math.min(Math.min(wait, writeEnd.rest()), due);
    }

    // ---- the next segment ----

    private long prepare() {
        long number = table.wantedNumber();
        if (number < 0) {
            return Long.MAX_VALUE;
        }
        if (table.hasPreparationFailed()) {
            long leftNanos = retryAtNanos - context.clock().monotonicNanos();
            if (leftNanos > 0) {
                return leftNanos;
            }
        }
        try {
            Segment segment = make(number);
            if (segment != null) {
                table.prepared(segment);
                writeEnd.segmentIsReady();
            }
            return 0;
        } catch (StorageException e) {
            preparationFailed(e);
            return RETRY_NANOS;
        }
    }

    private void preparationFailed(StorageException e) {
        if (!table.hasPreparationFailed()) {
            log.warn("journal {}: no further segment can be prepared: {}", places.journal(), e.getMessage());
        }
        retryAtNanos = context.clock().monotonicNanos() + RETRY_NANOS;
        table.preparationFailed();
        writeEnd.segmentIsReady();
    }

    private Segment make(long number) throws StorageException {
        Path old = recyclable.get(places.directoryOf(number)).poll();
        if (old != null) {
            keepSpares(SPARE_NANOS);
            return segmentFiles.reuse(old, number);
        }
        if (spares() > 0 && table.liveCount() + spares() >= table.maxSegments()) {
            deleteSpare();
        }
        SpaceBook.Promise room = space.get(places.directoryOf(number));
        try {
            checkRoom(room);
            return segmentFiles.create(number, written(), this::interrupted);
        } catch (StorageException e) {
            if (e.reason() != Reason.NO_SPACE || spares() == 0) {
                throw e;
            }
            deleteSpare();
            return null;
        } finally {
            room.keep(0);
        }
    }

    /** Grows only into what no image was promised: what is in the journal could not be applied otherwise. */
    private void checkRoom(SpaceBook.Promise room) throws StorageException {
        boolean least = table.liveCount() + spares() < LEAST_SEGMENTS;
        if (!room.take(table.segmentBytes()) && !least) {
            throw new StorageException(
                    Reason.NO_SPACE,
                    "a segment of " + Sizes.format(table.segmentBytes()) + " does not fit into what the file system of "
                            + places.first() + " has left beside what images there need for applying",
                    "make space there, or keep less in the journal");
        }
    }

    /** Between two slices of zeros: a seal that is due is not kept waiting. */
    private boolean interrupted() {
        writeEnd.rest();
        return stopping;
    }

    private boolean written() {
        if (options.preparation() != FlashOptions.Preparation.ADAPTIVE) {
            return options.preparation() == FlashOptions.Preparation.WRITTEN;
        }
        long forces = writeEnd.written().forces() - forcesBefore;
        long bytes = writeEnd.written().bytes() - bytesBefore;
        forcesBefore += forces;
        bytesBefore += bytes;
        return forces == 0 || bytes / forces < LARGE_BATCH_BYTES;
    }

    // ---- trimmed segments ----

    private int spares() {
        return recyclable.stream().mapToInt(ArrayDeque::size).sum();
    }

    private void takeBack() {
        for (Segment segment = table.nextDropped(); segment != null; segment = table.nextDropped()) {
            try {
                segment.file.close();
                recycle(segment.path);
                keepSpares(SPARE_NANOS);
                if (segment.identity.bytes() != table.segmentBytes()
                        || table.liveCount() + spares() > table.maxSegments()) {
                    deleteSpare();
                }
            } catch (StorageException e) {
                log.warn("journal {}: {}", places.journal(), e.getMessage());
            }
        }
    }

    private void keepSpares(long nanos) {
        spareDueNanos = context.clock().monotonicNanos() + nanos;
    }

    /**
     * Gives up the spares of a burst that is long over, one by one. Earlier they would be made again for the next one, and
     * making a segment costs as much writing as filling it.
     *
     * @return nanoseconds until the next one is due
     */
    private long shrink() {
        if (spares() <= options.spareSegments()) {
            return Long.MAX_VALUE;
        }
        long left = spareDueNanos - context.clock().monotonicNanos();
        if (left > 0) {
            return left;
        }
        keepSpares(NEXT_SPARE_NANOS);
        try {
            deleteSpare();
        } catch (StorageException e) {
            log.warn("journal {}: {}", places.journal(), e.getMessage());
        }
        return NEXT_SPARE_NANOS;
    }

    private void deleteSpare() throws StorageException {
        for (ArrayDeque<Path> spares : recyclable) {
            if (deleteSpare(spares)) {
                return;
            }
        }
    }

    private boolean deleteSpare(ArrayDeque<Path> spares) throws StorageException {
        Path spare = spares.pollLast();
        if (spare != null) {
            // Not forced: after a power loss it may be a spare again.
            context.files().delete(spare);
        }
        return spare != null;
    }

    // ---- space that an image lacks ----

    /** Gives up a segment that is not in use where an image in the same file system lacks space. Whether it did. */
    private boolean giveUp() {
        try {
            for (int i = 0; i < space.size(); i++) {
                if (table.liveCount() + spares() > LEAST_SEGMENTS
                        && space.get(i).lackingElsewhere() > 0
                        && (deleteSpare(recyclable.get(i)) || deletePrepared(i))) {
                    return true;
                }
            }
        } catch (StorageException e) {
            log.warn("journal {}: a segment could not be given up: {}", places.journal(), e.getMessage());
        }
        return false;
    }

    /** What can still be had: what is ready, what is spare, and what the file systems have left. By anybody. */
    long roomBytes() {
        long ready = table.readyBytes() + spareCount * table.segmentBytes();
        long free = Long.MAX_VALUE;
        try {
            for (SpaceBook.Promise room : space) {
                free = Math.min(free, room.available());
            }
        } catch (StorageException e) {
            // Whoever asks takes it as a hint: that a directory cannot be looked at is seen when it is written to.
            return ready;
        }
        // Segments are dealt out in turn, so the fullest directory counts.
        return ready + Math.min(free, Long.MAX_VALUE / 4 / space.size()) * space.size();
    }

    private boolean deletePrepared(int directory) throws StorageException {
        Segment prepared = writeEnd.takePrepared(directory, places);
        if (prepared == null) {
            return false;
        }
        prepared.file.close();
        context.files().delete(prepared.path);
        return true;
    }

    // ---- ends ----

    private void end(SegmentTable.EndJob job) {
        try {
            writeEnd(job);
        } catch (StorageException e) {
            // Without an end the segment is walked when it is opened; nothing is lost by it.
            log.warn(
                    "journal {}: segment {} gets no index: {}",
                    places.journal(),
                    job.segment().number(),
                    e.getMessage());
        }
    }

    private void writeEnd(SegmentTable.EndJob job) throws StorageException {
        Segment segment = job.segment();
        List<Segment.Stride> strides;
        long endOffset;
        synchronized (table.lock()) {
            strides = List.copyOf(segment.strides);
            endOffset = segment.endOffset;
            fields.firstSequence = segment.lastSequence + 1;
            fields.firstTimeNanos = segment.firstTimeNanos;
            fields.lastTimeNanos = segment.lastTimeNanos;
        }
        fields.durable = fields.firstSequence - 1;
        fields.writtenNanos = context.clock().wallNanos();
        fields.epoch(0, new java.util.UUID(0, 0));
        long lastIndex = 0;
        if (job.rest() != null && !segment.keepTail) {
            lastIndex = endOffset;
            writeRest(job, endOffset);
        }
        long behind = lastIndex == 0
                ? endOffset
                : lastIndex + IndexBuilder.totalBytes(job.rest().count());
        int content = writeEndContent(segment, strides, lastIndex, behind);
        fields.type = Batch.TYPE_END;
        fields.flags = 0;
        fields.totalBytes = Layout.BLOCK;
        fields.contentBytes = content;
        fields.count = (content - End.SIZE) / Stride.SIZE;
        fields.previous = job.previousChecksum();
        fields.firstSequence = segment.firstSequence;
        fields.offset = segment.identity.endBlock();
        fields.contentChecksum = checksums.plain(endBlock, Batch.SIZE, Batch.SIZE + content);
        endBlock.clear();
        BatchHeader.write(endBlock, 0, fields, segment.identity, checksums);
        endBlock.clear();
        segment.file.write(endBlock, segment.identity.endBlock());
        // Forced, because after a power loss an opening would have to walk all that was written in the last half
        // minute.
        segment.file.force();
        synchronized (table.lock()) {
            segment.ended = true;
            if (lastIndex != 0) {
                segment.endOffset = behind;
                segment.closeStride(lastIndex, job.rest().count(), segment.lastSequence + 1);
            }
        }
    }

    private void writeRest(SegmentTable.EndJob job, long offset) throws StorageException {
        int bytes = IndexBuilder.totalBytes(job.rest().count());
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        job.rest()
                .write(
                        buffer,
                        0,
                        offset,
                        job.previousChecksum(),
                        fields,
                        new BatchFields(),
                        job.segment().identity,
                        checksums);
        buffer.clear();
        job.segment().file.write(buffer, offset);
    }

    private int writeEndContent(Segment segment, List<Segment.Stride> strides, long lastIndex, long endOffset) {
        for (int i = 0; i < Layout.BLOCK; i += Long.BYTES) {
            endBlock.putLong(i, 0);
        }
        int at = Batch.SIZE;
        endBlock.putLong(at + End.LAST_SEQUENCE, segment.lastSequence);
        endBlock.putLong(at + End.END_OFFSET, endOffset);
        endBlock.putLong(at + End.FIRST_TIME, fields.firstTimeNanos);
        endBlock.putLong(at + End.LAST_TIME, fields.lastTimeNanos);
        at += End.SIZE;
        // Very small events make more strides than the block has room for: then every few of them become one without
        // index.
        int step = step(strides.size());
        for (int i = 0; i < strides.size(); i += step) {
            Segment.Stride stride = strides.get(i);
            boolean open = i == strides.size() - 1 && stride.indexOffset == 0;
            long index = open ? lastIndex : Math.max(0, stride.indexOffset);
            endBlock.putLong(at + Stride.FIRST_SEQUENCE, stride.firstSequence);
            endBlock.putLong(at + Stride.FIRST_TIME, stride.firstTimeNanos);
            endBlock.putInt(at + Stride.BATCH, (int) stride.batchOffset);
            endBlock.putInt(at + Stride.INDEX, step == 1 ? (int) index : 0);
            at += Stride.SIZE;
        }
        return at - Batch.SIZE;
    }

    private static int step(int strides) {
        return Math.max(1, (strides + MAX_STRIDES - 1) / MAX_STRIDES);
    }
}
