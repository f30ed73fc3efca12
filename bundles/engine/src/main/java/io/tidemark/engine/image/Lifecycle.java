package io.tidemark.engine.image;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.Journal.JournalStatus;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.replica.Consistency;
import io.tidemark.base.text.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Start, suspend, resume, resize and stop of one image. One of suspend, resume and close at a time. */
final class Lifecycle {
    private static final long JOIN_NANOS = 60_000_000_000L;

    private final Core core;
    private final List<Worker> workers = new ArrayList<>();
    private boolean busy;
    private boolean closed;
    /** Guarded by the image's lock. */
    private boolean resizing;

    Lifecycle(Core core) {
        this.core = core;
        core.committer = new Committer(core);
        core.applier = new Applier(core);
        core.checkpointer = new Checkpointer(core);
        core.mover = core.following == null ? null : new HeadMover(core);
    }

    void start() {
        core.committer.start();
        core.applier.start();
        core.checkpointer.start();
        if (core.mover != null) {
            core.mover.start();
        }
        watchPeers();
        core.asking.watch();
    }

    /** As soon as a commit rule asks for peers somebody has to see to it that they are there. */
    void watchPeers() {
        Worker worker = core.peers.watch.startIfNeeded();
        if (worker != null) {
            synchronized (core.lock) {
                workers.add(worker);
            }
        }
    }

    private void begin() {
        core.changed.await(() -> {
            boolean free = !busy;
            busy = true;
            return free;
        });
    }

    private void end() {
        synchronized (core.lock) {
            busy = false;
            core.changed.signal();
        }
    }

    // ---------------------------------------------------------------- suspend and resume

    void suspend(String why) {
        begin();
        Aftermath after = new Aftermath();
        try {
            synchronized (core.lock) {
                if (core.stopping) {
                    return;
                }
                core.suspended = true;
                core.suspendedWhy = why;
                core.figures.suspensions++;
                core.updateState(after);
                core.changed.signal();
                core.room.signal();
                core.applier.wake();
                core.moved(after);
            }
            after.settle(core);
            core.changed.await(() -> core.users == 0);
            if (core.journal != null) {
                forceJournal(after);
                forceImage(after);
            }
        } finally {
            synchronized (core.lock) {
                core.detach();
            }
            settleAndEnd(after);
        }
    }

    /** Whoever is told may fail: the next one would wait for this one for ever. */
    private void settleAndEnd(Aftermath after) {
        try {
            after.settle(core);
        } finally {
            end();
        }
    }

    private void forceJournal(Aftermath after) {
        if (core.failedPart == ImageListener.Part.JOURNAL || core.durable >= core.appended) {
            return;
        }
        StorageException failure = Failures.attempt(core.labels.name(), "force the journal", () -> {
            long durable = core.steps.forceJournal(core.journal);
            long now = core.context.clock().monotonicNanos();
            long wall = core.context.clock().wallNanos();
            synchronized (core.lock) {
                core.durableAt(durable, now, wall, after);
            }
        });
        if (failure != null) {
            after.warning("image " + core.labels.name()
                    + " suspends with events that are not durable yet; they are kept: " + failure.getMessage());
        }
    }

    private void forceImage(Aftermath after) {
        if (core.imageLost || core.checkpointed >= core.applied) {
            return;
        }
        StorageException failure = attemptCheckpoint(after);
        if (failure != null) {
            after.warning("image " + core.labels.name()
                    + " suspends without a checkpoint; what was applied since the last one is applied again: "
                    + failure.getMessage());
        }
    }

    private StorageException attemptCheckpoint(Aftermath after) {
        return Failures.attempt(core.labels.name(), "store the last checkpoint", () -> storeCheckpoint(after));
    }

    private void storeCheckpoint(Aftermath after) throws StorageException {
        core.steps.forceImage(core.image);
        ImageHead head = core.headAt(core.applied, core.sizeBytes);
        core.steps.storeHead(core.image, head);
        long now = core.context.clock().monotonicNanos();
        synchronized (core.lock) {
            core.head = head;
            core.imageForced = core.applied;
            core.checkpointed = core.applied;
            core.figures.checkpoints++;
            int from = after.sweep.count();
            core.checkpointWaiters.sweep(core.imageForced, after.sweep);
            core.figures.acknowledged(after.sweep, from, now);
        }
    }

    void resume(Journal journal, BlockImage image) throws StorageException {
        begin();
        Aftermath after = new Aftermath();
        boolean done = false;
        try {
            synchronized (core.lock) {
                if (core.stopping) {
                    throw Failures.closed(core.labels.name());
                }
                if (!core.suspended || core.journal != null) {
                    throw Failures.malformed(core.labels.name(), "resumed without being suspended");
                }
            }
            Recovery recovery = new Recovery(core);
            recovery.compareAgain(journal, image);
            recovery.resume(journal, image, after);
            long wall = core.context.clock().wallNanos();
            synchronized (core.lock) {
                core.suspended = false;
                core.suspendedWhy = "";
                core.failedPart = null;
                core.imageLost = false;
                core.imageFull = false;
                core.applier.restart();
                core.checkpointer.restart();
                core.epochStart.resumed(core.epoch);
                core.asking.begin(journal, core.head);
                core.space.restart(after);
                core.admitHeld(wall, after);
                core.updateState(after);
                if (core.following != null) {
                    core.following.resumed(after);
                }
                core.moved(after);
                core.peers.watch.wake();
                core.changed.signal();
                core.room.signal();
                core.committer.wake();
            }
            core.asking.watch();
            done = true;
        } finally {
            if (!done) {
                synchronized (core.lock) {
                    core.detach();
                }
            }
            settleAndEnd(after);
        }
    }

    // ---------------------------------------------------------------- orders

    void checkpoint() throws StorageException {
        long target;
        synchronized (core.lock) {
            refuseUnlessServing();
            target = core.readable();
            core.headFailure = null;
            core.wantCheckpoint();
        }
        core.changed.await(() -> core.checkpointed >= target
                || core.suspended
                || core.stopping
                || core.imageFull
                || core.headFailure != null);
        synchronized (core.lock) {
            if (core.checkpointed < target) {
                refuseUnlessServing();
                throw core.headFailure != null ? core.headFailure : Failures.imageFull(core.labels.name());
            }
        }
    }

    void refuseUnlessServing() throws StorageException {
        if (core.stopping) {
            throw Failures.closed(core.labels.name());
        }
        if (core.suspended) {
            throw Failures.unavailable(core.labels.name(), core.suspendedWhy);
        }
    }

    void resize(long newSizeBytes) throws StorageException {
        if (newSizeBytes <= 0 || newSizeBytes % 512 != 0) {
            throw Failures.malformed(core.labels.name(), "size " + newSizeBytes + " is no multiple of 512 above 0");
        }
        BlockImage image = enterResize();
        try {
            checkSize(image, newSizeBytes);
            resizeAlone(newSizeBytes);
        } finally {
            synchronized (core.lock) {
                resizing = false;
                core.changed.signal();
            }
        }
    }

    /** One at a time: the store is asked while no other size is on its way to it. */
    private BlockImage enterResize() throws StorageException {
        while (true) {
            synchronized (core.lock) {
                refuseUnlessServing();
                if (core.readOnly()) {
                    throw core.refusal();
                }
                if (!resizing && core.resizeSequence == 0) {
                    resizing = true;
                    return core.image;
                }
            }
            core.changed.await(() -> (!resizing && core.resizeSequence == 0) || core.stopping || core.suspended);
        }
    }

    /** What is in the journal is tried for ever: a size that the store refuses must not get there. */
    private static void checkSize(BlockImage image, long newSizeBytes) throws StorageException {
        try {
            image.prepareResize(newSizeBytes);
        } catch (StorageException e) {
            if (e.reason() == Reason.INVALID) {
                throw e;
            }
            // A pool that is taken away comes back, and space is made: it is done then.
        }
    }

    private void resizeAlone(long newSizeBytes) throws StorageException {
        Aftermath after = new Aftermath();
        long sequence = 0;
        while (sequence == 0) {
            core.changed.await(() -> !core.asking.holds() || core.stopping);
            sequence = journalResize(newSizeBytes, after);
            after.settle(core);
            if (sequence < 0) {
                return;
            }
            if (sequence == 0) {
                awaitForce();
            }
        }
        long target = sequence;
        // The size has changed when the event is applied; a head that cannot be stored now is stored later.
        core.changed.await(() ->
                core.checkpointed >= target || core.stopping || (core.applied >= target && core.headFailure != null));
        synchronized (core.lock) {
            if (core.applied < target) {
                throw Failures.stopped(core.labels.name());
            }
        }
    }

    /** The sequence of the event; 0 when it has to be tried again; -1 when there is nothing to do. */
    private long journalResize(long newSizeBytes, Aftermath after) throws StorageException {
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            refuseUnlessServing();
            if (core.readOnly()) {
                throw core.refusal();
            }
            assert core.resizeSequence == 0 : "two sizes on their way";
            if (core.sizeBytes == newSizeBytes) {
                return -1;
            }
            long outcome = core.epochStart.isDue()
                    ? JournalAppender.BATCH_FULL
                    : core.append(EventKind.RESIZE, 0, wall, 0, newSizeBytes, null, after);
            if (outcome == JournalAppender.FULL) {
                throw new StorageException(
                        Reason.JOURNAL_FULL,
                        "the journal of image " + core.labels.name() + " has no room for the resize",
                        "raise its limit or let what keeps it go on");
            }
            if (outcome > 0) {
                core.resizeSequence = outcome;
                core.resizeToBytes = newSizeBytes;
                core.wantCheckpoint();
                return outcome;
            }
            core.forceWanted = true;
        }
        core.epochStart.await(after);
        core.committer.lead(after);
        return 0;
    }

    Position mark(EventKind kind, String label) throws StorageException {
        if (kind != EventKind.MARK && kind != EventKind.SNAPSHOT) {
            throw Failures.malformed(core.labels.name(), "a moment is named by a mark or a snapshot, not by a " + kind);
        }
        checkLabel(label);
        Aftermath after = new Aftermath();
        Position[] at = {Position.NONE};
        while (at[0].equals(Position.NONE)) {
            core.changed.await(() -> !core.asking.holds() || core.stopping);
            at[0] = journalMark(kind, label, after);
            after.settle(core);
            core.epochStart.await(after);
            core.committer.lead(after);
            if (at[0].equals(Position.NONE)) {
                awaitForce();
            }
        }
        core.changed.await(() -> core.durable >= at[0].sequence() || core.stopping);
        synchronized (core.lock) {
            if (core.durable < at[0].sequence()) {
                throw Failures.stopped(core.labels.name());
            }
        }
        return at[0];
    }

    /** What found the batch full waits for a force of somebody else, where there is one, instead of asking again and again. */
    private void awaitForce() {
        long[] before = {-1};
        core.changed.await(() -> {
            before[0] = before[0] < 0 ? core.durable : before[0];
            return core.durable > before[0] || core.forces == 0 || core.suspended || core.stopping;
        });
    }

    private void checkLabel(String label) throws StorageException {
        try {
            Names.checkMark(label);
        } catch (IllegalArgumentException e) {
            throw Failures.malformed(core.labels.name(), e.getMessage());
        }
    }

    /** NONE when it has to be tried again. */
    private Position journalMark(EventKind kind, String label, Aftermath after) throws StorageException {
        int flags = kind == EventKind.SNAPSHOT ? EventHeader.FLAG_BARRIER : 0;
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            refuseUnlessServing();
            if (core.readOnly()) {
                throw core.refusal();
            }
            if (core.isHeldBack()) {
                return Position.NONE;
            }
            // What is kept back in a full journal is for what frees it again.
            long outcome = core.journalFull ? JournalAppender.FULL : core.appendNamed(kind, flags, wall, label, after);
            if (outcome == JournalAppender.FULL) {
                throw new StorageException(
                        Reason.JOURNAL_FULL,
                        "the journal of image " + core.labels.name() + " has no room for the mark " + label,
                        "raise its limit or let what keeps it go on");
            }
            core.forceWanted = true;
            if (outcome < 0) {
                return Position.NONE;
            }
            if (flags != 0) {
                core.lastBarrier = outcome;
            }
            return new Position(core.epoch.number(), outcome);
        }
    }

    List<String> warnings() {
        List<String> lines = new ArrayList<>();
        Journal journal;
        synchronized (core.lock) {
            journal = core.journal;
            if (core.failedPart != null) {
                lines.add(core.suspendedWhy);
            }
            if (core.failedRead != null) {
                lines.add(core.failedRead);
            }
            if (core.backlogFull()) {
                lines.add("the backlog is at its limit: writes go at the speed of the image");
            }
            if (core.following != null && core.following.consistency() != Consistency.CONSISTENT) {
                lines.add("the replica has not all of its source's bytes yet: it is "
                        + core.following.consistency().name().toLowerCase(Locale.ROOT));
            }
            if (core.space.isLow()) {
                lines.add("the image's pool has little space left: writes go at the speed of the image");
            }
            if (core.peers.warning() != null) {
                lines.add(core.peers.warning());
            }
            if (core.asking.warning() != null) {
                lines.add(core.asking.warning());
            }
        }
        if (journal != null) {
            JournalStatus status = journal.status();
            double used = (double) status.usedBytes() / status.limitBytes();
            if (used >= core.settings.softWarnFraction()) {
                lines.add("the journal is " + Math.round(used * 100) + " % full");
            }
        }
        return lines;
    }

    // ---------------------------------------------------------------- the end

    void close() throws StorageException {
        begin();
        try {
            if (closed) {
                return;
            }
            closed = true;
            stop();
        } finally {
            end();
        }
    }

    private void stop() throws StorageException {
        Aftermath after = new Aftermath();
        List<Session> sessions;
        boolean attached;
        synchronized (core.lock) {
            core.stopping = true;
            core.updateState(after);
            core.failHeld(Failures.stopped(core.labels.name()), after);
            if (core.following != null) {
                core.following.end(after);
                core.wakeMover();
            }
            sessions = List.copyOf(core.sessions);
            core.sessions.clear();
            core.changed.signal();
            core.room.signal();
            attached = !core.suspended && core.journal != null;
        }
        try {
            after.settle(core);
        } finally {
            // Whatever threw, nobody goes on working on stores that are let go, and nobody waits for an image that is
            // gone.
            finish(sessions, attached);
        }
    }

    private void finish(List<Session> sessions, boolean attached) throws StorageException {
        try {
            if (attached) {
                drain();
            }
        } finally {
            stopWorkers();
            letGo(sessions, attached);
        }
    }

    private void stopWorkers() {
        core.committer.stop();
        core.applier.stop();
        core.checkpointer.stop();
        if (core.mover != null) {
            core.mover.stop();
        }
        core.peers.watch.stop();
        core.asking.stop(JOIN_NANOS);
        List<Worker> all;
        synchronized (core.lock) {
            all = List.copyOf(workers);
        }
        for (Worker worker : all) {
            worker.join(JOIN_NANOS);
        }
        core.committer.join(JOIN_NANOS);
        core.applier.join(JOIN_NANOS);
        core.checkpointer.join(JOIN_NANOS);
        if (core.mover != null) {
            core.mover.join(JOIN_NANOS);
        }
        core.changed.await(() -> {
            // From here on nobody else stores a head: it would be overwritten, or would take the last one back.
            core.headStoring |= core.users == 0;
            return core.users == 0;
        });
    }

    private void letGo(List<Session> sessions, boolean attached) throws StorageException {
        Aftermath after = new Aftermath();
        StorageException failure = attached ? lastCheckpoint(after) : null;
        synchronized (core.lock) {
            StorageException why = Failures.stopped(core.labels.name());
            core.durableWaiters.fail(why, after.sweep);
            core.checkpointWaiters.fail(why, after.sweep);
            core.peers.fail(why, after.sweep);
            core.hot.evict(Long.MAX_VALUE, -1, after.releases);
            core.detach();
            core.headStoring = false;
            core.changed.signal();
        }
        try {
            after.settle(core);
        } finally {
            sessions.forEach(this::end);
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void end(Session session) {
        try {
            session.end("image " + core.labels.name() + " is closed");
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            // The others are to be told all the same.
            core.listener.warning("client " + session.client() + " could not be told that the image is closed: " + e);
        }
    }

    /**
     * Forces and applies everything, unless a store fails or the image is full.
     *
     * <p>While somebody forces, the worker that is woken here may find nothing that it may begin, and whoever forces need not go on:
     * maybe nobody waits for what is behind. But the applier asks for that as soon as it is to bring it to the image, and the receiver
     * of a replica when it is closed. What neither asks for, as behind a batch that an image is too full for, the worker forces when
     * nothing has come for a moment.
     */
    private void drain() {
        synchronized (core.lock) {
            core.wantCheckpoint();
            core.committer.wake();
        }
        core.changed.await(() -> core.suspended || core.durable >= core.appended);
        core.changed.await(() -> core.suspended || core.imageFull || core.applied >= core.readable());
    }

    private StorageException lastCheckpoint(Aftermath after) {
        if (core.stopFailure != null) {
            return core.stopFailure;
        }
        StorageException failure = core.checkpointed < core.applied ? attemptCheckpoint(after) : null;
        if (failure != null) {
            return failure;
        }
        return core.applied < core.readable() ? Failures.imageFull(core.labels.name()) : null;
    }
}
