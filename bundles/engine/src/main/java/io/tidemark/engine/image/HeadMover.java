package io.tidemark.engine.image;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.base.work.Standby;

/**
 * Moves the head of a replica over what is durable in its journal, event by event, as far as its order and the limits of the
 * image allow. What the head has passed is in the overlay; from there on all is as on a primary.
 */
final class HeadMover implements Runnable {
    /** In memory, before others may have the image's lock. */
    private static final int MOST_AT_ONCE = 64;

    private final Core core;
    private final Standby gate;
    private final Aftermath after = new Aftermath();
    private volatile boolean stop;

    // Of its own thread, and whoever saw that end.
    private Journal opened;
    private JournalReader reader;
    private EventHeader next;

    HeadMover(Core core) {
        this.core = core;
        this.gate = new Standby(core.context.workers(), "head-" + core.labels.name());
    }

    /** Has it look again. May be called under the lock. */
    void wake() {
        gate.open();
    }

    void start() {
        gate.start(this);
    }

    void stop() {
        stop = true;
        gate.close();
    }

    void join(long timeoutNanos) {
        if (gate.join(timeoutNanos)) {
            closeReader();
        }
    }

    @Override
    public void run() {
        while (!stop) {
            long timeout = step();
            after.settle(core);
            if (timeout > 0 && !gate.rest(timeout)) {
                return;
            }
        }
    }

    /** Moves over some events if it may; answers how long to wait for the next step. */
    private long step() {
        try {
            long fresh = stepFresh();
            if (fresh < 0) {
                return stepByReading();
            }
            closeReader();
            return fresh;
        } catch (StorageException e) {
            failed(e);
            return Long.MAX_VALUE;
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            failed(Failures.unexpected(core.labels.name(), "move the head", e));
            return Long.MAX_VALUE;
        }
    }

    /** Over what is in memory; negative when what is next is not. */
    private long stepFresh() throws StorageException {
        synchronized (core.lock) {
            Following following = core.following;
            if (core.suspended || core.stopping || !following.fresh.has(following.head + 1)) {
                return -1;
            }
            if (following.head >= core.durable) {
                return Long.MAX_VALUE;
            }
            long wait = 0;
            int passed = 0;
            while (wait == 0 && passed < MOST_AT_ONCE) {
                long sequence = following.head + 1;
                if (sequence > core.durable || !following.fresh.has(sequence)) {
                    break;
                }
                wait = tryPass(following.fresh.header(sequence), following.fresh.place(sequence));
                passed += wait == 0 ? 1 : 0;
            }
            if (passed > 0) {
                following.moved(after);
                core.changed.signal();
            }
            return wait;
        }
    }

    private long stepByReading() throws StorageException {
        Journal journal;
        long head;
        boolean more;
        synchronized (core.lock) {
            journal = core.suspended || core.stopping ? null : core.journal;
            head = core.following.head;
            // The journal's own mark may be ahead: nobody has been told yet that what it names is durable, and since
            // when.
            more = head < core.durable;
            if (journal != null) {
                core.enter();
            }
        }
        if (journal != opened) {
            closeReader();
        }
        if (journal == null) {
            return Long.MAX_VALUE;
        }
        try {
            if (!more || !read(journal, head)) {
                // Woken when more is durable.
                return Long.MAX_VALUE;
            }
            return move(reader.place());
        } finally {
            synchronized (core.lock) {
                core.leave();
            }
        }
    }

    private boolean read(Journal journal, long head) throws StorageException {
        if (reader == null) {
            reader = journal.reader(head + 1);
            opened = journal;
        }
        if (next == null) {
            next = reader.next();
        }
        if (next != null && next.position().sequence() != head + 1) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "journal " + journal.name() + " lacks event " + (head + 1) + "; it continues with "
                            + next.position(),
                    "run journal:verify");
        }
        return next != null;
    }

    private void closeReader() {
        if (reader != null) {
            reader.close();
        }
        reader = null;
        opened = null;
        next = null;
    }

    private void failed(StorageException failure) {
        closeReader();
        synchronized (core.lock) {
            core.failed(ImageListener.Part.JOURNAL, failure, after);
        }
    }

    private long move(long place) throws StorageException {
        EventHeader event = next;
        synchronized (core.lock) {
            if (core.suspended || core.stopping) {
                return Long.MAX_VALUE;
            }
            long wait = tryPass(event, place);
            if (wait > 0) {
                return wait;
            }
            core.following.moved(after);
            core.changed.signal();
        }
        next = null;
        return 0;
    }

    /** Under the lock: passes an event, or tells how long to wait in front of it. */
    private long tryPass(EventHeader event, long place) throws StorageException {
        long wait = core.following.waitNanos(event);
        if (wait > 0) {
            return wait;
        }
        if (core.resizeSequence != 0 || core.backlogFull() || !isCovered(event)) {
            core.applier.wake();
            return Long.MAX_VALUE;
        }
        pass(event, place);
        return 0;
    }

    /** Whether the image's pool has space for what the event may need. */
    private boolean isCovered(EventHeader event) {
        long need = Space.needOf(event.kind(), event.offset(), event.length());
        if (need == 0) {
            return true;
        }
        boolean owed = core.space.needBytes() > 0 || core.applied < core.following.head;
        // Where the pool has nothing left, the applier finds out one event at a time; what is received stays in the
        // journal.
        boolean covered = core.space.covers(need, after) || (core.space.isTight() && !owed);
        core.following.needBytes = covered ? 0 : need;
        return covered;
    }

    private void pass(EventHeader event, long place) throws StorageException {
        long sequence = event.position().sequence();
        if (event.kind().changesData()) {
            if (event.offset() < 0 || event.length() < 0 || event.length() > core.sizeBytes - event.offset()) {
                throw new StorageException(
                        Reason.CORRUPT,
                        "event " + event.position() + " lies beyond the image's end at " + core.sizeBytes,
                        "run journal:verify at the source");
            }
            core.remember(core.active, event.kind(), event.offset(), event.length(), sequence, place);
            core.forgetReplaced(event.length(), after);
            core.space.appended(event.kind(), Space.needOf(event.kind(), event.offset(), event.length()));
        }
        core.activeBytes += Core.backlogBytesOf(event);
        core.following.head = sequence;
        core.following.headTimeNanos = event.timeNanos();
        core.following.delay.forget(sequence);
        core.following.fresh.forget(sequence);
        core.lastBusyNanos = core.context.clock().monotonicNanos();
        if (event.kind() == EventKind.RESIZE) {
            core.resizeSequence = sequence;
            core.resizeToBytes = event.length();
            core.wantCheckpoint();
        } else {
            core.applier.moreToApply();
        }
    }
}
