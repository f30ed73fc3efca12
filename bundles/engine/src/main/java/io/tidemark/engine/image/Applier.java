package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.Journal;
import io.tidemark.base.work.Standby;

/**
 * Brings what is durable to the image, batch by batch. A batch is the whole overlay of a moment: it is frozen, new writes go
 * into a fresh one above it, and it is read until all of it has reached the image. So a batch becomes readable as a whole.
 *
 * <p>It is lazy on purpose: the longer small scattered writes gather, the more of them are overwritten before they cost
 * anything, and the better the rest sorts. It hurries when nothing comes in, when somebody asks, when payload is large (it
 * would have to be read back from the journal), and when the backlog has reached a good part of its limit.
 */
final class Applier implements Runnable, BatchWriter.Interruption {
    /**
     * Part of the backlog's limits at which a batch starts, at first. The rest is for what comes in while it is written: how
     * much that is, the batches before tell, and the later a batch starts the more of it folds. While a replica catches up it
     * starts no later: then how soon it is there counts, and its device would wait. Nor sooner: that folds less, and takes more
     * from what comes in.
     */
    private static final double START_FILL = 0.45;

    private static final double LEAST_START_FILL = 0.3;

    /** Well below {@link Session#SLOW_FILL}: clients that are slowed down before a batch starts would wait for nothing. */
    static final double MOST_START_FILL = 0.7;

    /** What comes in during a batch is taken for so much more than it was during the one before. */
    private static final double START_CAUTION = 1.5;

    /** Part of the backlog's limits that events take which have not arrived, from which on a replica catches up. */
    private static final double CATCH_UP_LACKS = 1.0 / 64;

    /** Part of what the journal may take from which on what waits in it is brought out of it. */
    private static final double SCARCE_FILL = 0.6;

    /** Of an image's memory, for a batch that is not waited for. */
    private static final int EARLY_MEMORY_PART = 4;

    /** So long without a request, and a batch is in nobody's way. */
    private static final long ALONE_NANOS = 20_000_000L;

    private static final long SCARCE_LEAST_BYTES = 1 << 20;
    private static final long SPACE_RETRY_NANOS = 50_000_000L;
    private static final long SPACE_RETRY_MAX_NANOS = 500_000_000L;

    private final Core core;
    private final Standby gate;
    private final BatchWriter writer;
    private final Aftermath after = new Aftermath();
    private long spaceRetryNanos = SPACE_RETRY_NANOS;
    private volatile boolean stop;

    // Guarded by the image's lock.
    private boolean parked;
    private boolean awaitsEvents = true;
    private boolean awaitsDurable;
    private long lastBatchNanos;
    private double startFill = START_FILL;
    private final Pace pace = new Pace();
    private long writesBefore;
    private long writes;
    private ExtentMap batch;
    private ExtentMap previous;

    Applier(Core core) {
        this.core = core;
        this.gate = new Standby(core.context.workers(), "apply-" + core.labels.name());
        this.writer = new BatchWriter(core);
        this.lastBatchNanos = core.context.clock().monotonicNanos();
    }

    void start() {
        gate.start(this);
    }

    void wake() {
        gate.open();
    }

    void stop() {
        stop = true;
        gate.close();
    }

    void join(long timeoutNanos) {
        gate.join(timeoutNanos);
    }

    /** Something can be read that could not before. Under the lock; for every event. */
    void moreToApply() {
        if (awaitsEvents) {
            gate.open();
            // Where no thread could be started, the next event tries it again: nobody else does.
            awaitsEvents = !gate.hasThread();
        } else if (parked && pressing()) {
            gate.open();
        }
    }

    /** Under the lock: {@code durable} has moved. */
    void durableMoved() {
        if (awaitsDurable ? core.durable >= core.frozenUpTo : parked && core.applyWanted > core.applied) {
            gate.open();
        }
    }

    private boolean pressing() {
        if (isAsked() || core.fill() >= (catchesUp() ? Math.min(startFill, START_FILL) : startFill)) {
            return true;
        }
        if (isEarly() && core.activeBytes >= earlyBytes()) {
            return true;
        }
        long share = core.settings.hotPayloadBytes();
        return core.hot.bytes() >= share / 4 && core.share.isLarge(core.activeBytes);
    }

    private boolean isAsked() {
        return core.applyWanted > core.applied || core.resizeSequence > 0 || core.space.isLow();
    }

    /** A replica's batches are what its source waits for, and each of a delayed one costs a force. */
    private boolean isEarly() {
        return pace.isEarly() && core.following == null;
    }

    /** What begins a batch then: the next one gathers in memory beside it. */
    private long earlyBytes() {
        return core.settings.hotPayloadBytes() / EARLY_MEMORY_PART;
    }

    @Override
    public int runs(double written) {
        boolean hurries = isAsked()
                || core.stopping
                || core.suspended
                || core.journalFull
                || catchesUp()
                || core.context.clock().monotonicNanos() - core.lastBusyNanos >= ALONE_NANOS;
        return hurries ? BatchWriter.RUNS : pace.runs(written, cameIn());
    }

    /** Since the batch began, as a part of what starts the next one. */
    private double cameIn() {
        if (isEarly()) {
            return (double) core.activeBytes / earlyBytes();
        }
        double room = Math.min(startFill, Session.SLOW_FILL - core.share(core.frozenBytes, batch.size()));
        return room <= 0 ? 1 : core.share(core.activeBytes, core.active.size()) / room;
    }

    private boolean catchesUp() {
        if (core.following == null) {
            return false;
        }
        long lacking = core.following.lacking();
        return lacking > 0 && core.share(0, (int) Math.min(lacking, Integer.MAX_VALUE)) >= CATCH_UP_LACKS;
    }

    @Override
    public void run() {
        while (!stop) {
            long timeout = prepare();
            if (timeout > 0) {
                long retry = core.space.round(after);
                if (retry > 0 && !gate.rest(Math.min(timeout, retry))) {
                    return;
                }
            } else if (awaitDurable()) {
                writeBatch();
            }
        }
    }

    /** Takes a batch if it is time for one: 0; else how long to wait. */
    private long prepare() {
        long now = core.context.clock().monotonicNanos();
        boolean scarce = journalIsScarce();
        synchronized (core.lock) {
            if (scarce) {
                core.wantCheckpoint();
            }
            parked = false;
            awaitsEvents = false;
            if (core.suspended || core.journal == null) {
                return Long.MAX_VALUE;
            }
            if (core.frozen != null) {
                return 0;
            }
            if (core.readable() <= core.applied) {
                awaitsEvents = true;
                return Long.MAX_VALUE;
            }
            long idle = core.settings.idleNanos();
            long age = now - lastBatchNanos;
            boolean quiet = now - core.lastBusyNanos >= idle && core.forces == 0;
            if (!quiet && !pressing() && age < 3 * core.settings.checkpointNanos()) {
                parked = true;
                return idle;
            }
            freeze();
            return 0;
        }
    }

    /** Whether the journal fills up with what only waits to be applied and checkpointed. */
    private boolean journalIsScarce() {
        Journal journal;
        long waitingBytes;
        synchronized (core.lock) {
            if (core.journal == null || core.suspended) {
                return false;
            }
            journal = core.journal;
            waitingBytes = core.activeBytes + core.frozenBytes + core.checkpointer.pendingBytes();
            if (waitingBytes < SCARCE_LEAST_BYTES) {
                return false;
            }
            core.enter();
        }
        long usedBytes = 0;
        long mostBytes = 0;
        try {
            usedBytes = journal.status().usedBytes();
            mostBytes = usedBytes + journal.roomBytes();
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            // Whoever writes to a journal that cannot say what it has finds out whether it works.
            usedBytes = 0;
        }
        synchronized (core.lock) {
            core.leave();
        }
        return usedBytes > mostBytes * SCARCE_FILL && waitingBytes > mostBytes / 8;
    }

    private void freeze() {
        ExtentMap fresh = new ExtentMap();
        batch = core.active;
        core.frozen = core.steps.keepsBatchReadable() ? batch : new ExtentMap();
        core.frozenUpTo = core.readable();
        core.frozenBytes = core.activeBytes;
        core.active = fresh;
        core.activeBytes = 0;
        core.space.frozen();
        writes = core.figures.writes() - writesBefore;
        writesBefore += writes;
        if (isEarly()) {
            core.figures.earlyBatches++;
        }
    }

    /** Waits until all of the batch is durable; false when the image was suspended or stopped meanwhile, or the batch
     * was dissolved by a resume. */
    private boolean awaitDurable() {
        while (!stop) {
            synchronized (core.lock) {
                awaitsDurable = false;
                if (core.suspended || core.journal == null || batch == null) {
                    return false;
                }
                if (core.steps.mayApply(core.frozenUpTo, core.durable)) {
                    core.enter();
                    return true;
                }
                awaitsDurable = true;
                // Whoever forces at the moment has to go on: nobody else may wait for these events.
                core.forceWanted = true;
                core.committer.wake();
            }
            gate.await(Long.MAX_VALUE);
        }
        return false;
    }

    private void writeBatch() {
        Journal journal;
        BlockImage image;
        ExtentMap map;
        synchronized (core.lock) {
            journal = core.journal;
            image = core.image;
            map = batch;
        }
        if (!noteReach()) {
            return;
        }
        StorageException failure = null;
        boolean done = false;
        long before = core.context.clock().monotonicNanos();
        try {
            done = writer.write(map, journal, image, this) && repeatPrevious(journal, image) && resize(image);
        } catch (StorageException e) {
            failure = e;
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            failure = Failures.unexpected(core.labels.name(), "apply a batch", e);
        }
        long now = core.context.clock().monotonicNanos();
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            core.leave();
            if (core.resizing) {
                core.resizing = false;
                core.checkpointer.wake();
            }
            if (failure != null) {
                core.failed(writer.failedPart(), failure, after);
            } else if (done) {
                core.figures.applied(core.frozenBytes, map.size(), writer, now - before);
                core.share.applied(writer.bytes(), map.size(), now - before - writer.fetchedNanos());
                finish(now, wall);
            }
        }
        after.settle(core);
    }

    /** Notes durably how far a delayed replica's image is about to show events, before it does; false when that failed. */
    private boolean noteReach() {
        Following following = core.following;
        long reach;
        boolean due;
        boolean waited;
        synchronized (core.lock) {
            reach = core.frozenUpTo;
            due = following != null && following.notesReach(reach);
            waited = core.imageFull;
        }
        if (!due) {
            if (waited) {
                // It follows live by now.
                imageFull(false);
            }
            return true;
        }
        boolean noted = false;
        boolean full = false;
        try {
            core.heads.store(
                    head -> HeadProperties.put(head, head.role(), following.kept.reach(reach)),
                    () -> following.kept = following.kept.reach(reach));
            noted = true;
        } catch (StorageException e) {
            full = e.reason() == StorageException.Reason.NO_SPACE;
            synchronized (core.lock) {
                core.leave();
                if (!full) {
                    core.failed(ImageListener.Part.IMAGE, e, after);
                }
            }
            after.settle(core);
        }
        if (full != waited) {
            imageFull(full);
        }
        if (!noted) {
            // The batch stays readable meanwhile.
            gate.await(SPACE_RETRY_NANOS);
        }
        return noted;
    }

    /** Only for an image that is broken on purpose. */
    private boolean repeatPrevious(Journal journal, BlockImage image) throws StorageException {
        if (core.steps.appliesInOrder()) {
            return true;
        }
        ExtentMap earlier = previous;
        previous = batch;
        return earlier == null || writer.write(earlier, journal, image, this);
    }

    /** Carries out a resize that the batch ends with. */
    private boolean resize(BlockImage image) throws StorageException {
        long to;
        synchronized (core.lock) {
            if (core.resizeSequence == 0 || core.resizeSequence > core.frozenUpTo) {
                return true;
            }
            to = core.resizeToBytes;
        }
        // A head in the middle would name the new size and a position before it; and a store may cut a file to the size
        // of the head that it has just stored.
        core.changed.await(() -> {
            core.resizing = !core.headStoring;
            return core.resizing;
        });
        return writer.resize(image, to, this);
    }

    /**
     * Chooses where the next batch starts: so that it and what comes in while it is written just fit. Only batches that say
     * something about that count. Under the lock.
     */
    private void tune() {
        double written = core.share(core.frozenBytes, batch.size());
        if (written < LEAST_START_FILL / 2 || catchesUp()) {
            return;
        }
        double cameIn = core.share(core.activeBytes, core.active.size());
        double latest = 0.95 / (1 + START_CAUTION * cameIn / written);
        startFill = Math.max(LEAST_START_FILL, Math.min(MOST_START_FILL, (startFill + latest) / 2));
    }

    private void finish(long now, long wall) {
        tune();
        pace.ended(writes, writer.runs(), startFill / core.share(core.frozenBytes, batch.size()));
        long bytes = core.frozenBytes;
        core.frozen = null;
        core.frozenBytes = 0;
        batch = null;
        core.applied = core.frozenUpTo;
        if (core.resizeSequence != 0 && core.resizeSequence <= core.applied) {
            // Together: a peer is told which size belongs to what is applied.
            core.sizeBytes = core.resizeToBytes;
            core.resizeSequence = 0;
            core.expectReading();
        }
        core.hot.evict(core.applied, -1, after.releases);
        core.space.applied(after);
        core.moved(after);
        lastBatchNanos = now;
        core.admitHeld(wall, after);
        core.room.signal();
        core.changed.signal();
        core.checkpointer.applied(bytes);
    }

    /** Takes up a batch that was rebuilt or left behind while the image was suspended. Under the lock. */
    void restart() {
        batch = core.frozen;
        gate.open();
    }

    @Override
    public boolean wanted() {
        synchronized (core.lock) {
            return stop || core.suspended;
        }
    }

    @Override
    public boolean waitForSpace() {
        imageFull(true);
        gate.await(spaceRetryNanos);
        spaceRetryNanos = Math.min(spaceRetryNanos * 2, SPACE_RETRY_MAX_NANOS);
        if (wanted()) {
            return false;
        }
        synchronized (core.lock) {
            return !core.stopping;
        }
    }

    @Override
    public void spaceFound() {
        spaceRetryNanos = SPACE_RETRY_NANOS;
        imageFull(false);
    }

    private void imageFull(boolean full) {
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            core.imageFull = full;
            core.admitHeld(wall, after);
            core.updateState(after);
            core.changed.signal();
            // Who waits for room goes on while the image is full: reads do.
            core.room.signal();
        }
        after.settle(core);
    }
}
