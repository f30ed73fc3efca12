package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import java.util.List;
import java.util.UUID;

/**
 * Starts epochs, which waits for a device. A primary's begins with the first event that it has to append: an opening in which
 * nothing is written leaves the journal as it was, so that a node which merely restarted has not parted from its replicas.
 * Until then events wait: requests are held, and whoever appends something else calls {@link #await}. Fields are guarded by the
 * image's lock.
 */
final class EpochStart {
    private final Core core;

    /** The epoch of this opening is still to be started. */
    private boolean due;

    /** Somebody is at it. */
    private boolean busy;

    /** The epoch that is being started; after a failure the journal may be in it. */
    private Epoch starting;

    EpochStart(Core core) {
        this.core = core;
    }

    // ---------------------------------------------------------------- under the lock

    /** Whether nothing may be appended before an epoch is started. */
    boolean isDue() {
        return due;
    }

    boolean isBusy() {
        return busy;
    }

    /** The image was opened in the epoch of an earlier opening, or of another node. */
    void due() {
        due = true;
    }

    /** Something waits for the epoch. */
    void want(Aftermath after) {
        if (mayBegin()) {
            after.epochWanted();
        }
    }

    private boolean mayBegin() {
        return due && !busy && !core.suspended && !core.stopping && !core.readOnly() && !core.asking.isDue();
    }

    /** An epoch of the source is about to be started in the journal of a replica. */
    void starting(Epoch epoch) {
        starting = epoch;
        busy = true;
    }

    /** It was, unless that failed: then the journal may be in it all the same. */
    void started(boolean done) {
        starting = done ? null : starting;
        busy = false;
        core.changed.signal();
    }

    /** Whether a journal that was opened again may be in this epoch, and nobody else has written it. */
    boolean mayBeIn(Epoch last) {
        return last.identity().equals(core.epoch.identity()) || isStarting(last);
    }

    private boolean isStarting(Epoch last) {
        return starting != null && last.identity().equals(starting.identity());
    }

    /** The stores are there again, and the journal is in this epoch. */
    void resumed(Epoch last) {
        due &= !isStarting(last);
        starting = null;
    }

    // ---------------------------------------------------------------- without the lock

    /** Starts an epoch of this node, unless that was done or somebody is at it; lets in what waits for it. */
    void begin(Aftermath after) {
        Journal journal;
        Epoch next;
        synchronized (core.lock) {
            if (!mayBegin()) {
                return;
            }
            busy = true;
            journal = core.journal;
            next = next(core, journal, core.durable);
            starting = next;
            core.enter();
        }
        StorageException failure = start(core, journal, next);
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            core.leave();
            busy = false;
            if (failure != null) {
                core.failed(ImageListener.Part.JOURNAL, failure, after);
            } else {
                due = false;
                starting = null;
                core.epochs = journal.epochs();
                core.epoch = next;
                core.admitHeld(wall, after);
            }
            core.changed.signal();
        }
    }

    /** Has the epoch started before an event that is no client's. Returns without it when the image suspends or ends. */
    void await(Aftermath after) {
        synchronized (core.lock) {
            if (!due) {
                return;
            }
        }
        begin(after);
        after.settle(core);
        core.changed.await(() -> !due || !busy);
    }

    /** Null when it is durable. */
    static StorageException start(Core core, Journal journal, Epoch epoch) {
        return Failures.attempt(core.labels.name(), "start an epoch", () -> journal.startEpoch(epoch));
    }

    /** The epoch of this node that follows what a journal has. */
    static Epoch next(Core core, Journal journal, long durable) {
        List<Epoch> epochs = journal.epochs();
        UUID identity = new UUID(core.context.randomBits(), core.context.randomBits());
        long now = core.context.clock().wallNanos();
        String owner = core.labels.owner();
        return epochs.isEmpty()
                ? new Epoch(1, identity, durable + 1, Epoch.NO_PREDECESSOR, now, owner)
                : epochs.get(epochs.size() - 1).next(identity, durable + 1, now, owner);
    }
}
