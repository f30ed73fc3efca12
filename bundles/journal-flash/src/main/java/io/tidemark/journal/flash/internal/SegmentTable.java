package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.journal.JournalSettings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The segments of an open journal, and how far they are durable. One lock guards all of it and the writing end; no I/O
 * happens under it. Methods that say "under the lock" are called with it held.
 */
final class SegmentTable {
    /** An index for every so many bytes. */
    static final long STRIDE_BYTES = 4L << 20;

    private final Object lock = new Object();
    private final String journal;
    private final long segmentBytes;
    private final Gate housekeeperGate;
    private final Windows windows;

    private final ArrayList<Segment> live = new ArrayList<>();
    private final ArrayDeque<EndJob> endJobs = new ArrayDeque<>();
    private final ArrayDeque<Segment> dropped = new ArrayDeque<>();
    private final List<FlashReader> readers = new ArrayList<>();
    private Segment prepared;
    private long nextNumber;
    private int maxSegments;
    private long reserveBytes;
    private boolean preparationFailed;

    /** A trim up to here is being saved: nobody begins to read in front of it any more. */
    private long trimming;

    private volatile long durable;
    private volatile long trimmed;
    private volatile boolean readersWait;

    /** A segment that was left and gets its last index and its end. */
    record EndJob(Segment segment, IndexBuilder.Gathered rest, int previousChecksum) {}

    SegmentTable(String journal, long segmentBytes, Gate housekeeperGate, Windows windows) {
        this.journal = journal;
        this.segmentBytes = segmentBytes;
        this.housekeeperGate = housekeeperGate;
        this.windows = windows;
    }

    void startAt(List<Segment> found, Segment spare, long next, long durableNow, long trimmedNow) {
        live.addAll(found);
        prepared = spare;
        nextNumber = next;
        durable = durableNow;
        trimmed = trimmedNow;
    }

    Object lock() {
        return lock;
    }

    /** Memory for those who read. */
    Windows windows() {
        return windows;
    }

    String journal() {
        return journal;
    }

    long strideBytes() {
        return Math.max(STRIDE_BYTES, segmentBytes / 64);
    }

    long segmentBytes() {
        return segmentBytes;
    }

    long durable() {
        return durable;
    }

    long trimmed() {
        return trimmed;
    }

    void wakeHousekeeper() {
        housekeeperGate.open();
    }

    void configure(JournalSettings settings) {
        synchronized (lock) {
            maxSegments = (int) Math.min(Integer.MAX_VALUE, Math.max(2, settings.limitBytes() / segmentBytes));
            reserveBytes = settings.reserveBytes();
        }
        wakeHousekeeper();
    }

    // ---- room, under the lock ----

    Segment prepared() {
        return prepared;
    }

    boolean canPrepare() {
        return !preparationFailed && live.size() < maxSegments;
    }

    long reserveBytes() {
        return reserveBytes;
    }

    private long capacity() {
        return segmentBytes - 2L * Layout.BLOCK;
    }

    /** Bytes in segments that can still be had, the one that is prepared included. */
    long roomBehind() {
        return roomBehindPrepared() + (prepared == null ? 0 : capacity());
    }

    long roomBehindPrepared() {
        int taken = live.size() + (prepared == null ? 0 : 1);
        return preparationFailed ? 0 : Math.max(0, maxSegments - taken) * capacity();
    }

    void usePrepared() {
        live.add(prepared);
        prepared = null;
        housekeeperGate.open();
    }

    // ---- preparing, by the housekeeper ----

    /** The number of the segment to be prepared; -1 when none is wanted. */
    long wantedNumber() {
        synchronized (lock) {
            return prepared == null && live.size() < maxSegments ? nextNumber : -1;
        }
    }

    void prepared(Segment segment) {
        synchronized (lock) {
            prepared = segment;
            nextNumber = segment.number() + 1;
            preparationFailed = false;
        }
    }

    void preparationFailed() {
        synchronized (lock) {
            preparationFailed = true;
        }
    }

    /** Takes back the prepared segment, whose number is given again; null when there is none or it is needed. */
    Segment takePrepared(int directory, JournalPlaces places) {
        synchronized (lock) {
            // With one segment behind it, the one in use can be left as soon as that one is trimmed.
            if (prepared == null || live.size() < 2 || places.directoryOf(prepared.number()) != directory) {
                return null;
            }
            Segment taken = prepared;
            prepared = null;
            nextNumber = taken.number();
            return taken;
        }
    }

    boolean hasPreparationFailed() {
        synchronized (lock) {
            return preparationFailed;
        }
    }

    /** Bytes that are left in the segment in use and in the one that is prepared. */
    long readyBytes() {
        synchronized (lock) {
            Segment last = live.isEmpty() ? null : live.get(live.size() - 1);
            long left = last == null ? 0 : Math.max(0, last.identity.endBlock() - last.endOffset);
            return left + (prepared == null ? 0 : capacity());
        }
    }

    int liveCount() {
        synchronized (lock) {
            return live.size() + (prepared == null ? 0 : 1);
        }
    }

    int maxSegments() {
        synchronized (lock) {
            return maxSegments;
        }
    }

    void leave(Segment segment, IndexBuilder.Gathered rest, int previousChecksum) {
        synchronized (lock) {
            segment.left = true;
            endJobs.add(new EndJob(segment, rest, previousChecksum));
        }
        housekeeperGate.open();
    }

    EndJob nextEndJob() {
        synchronized (lock) {
            return endJobs.poll();
        }
    }

    /** A trimmed segment that nobody reads any more; null when there is none. */
    Segment nextDropped() {
        synchronized (lock) {
            for (Segment segment : dropped) {
                if (!segment.pinned()) {
                    dropped.remove(segment);
                    return segment;
                }
            }
            return null;
        }
    }

    // ---- durable, and who waits for it ----

    /** Under the lock. */
    void moveDurable(long sequence) {
        durable = sequence;
    }

    void wakeReadersThatWait() {
        if (readersWait) {
            wakeReaders();
        }
    }

    void wakeReaders() {
        List<Runnable> listeners = new ArrayList<>();
        synchronized (lock) {
            readersWait = false;
            readers.forEach(reader -> reader.takeListeners(listeners));
        }
        listeners.forEach(Runnable::run);
    }

    /** Under the lock. */
    void readersWait() {
        readersWait = true;
    }

    void firstSequence(long first) {
        synchronized (lock) {
            trimmed = first - 1;
            durable = first - 1;
        }
    }

    // ---- what somebody else writes ----

    /** A segment that comes behind all others. */
    void found(Segment segment) {
        synchronized (lock) {
            live.add(segment);
            nextNumber = segment.number() + 1;
        }
    }

    /** The same segment as the last one, with all that it has. */
    void replaceLast(Segment whole) {
        synchronized (lock) {
            live.set(live.size() - 1, whole);
        }
    }

    /** Everything up to a sequence can be read. */
    void readable(long sequence) {
        synchronized (lock) {
            durable = Math.max(durable, sequence);
        }
        wakeReadersThatWait();
    }

    /** Segments below a number are gone. */
    void forgetBelow(long firstSegment, long trimmedNow) {
        synchronized (lock) {
            while (!live.isEmpty() && live.get(0).number() < firstSegment) {
                dropped.add(live.remove(0));
            }
            trimmed = Math.max(trimmed, trimmedNow);
            durable = Math.max(durable, trimmed);
        }
    }

    // ---- finding, pinning, trimming ----

    /** Under the lock: all live segments that have events, oldest first, as a count from the front. */
    private int filled() {
        int count = live.size();
        while (count > 0 && live.get(count - 1).isEmpty()) {
            count--;
        }
        return count;
    }

    /** Pins the segment that has a durable sequence; null when there is none. */
    Segment pinOf(long sequence) {
        synchronized (lock) {
            Segment found = search(sequence, false);
            if (found != null && found.lastSequence >= sequence) {
                found.pin();
                return found;
            }
            return null;
        }
    }

    /** Pins the last segment that starts at or before a time; null when all are younger. */
    Segment pinAt(long timeNanos) {
        synchronized (lock) {
            Segment found = search(timeNanos, true);
            if (found != null) {
                found.pin();
            }
            return found;
        }
    }

    private Segment search(long key, boolean byTime) {
        int found = Bisection.lastAtMost(
                filled(), i -> byTime ? live.get(i).firstTimeNanos : live.get(i).firstSequence, key);
        return found < 0 ? null : live.get(found);
    }

    /** Pins a live segment by its number; null when it is not live. */
    Segment pinNumber(long number) {
        synchronized (lock) {
            long first = live.isEmpty() ? Long.MAX_VALUE : live.get(0).number();
            long index = number - first;
            if (index < 0 || index >= live.size()) {
                return null;
            }
            Segment found = live.get((int) index);
            found.pin();
            return found;
        }
    }

    /** Whether a number is that of a segment that was trimmed. */
    boolean isTrimmed(long number) {
        synchronized (lock) {
            return number < (live.isEmpty() ? nextNumber : live.get(0).number());
        }
    }

    void unpin(Segment segment) {
        boolean free;
        synchronized (lock) {
            segment.unpin();
            free = !segment.pinned() && dropped.contains(segment);
        }
        if (free) {
            housekeeperGate.open();
        }
    }

    /** False when what it wants to read first is trimmed, or about to be. */
    boolean addReader(FlashReader reader) {
        synchronized (lock) {
            return reader.nextSequence() > Math.max(trimmed, trimming) && readers.add(reader);
        }
    }

    void removeReader(FlashReader reader) {
        synchronized (lock) {
            readers.remove(reader);
        }
    }

    /** What a trim drops. */
    record Droppable(int count, long trimmed, long firstSegment) {}

    /** Begins a trim, which {@link #drop} or {@link #keep} ends: what it names has no reader, and gets none any more. */
    Droppable droppable(long sequence) {
        synchronized (lock) {
            long bound = Math.min(sequence, durable);
            for (FlashReader reader : readers) {
                bound = Math.min(bound, reader.nextSequence() - 1);
            }
            int count = 0;
            while (count < live.size() - 1
                    && live.get(count).left
                    && live.get(count).neededUpTo() <= bound
                    && !live.get(count).isEmpty()) {
                count++;
            }
            if (count == 0) {
                return new Droppable(0, trimmed, 0);
            }
            trimming = live.get(count - 1).lastSequence;
            return new Droppable(count, trimming, live.get(count).number());
        }
    }

    /** The trim is given up. */
    void keep() {
        synchronized (lock) {
            trimming = 0;
        }
    }

    void drop(Droppable what) {
        synchronized (lock) {
            List<Segment> front = live.subList(0, what.count());
            dropped.addAll(front);
            endJobs.removeIf(job -> front.contains(job.segment()));
            front.clear();
            trimmed = what.trimmed();
            preparationFailed = false;
        }
        housekeeperGate.open();
    }

    // ---- figures ----

    /** Live segments, the prepared one and those that wait for their readers. */
    List<Segment> all() {
        synchronized (lock) {
            List<Segment> all = new ArrayList<>(live);
            all.addAll(dropped);
            if (prepared != null) {
                all.add(prepared);
            }
            return all;
        }
    }

    long sequenceAtBytesBack(long bytes) {
        synchronized (lock) {
            int index = filled() - 1;
            if (index < 0) {
                return durable + 1;
            }
            long sum = live.get(index).endOffset;
            while (index > 0 && sum + live.get(index - 1).endOffset <= bytes) {
                index--;
                sum += live.get(index).endOffset;
            }
            return live.get(index).firstSequence;
        }
    }

    /** Used bytes, live bytes, segments, oldest and newest time. */
    record Figures(long usedBytes, long liveBytes, int segments, long oldestTimeNanos, long newestTimeNanos) {}

    Figures figures() {
        synchronized (lock) {
            int count = filled();
            long liveBytes = 0;
            for (Segment segment : live) {
                liveBytes += segment.isEmpty() ? 0 : segment.endOffset - Segment.FIRST_BATCH;
            }
            return new Figures(
                    live.size() * segmentBytes,
                    liveBytes,
                    live.size(),
                    count == 0 ? 0 : live.get(0).firstTimeNanos,
                    count == 0 ? 0 : live.get(count - 1).lastTimeNanos);
        }
    }

    StorageException trimmedAway(String what) {
        return new StorageException(
                Reason.NOT_FOUND,
                what + " of journal " + journal + " was trimmed; it starts behind " + trimmed,
                "take a later position");
    }
}
