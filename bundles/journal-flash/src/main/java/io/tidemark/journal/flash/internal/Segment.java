package io.tidemark.journal.flash.internal;

import io.tidemark.api.context.StorageFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A segment that is open. What can change is guarded by the journal's lock and tells of durable events only.
 */
final class Segment {
    /** Where the first batch starts. */
    static final long FIRST_BATCH = Layout.BLOCK;

    final SegmentIdentity identity;
    final Path path;
    final StorageFile file;
    final List<Stride> strides = new ArrayList<>();

    /** Of the first event; 0 while there is none. */
    long firstSequence;

    long lastSequence;
    long firstTimeNanos;
    long lastTimeNanos;

    /** Behind the last item that was written. */
    volatile long endOffset = FIRST_BATCH;

    /** Checksum of the last item, with which the next one is chained. */
    int lastChecksum;

    /** Nothing is appended to it any more. */
    boolean left;

    /** Its end was written. */
    boolean ended;

    /** A batch went past the page cache into it. */
    volatile boolean goesThrough;

    /** Recovery found the tail of another opening behind the end: no index may be written over it. */
    boolean keepTail;

    /** Events up to here were moved from it to the next segment by an opening; whoever knew their places reads them here yet. */
    long movedUpTo;

    private int pins;

    Segment(SegmentIdentity identity, Path path, StorageFile file) {
        this.identity = identity;
        this.path = path;
        this.file = file;
    }

    long number() {
        return identity.number();
    }

    boolean isEmpty() {
        return firstSequence == 0;
    }

    /** Trimmed up to here, nobody needs it. */
    long neededUpTo() {
        return Math.max(lastSequence, movedUpTo);
    }

    void pin() {
        pins++;
    }

    void unpin() {
        assert pins > 0 : "segment " + path + " is let go more often than it was pinned";
        pins--;
    }

    boolean pinned() {
        return pins > 0;
    }

    /** Notes a durable batch of events, and the index that was written behind it. */
    void addData(BatchFields batch, int indexBytes, int indexCount, int checksum, long strideBytes) {
        noteData(
                batch.firstSequence, batch.count, batch.firstTimeNanos, batch.lastTimeNanos, batch.offset, strideBytes);
        long end = batch.offset + batch.totalBytes;
        if (indexBytes > 0) {
            closeStride(end, indexCount, lastSequence + 1);
        }
        endOffset = end + indexBytes;
        lastChecksum = checksum;
    }

    /** As if nothing had been found. */
    void forget() {
        strides.clear();
        firstSequence = 0;
        lastSequence = 0;
        firstTimeNanos = 0;
        lastTimeNanos = 0;
        endOffset = FIRST_BATCH;
        lastChecksum = 0;
    }

    /** Has no event of its own any more: the next segment starts with the same one. */
    void supersede(long nextSequence, long nextTimeNanos) {
        firstSequence = nextSequence;
        lastSequence = nextSequence - 1;
        firstTimeNanos = nextTimeNanos;
        lastTimeNanos = nextTimeNanos;
        left = true;
        keepTail = true;
    }

    /** What comes now starts a new stride: an index that is written later covers only that. */
    void cutStride() {
        if (!strides.isEmpty() && strides.get(strides.size() - 1).indexOffset == 0) {
            strides.get(strides.size() - 1).indexOffset = Stride.NO_INDEX;
        }
    }

    /** Notes a batch that was found. */
    void addFound(BatchHeader batch, long strideBytes) {
        if (batch.isData()) {
            noteData(
                    batch.firstSequence(),
                    batch.count(),
                    batch.firstTimeNanos(),
                    batch.lastTimeNanos(),
                    batch.offset(),
                    strideBytes);
        } else if (batch.type() == Layout.Batch.TYPE_INDEX) {
            closeStride(batch.offset(), batch.count(), batch.firstSequence());
        }
        endOffset = batch.endOffset();
        lastChecksum = batch.checksum();
    }

    private void noteData(long first, int count, long firstTime, long lastTime, long offset, long strideBytes) {
        if (firstSequence == 0) {
            firstSequence = first;
            firstTimeNanos = firstTime;
        }
        lastSequence = first + count - 1;
        lastTimeNanos = lastTime;
        Stride last = strides.isEmpty() ? null : strides.get(strides.size() - 1);
        if (last == null || last.indexOffset != 0 || offset - last.batchOffset > 4 * strideBytes) {
            strides.add(new Stride(first, firstTime, offset));
        }
    }

    /** An index ends a stride; it serves only when it covers all of it. */
    void closeStride(long indexOffset, int count, long behind) {
        Stride last = strides.isEmpty() ? null : strides.get(strides.size() - 1);
        if (last != null && last.indexOffset == 0) {
            last.indexOffset = last.firstSequence + count == behind ? indexOffset : Stride.NO_INDEX;
        }
    }

    /** The stride that has a sequence; the segment has it. */
    Stride strideOf(long sequence) {
        return first(Bisection.lastAtMost(strides.size(), i -> strides.get(i).firstSequence, sequence));
    }

    /** The last stride that starts at or before a time. */
    Stride strideAt(long timeNanos) {
        return first(Bisection.lastAtMost(strides.size(), i -> strides.get(i).firstTimeNanos, timeNanos));
    }

    private Stride first(int index) {
        return strides.get(Math.max(0, index));
    }

    /** The batches from one index to the next. */
    static final class Stride {
        /** The stride is over and has no index that covers it. */
        static final long NO_INDEX = -1;

        final long firstSequence;
        final long firstTimeNanos;
        final long batchOffset;

        /** 0 while the stride grows. */
        long indexOffset;

        Stride(long firstSequence, long firstTimeNanos, long batchOffset) {
            this.firstSequence = firstSequence;
            this.firstTimeNanos = firstTimeNanos;
            this.batchOffset = batchOffset;
        }
    }
}
