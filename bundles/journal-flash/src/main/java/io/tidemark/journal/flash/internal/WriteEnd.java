package io.tidemark.journal.flash.internal;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.journal.flash.FlashOptions;
import io.tidemark.journal.flash.internal.Layout.Batch;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The writing end. One batch is filled under the journal's lock while others are written and forced. A batch knows its place
 * on disk from its first event on, so {@link #append} only starts one where a segment is ready; it never waits.
 *
 * <p>Batches are put together one after the other, by whoever has the turn. Those that go past the page cache are then
 * written beside each other: what one of them reports says nothing about another one. What is written through the page cache
 * has to be alone, because a force tells a failure only once, to whoever asks first. Whatever the order in which they arrive
 * on the device, they become durable in the order of their events.
 */
final class WriteEnd implements JournalAppender {
    private static final int MAX_BODY_BYTES = (1 << 20) + 4096;

    /** Events in as many bytes as go past the page cache, from which on they count as small. */
    private static final int SMALL_EVENTS = 8;

    /** Batches that are written beside each other. A third one would only make all of them smaller. */
    private static final int MOST_UNDER_WAY = 2;

    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * What comes first after an opening is what was appended before and not forced. It had room then, and may need a little more
     * now: the seal of a journal that was closed lies in front of it.
     */
    private static final long AGAIN_BYTES = 128 << 10;

    /** Without events for so long a journal that makes no seals counts as idle. */
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final StorageContext context;
    private final FlashOptions options;
    private final SegmentTable table;
    private final Failures failures;
    private final FlashSteps steps;
    private final Object lock;
    private final long strideBytes;

    private final BatchBuffers buffers;

    /** Held by whoever puts a batch together, and by whoever writes what has to be alone. */
    private final Turn turn;

    private final Gate segmentReady;

    /** For whoever has the turn: a batch has become durable, or has failed. */
    private final Gate published;

    private final Batches.Ticket ticket;

    // Under the lock.
    /** Null while the journal has no buffer to spare. */
    private BatchBuilder filling;

    private final ArrayDeque<BatchBuilder> idle = new ArrayDeque<>();

    /** Closed and not durable, in the order of their events. */
    private final ArrayDeque<BatchBuilder> underWay = new ArrayDeque<>();

    /** Nothing was made durable since it was opened. */
    private boolean reopened = true;

    /** It is closed for good: what is in hand then goes back by itself. */
    private boolean gone;

    /** It would rest, but for events that wait for somebody who commits them. */
    private boolean restless;

    /** An event came and there was none to put it into. */
    private boolean bufferWanted;

    private Segment appendSegment;
    private long nextOffset;
    private long strideFilled;
    private int strideCount;
    private long lastTimeNanos = Long.MIN_VALUE;
    private boolean switchWanted;
    private boolean epochStarting;
    private boolean sealed = true;
    private Epoch epoch;

    // By whoever has the turn.
    private final Checksums checksums = new Checksums();
    private final Checksums contentChecksums = new Checksums();
    private final IndexBuilder index = new IndexBuilder();
    private final Seal seal = new Seal(checksums);
    private Segment writeSegment;
    private int previousChecksum;

    private volatile long appended;
    private volatile long unforcedBytes;
    private volatile long lastForceNanos;
    private volatile boolean unsealed;

    /** Whether it has buffers, which it gives back when it is idle. */
    private volatile boolean holding;

    private volatile boolean readingExpected = true;
    private volatile boolean overlapping;

    private final Written figures = new Written();

    WriteEnd(
            StorageContext context,
            FlashOptions options,
            SegmentTable table,
            Failures failures,
            FlashSteps steps,
            BatchBuffers buffers) {
        this.context = context;
        this.options = options;
        this.table = table;
        this.failures = failures;
        this.steps = steps;
        this.lock = table.lock();
        this.strideBytes = table.strideBytes();
        this.turn = new Turn(context.workers());
        this.segmentReady = context.workers().newGate();
        this.published = context.workers().newGate();
        this.buffers = buffers;
        this.ticket = new Batches.Ticket(published);
    }

    /** Takes over where recovery ended; before anybody else sees this object. */
    void startAt(Segment segment, long offset, int previous, long lastSequence, long lastTime, Epoch lastEpoch) {
        appendSegment = segment;
        writeSegment = segment;
        nextOffset = offset;
        previousChecksum = previous;
        appended = lastSequence;
        lastTimeNanos = lastTime;
        epoch = lastEpoch;
    }

    @Override
    public long append(
            EventKind kind,
            int flags,
            long timeNanos,
            long offset,
            long length,
            ByteBuffer head,
            ByteBuffer payload,
            ByteBuffer tail)
            throws StorageException {
        int body = head.remaining() + (payload == null ? 0 : payload.remaining()) + tail.remaining();
        if (body > MAX_BODY_BYTES) {
            throw new StorageException(
                    Reason.INVALID, "an event of " + body + " bytes is longer than " + MAX_BODY_BYTES, "split it");
        }
        synchronized (lock) {
            failures.checkUsable();
            checkOrder(timeNanos);
            long refusal = room(kind, timeNanos, body);
            if (refusal != 0) {
                return refusal;
            }
            long at = filling.append(kind, flags, timeNanos, offset, length, head, payload, tail);
            lastTimeNanos = timeNanos;
            appended = filling.fields.firstSequence + filling.fields.count - 1;
            unforcedBytes = filling.contentEnd();
            return place(filling.segment.number(), at);
        }
    }

    static long place(long number, long offset) {
        return number << 32 | offset;
    }

    private void checkOrder(long timeNanos) throws StorageException {
        if (epoch == null) {
            throw new StorageException(Reason.INVALID, "journal " + table.journal() + " has no epoch yet", "start one");
        }
        if (timeNanos < lastTimeNanos) {
            throw new StorageException(
                    Reason.INVALID,
                    "an event of time " + timeNanos + " ns cannot follow one of " + lastTimeNanos + " ns",
                    "never let time go back in a journal");
        }
    }

    /** Under the lock: makes sure that the batch can take the event. 0, FULL or BATCH_FULL. */
    private long room(EventKind kind, long timeNanos, int body) {
        if (epochStarting) {
            return BATCH_FULL;
        }
        if (filling == null && !refill()) {
            bufferWanted = true;
            return BATCH_FULL;
        }
        int record = Layout.recordBytes(body);
        if (!filling.isEmpty()) {
            int contentEnd = filling.contentEnd() + record;
            int entries = strideCount + filling.fields.count + 1;
            if (!filling.hasRoom(body) || !fits(filling.segment, filling.fields.offset, contentEnd, entries)) {
                return BATCH_FULL;
            }
            return allowed(kind, filling.segment, filling.fields.offset + contentEnd) ? 0 : FULL;
        }
        int contentEnd = Batch.SIZE + record;
        if (appendSegment != null && fits(appendSegment, nextOffset, contentEnd, strideCount + 1)) {
            if (!allowed(kind, appendSegment, nextOffset + contentEnd)) {
                return FULL;
            }
        } else {
            long refusal = nextSegment(kind, contentEnd);
            if (refusal != 0) {
                return refusal;
            }
        }
        filling.start(appendSegment, nextOffset, appended + 1, timeNanos);
        filling.fields.epoch(epoch.number(), epoch.identity());
        return 0;
    }

    /** Under the lock: takes a buffer that is at hand. */
    private boolean refill() {
        filling = idle.poll();
        if (filling == null) {
            filling = buffers.takeFree();
            if (filling != null) {
                hold();
            }
        }
        return filling != null;
    }

    /** It has one from now on. */
    private void hold() {
        lastForceNanos = context.clock().monotonicNanos();
        if (!holding) {
            holding = true;
            table.wakeHousekeeper();
        }
    }

    /** Under the lock. */
    private boolean fillsNothing() {
        return filling == null || filling.isEmpty();
    }

    private static boolean fits(Segment segment, long offset, int contentEnd, int entries) {
        return offset + Layout.align(contentEnd) + IndexBuilder.totalBytes(entries) <= segment.identity.endBlock();
    }

    /** Whether an event that ends at an offset leaves enough for control events. */
    private boolean allowed(EventKind kind, Segment segment, long end) {
        return kind.isControl() || segment.identity.endBlock() - Layout.align(end) + table.roomBehind() >= kept();
    }

    /** What data leaves for control events. */
    private long kept() {
        return table.reserveBytes() - (reopened ? Math.min(AGAIN_BYTES, table.reserveBytes() / 2) : 0);
    }

    private long nextSegment(EventKind kind, int contentEnd) {
        Segment next = table.prepared();
        if (next == null) {
            if (!table.canPrepare()) {
                return FULL;
            }
            switchWanted = true;
            return BATCH_FULL;
        }
        long after = next.identity.endBlock() - Segment.FIRST_BATCH - Layout.align(contentEnd);
        if (!kind.isControl() && after + table.roomBehindPrepared() < kept()) {
            return FULL;
        }
        table.usePrepared();
        appendSegment = next;
        nextOffset = Segment.FIRST_BATCH;
        strideCount = 0;
        strideFilled = 0;
        return 0;
    }

    /**
     * Takes back the prepared segment when the one in use has room enough for control events.
     *
     * @return null when it has to stay
     */
    Segment takePrepared(int directory, JournalPlaces places) {
        synchronized (lock) {
            if (appendSegment == null || switchWanted) {
                return null;
            }
            long end = fillsNothing() ? nextOffset : filling.fields.offset + Layout.align(filling.contentEnd());
            long left = appendSegment.identity.endBlock() - end;
            boolean enough = left >= Math.min(table.reserveBytes(), table.segmentBytes() / 2);
            return enough ? table.takePrepared(directory, places) : null;
        }
    }

    @Override
    public long force() throws StorageException {
        commit();
        boolean complete;
        synchronized (lock) {
            complete = underWay.isEmpty();
        }
        if (!complete) {
            turn.take();
            try {
                drain();
            } finally {
                turn.give();
            }
        }
        return table.durable();
    }

    @Override
    public long commit() throws StorageException {
        if (appended == table.durable() && !isWanting()) {
            failures.checkUsable();
            return table.durable();
        }
        BatchBuilder beside = null;
        turn.take();
        try {
            BatchBuilder closing = close();
            if (closing == null) {
                awaitBuffer();
                awaitSegment();
                return table.durable();
            }
            putTogether(closing);
            if (closing.overlaps) {
                beside = closing;
            } else {
                // What is durable serves as another batch at once: it is not looked at again.
                writeOut(closing);
            }
        } finally {
            turn.give();
        }
        if (beside != null) {
            writeOut(beside);
        }
        return table.durable();
    }

    @Override
    public boolean overlaps() {
        return overlapping;
    }

    @Override
    public void expectReading(boolean expected) {
        readingExpected = expected;
    }

    /** Whether an event waits for a segment or a buffer. */
    private boolean isWanting() {
        synchronized (lock) {
            return switchWanted || bufferWanted;
        }
    }

    /** With the turn: the batch that was filled; null when it is empty. From here on appends go into another one. */
    private BatchBuilder close() throws StorageException {
        while (true) {
            boolean mayGrow;
            synchronized (lock) {
                failures.checkUsable();
                if (fillsNothing()) {
                    return null;
                }
                if (!idle.isEmpty()) {
                    return closeFilling();
                }
                mayGrow = underWay.size() < MOST_UNDER_WAY;
            }
            BatchBuilder further = mayGrow ? buffers.takeFurther() : null;
            if (further != null) {
                keep(further);
                continue;
            }
            synchronized (lock) {
                failures.checkUsable();
                if (underWay.isEmpty()) {
                    // It is the only one that there is for this journal now.
                    return closeFilling();
                }
            }
            published.await(Long.MAX_VALUE);
        }
    }

    /** With the turn: waits until an event that found none has a buffer. */
    private void awaitBuffer() throws StorageException {
        boolean done = false;
        try {
            while (!done) {
                done = hasBuffer();
                if (!done) {
                    takeBuffer();
                }
            }
        } finally {
            if (!done) {
                buffers.leave(ticket);
            }
        }
    }

    private boolean hasBuffer() throws StorageException {
        synchronized (lock) {
            failures.checkUsable();
            bufferWanted &= filling == null && idle.isEmpty();
            if (bufferWanted) {
                return false;
            }
        }
        // One of its own may have come back first.
        buffers.leave(ticket);
        return true;
    }

    private void takeBuffer() {
        BatchBuilder taken = buffers.take(ticket);
        if (taken == null) {
            published.await(WAIT_NANOS);
        } else {
            keep(taken);
        }
    }

    /** One more for this journal, unless it was closed meanwhile. */
    private void keep(BatchBuilder taken) {
        synchronized (lock) {
            if (!gone) {
                idle.add(taken);
                filling = filling == null ? idle.remove() : filling;
                hold();
                return;
            }
        }
        buffers.give(taken);
    }

    /** With the turn: waits until nothing is under way. */
    private void drain() throws StorageException {
        while (true) {
            synchronized (lock) {
                failures.checkUsable();
                if (underWay.isEmpty()) {
                    return;
                }
            }
            published.await(Long.MAX_VALUE);
        }
    }

    /** Under the lock. */
    private BatchBuilder closeFilling() {
        BatchBuilder closing = filling;
        filling = idle.poll();
        underWay.add(closing);
        closing.closed = true;
        closing.inHand = true;
        long total = Layout.align(closing.contentEnd());
        strideFilled += total;
        strideCount += closing.fields.count;
        nextOffset = closing.fields.offset + total;
        if (strideFilled >= strideBytes || strideCount >= IndexBuilder.MAX_ENTRIES) {
            closing.indexCount = strideCount;
            closing.indexBytes = IndexBuilder.totalBytes(strideCount);
            nextOffset += closing.indexBytes;
            strideFilled = 0;
            strideCount = 0;
        }
        return closing;
    }

    /** With the turn: makes the batch what is to be written, chained with the one before. */
    private void putTogether(BatchBuilder batch) throws StorageException {
        boolean done = false;
        try {
            Segment segment = batch.segment;
            int length = (int) Layout.align(batch.contentEnd()) + batch.indexBytes;
            batch.through = goesThrough(length, batch.fields.count);
            batch.overlaps = batch.through && segment == writeSegment && segment.goesThrough;
            if (!batch.overlaps) {
                drainBefore(batch);
            }
            if (segment != writeSegment) {
                leaveSegment(segment);
            }
            chain(batch, segment);
            done = true;
        } finally {
            if (!done) {
                failed(batch);
                // No write of it has begun.
                letGo(batch, true);
            }
        }
    }

    private void drainBefore(BatchBuilder batch) throws StorageException {
        while (true) {
            synchronized (lock) {
                failures.checkUsable();
                if (underWay.peek() == batch) {
                    return;
                }
            }
            published.await(Long.MAX_VALUE);
        }
    }

    private void chain(BatchBuilder batch, Segment segment) {
        BatchFields fields = batch.fields;
        fields.previous = previousChecksum;
        fields.durable = table.durable();
        fields.writtenNanos = context.clock().wallNanos();
        batch.finish(checksums, contentChecksums, index);
        int checksum = batch.seal(checksums);
        batch.lastChecksum = checksum;
        if (batch.indexBytes > 0) {
            batch.lastChecksum = index.write(
                    batch.buffer(),
                    fields.totalBytes,
                    fields.offset + fields.totalBytes,
                    checksum,
                    fields,
                    segment.identity,
                    checksums);
        }
        previousChecksum = batch.lastChecksum;
    }

    /** Brings a batch to the device, and publishes what is durable thereby. With the turn unless the batch overlaps. */
    private void writeOut(BatchBuilder batch) throws StorageException {
        boolean written = false;
        boolean ended = false;
        try {
            write(batch);
            written = true;
        } catch (StorageException e) {
            ended = true;
            throw failures.poison(e);
        } finally {
            if (!written) {
                failed(batch);
                letGo(batch, ended);
            }
        }
        publish(batch);
    }

    /**
     * The thread of a batch that failed has done with it.
     *
     * @param ended whether the device surely has the buffer no longer
     */
    private void letGo(BatchBuilder batch, boolean ended) {
        boolean late;
        synchronized (lock) {
            batch.inHand = false;
            batch.doubtful = !ended;
            late = gone;
        }
        if (late) {
            giveBack(batch);
        }
    }

    /** What nobody is to publish any more. */
    private void giveBack(BatchBuilder batch) {
        if (batch.doubtful) {
            buffers.lost();
        } else {
            batch.clear();
            buffers.give(batch);
        }
    }

    /** A defect or lack of memory too: what the device has is as unknown as after a failed write. */
    private void failed(BatchBuilder batch) {
        if (!failures.poisoned()) {
            failures.poison(new StorageException(
                    Reason.IO,
                    "the batch of journal " + table.journal() + " from event " + batch.fields.firstSequence
                            + " on was not written to its end",
                    "the log says why; the image opens the journal again by itself"));
        }
        published.open();
    }

    private void write(BatchBuilder batch) throws StorageException {
        Segment segment = batch.segment;
        ByteBuffer bytes = batch.bytes(batch.indexBytes);
        int length = bytes.remaining();
        boolean through = batch.through && segment.file.writeThrough(bytes, batch.fields.offset);
        if (!batch.overlaps) {
            segment.goesThrough |= through;
            overlapping = through;
        }
        if (!through) {
            segment.file.write(bytes, batch.fields.offset);
            segment.file.force();
        }
        figures.add(length, batch.fields.count);
    }

    /** Many small events that will be read back to be applied stay in the page cache, however many they are. */
    private boolean goesThrough(int length, int events) {
        int from = options.directBytes();
        return from > 0 && (!readingExpected || (length >= from && length / events >= from / SMALL_EVENTS));
    }

    /** What was written to the old segment is all forced; its index and end are written by the housekeeper. */
    private void leaveSegment(Segment next) {
        if (writeSegment != null) {
            IndexBuilder.Gathered rest = index.count() == 0 ? null : index.take();
            table.leave(writeSegment, rest, previousChecksum);
        }
        writeSegment = next;
    }

    /** Moves {@code durable} over all that is written without a gap before it. */
    private void publish(BatchBuilder done) {
        lastForceNanos = context.clock().monotonicNanos();
        List<BatchBuilder> spare = List.of();
        boolean rests;
        synchronized (lock) {
            if (done.written || !done.closed) {
                failed(done);
                throw new IllegalStateException("a batch of journal " + table.journal() + " is published twice");
            }
            done.inHand = false;
            if (gone) {
                giveBack(done);
                return;
            }
            done.written = true;
            long durable = 0;
            while (!underWay.isEmpty() && underWay.peek().written) {
                BatchBuilder batch = underWay.remove();
                BatchFields fields = batch.fields;
                batch.segment.addData(fields, batch.indexBytes, batch.indexCount, batch.lastChecksum, strideBytes);
                durable = fields.firstSequence + fields.count - 1;
                sealed = false;
                batch.clear();
                idle.add(batch);
            }
            unforcedBytes = fillsNothing() ? 0 : filling.contentEnd();
            if (durable == 0) {
                if (steps.publishesInOrder()) {
                    return;
                }
                durable = done.fields.firstSequence + done.fields.count - 1;
            }
            reopened = false;
            // Under the lock, because whoever publishes next must not be overtaken.
            table.moveDurable(durable);
            if (buffers.wanted()) {
                // Not the one that is filled next: whoever asked for it is on its way.
                spare = takeIdle();
            }
            rests = restless;
            restless = false;
        }
        table.wakeReadersThatWait();
        spare.forEach(buffers::give);
        published.open();
        if (!unsealed || rests) {
            unsealed = true;
            table.wakeHousekeeper();
        }
    }

    /** Under the lock: the buffers that are in use for nothing now, no longer this journal's. */
    private List<BatchBuilder> takeSpare() {
        List<BatchBuilder> spare = takeIdle();
        if (filling != null && filling.isEmpty()) {
            spare.add(filling);
            filling = null;
        }
        holding = filling != null || !underWay.isEmpty();
        return spare;
    }

    private List<BatchBuilder> takeIdle() {
        List<BatchBuilder> spare = new ArrayList<>(idle);
        idle.clear();
        return spare;
    }

    /** With the turn: waits until the housekeeper has a segment ready or there is no room for one. */
    private void awaitSegment() throws StorageException {
        while (true) {
            synchronized (lock) {
                failures.checkUsable();
                if (!switchWanted || table.prepared() != null || !table.canPrepare()) {
                    switchWanted = false;
                    return;
                }
            }
            table.wakeHousekeeper();
            segmentReady.await(WAIT_NANOS);
        }
    }

    /** There is a segment, or the journal is closed: whoever waits is to look. */
    void segmentIsReady() {
        segmentReady.open();
        published.open();
    }

    void workerFailed(Throwable why) {
        failures.poison(new StorageException(
                Reason.IO, "the worker of journal " + table.journal() + " failed: " + why, "see the log"));
        segmentReady.open();
    }

    /**
     * When nothing came for a while: gives its buffers back, and attests what is durable.
     *
     * @return nanoseconds until it is worth looking again
     */
    long rest() {
        boolean seals = options.sealNanos() > 0 && unsealed;
        if ((!seals && !holding) || failures.poisoned()) {
            return Long.MAX_VALUE;
        }
        long wanted = options.sealNanos() > 0 ? options.sealNanos() : IDLE_NANOS;
        long idleNanos = context.clock().monotonicNanos() - lastForceNanos;
        if (idleNanos < wanted) {
            return wanted - idleNanos;
        }
        List<BatchBuilder> spare;
        synchronized (lock) {
            spare = takeSpare();
            // What it holds yet waits for a commit, however long that takes. That wakes the housekeeper.
            restless = holding;
        }
        spare.forEach(buffers::give);
        return seals ? seal() : Long.MAX_VALUE;
    }

    private long seal() {
        if (!turn.tryTake()) {
            return options.sealNanos();
        }
        try {
            if (isUnderWay()) {
                return options.sealNanos();
            }
            unsealed = false;
            writeSeal(0);
        } catch (StorageException e) {
            failures.poison(e);
        } finally {
            turn.give();
        }
        return Long.MAX_VALUE;
    }

    private boolean isUnderWay() {
        synchronized (lock) {
            return !underWay.isEmpty();
        }
    }

    /** With the turn, nothing under way. Does without where there is no room: the next batch attests as well. */
    private void writeSeal(int flags) throws StorageException {
        long offset;
        synchronized (lock) {
            if (sealed || !fillsNothing() || writeSegment == null) {
                return;
            }
            sealed = true;
            // What was given up may have begun a segment: then the next offset is not one of the segment written to.
            if (appendSegment != writeSegment || !fits(writeSegment, nextOffset, Layout.BLOCK, strideCount)) {
                return;
            }
            offset = nextOffset;
            nextOffset += Layout.BLOCK;
        }
        long durable = table.durable();
        long now = context.clock().wallNanos();
        previousChecksum = seal.write(writeSegment, offset, flags, previousChecksum, durable, epoch, now);
        synchronized (lock) {
            writeSegment.endOffset = offset + Layout.BLOCK;
            writeSegment.lastChecksum = previousChecksum;
        }
    }

    /** Seals at the end; what was appended and not forced is given up. The journal is closed already. */
    void finish() throws StorageException {
        turn.take();
        try {
            awaitWritten();
            synchronized (lock) {
                if (filling != null) {
                    filling.clear();
                }
            }
            if (!failures.poisoned()) {
                writeSeal(Batch.FLAG_CLEAN);
            }
        } finally {
            turn.give();
        }
    }

    /** With the turn: like {@link #drain} for a journal that is closed; ends when a write failed. */
    private void awaitWritten() {
        while (isUnderWay() && !failures.poisoned()) {
            published.await(Long.MAX_VALUE);
        }
    }

    /** At the very end. What a thread has in hand yet, since a device is slow to fail, it gives back itself. */
    void giveBuffers() {
        List<BatchBuilder> spare;
        synchronized (lock) {
            gone = true;
            if (filling != null) {
                filling.clear();
            }
            spare = takeSpare();
            underWay.stream().filter(batch -> !batch.inHand).forEach(spare::add);
            underWay.clear();
        }
        spare.forEach(this::giveBack);
    }

    /** What startEpoch does while nobody appends. */
    @FunctionalInterface
    interface EpochSaver {
        void save(boolean first) throws StorageException;
    }

    void startEpoch(Epoch next, EpochSaver saver) throws StorageException {
        turn.take();
        try {
            drain();
            boolean first;
            synchronized (lock) {
                failures.checkUsable();
                if (!fillsNothing()) {
                    throw new StorageException(
                            Reason.INVALID, "events wait for a force in journal " + table.journal(), "force first");
                }
                JournalState.checkContinues(table.journal(), epoch, appended, next);
                first = epoch == null;
                epochStarting = true;
            }
            saver.save(first);
            synchronized (lock) {
                epoch = next;
                if (first) {
                    appended = next.firstSequence() - 1;
                }
            }
        } finally {
            synchronized (lock) {
                epochStarting = false;
            }
            turn.give();
        }
    }

    @Override
    public long appended() {
        return appended;
    }

    @Override
    public long unforcedBytes() {
        return unforcedBytes;
    }

    Written written() {
        return figures;
    }
}
