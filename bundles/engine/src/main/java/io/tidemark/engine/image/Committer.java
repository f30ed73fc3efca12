package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.journal.Journal;

/**
 * Group commit. A force makes durable everything that was appended before it, and whatever arrives meanwhile goes with the
 * next one; no timer is needed. A client's thread that has nothing else to do forces by itself, so that a client with one
 * request in flight pays for no hand-over; where more waits when it is done, a worker goes on.
 */
final class Committer implements Runnable {
    private final Core core;
    private final Gate gate;
    private final Aftermath after = new Aftermath();
    private volatile boolean stop;
    private volatile boolean forceNow;

    Committer(Core core) {
        this.core = core;
        this.gate = core.context.workers().newGate();
    }

    /** Has the worker force what is appended. May be called under the lock. */
    void wake() {
        forceNow = true;
        gate.open();
    }

    /** Has the worker force what is appended within a moment. May be called under the lock. */
    void arm() {
        gate.open();
    }

    /** Wakes the worker if somebody waits and no force is under way that would go on with it. */
    void handOver() {
        synchronized (core.lock) {
            if (core.forcing || !somebodyWaits()) {
                return;
            }
        }
        wake();
    }

    void stop() {
        stop = true;
        gate.open();
    }

    /**
     * Forces on the calling thread, unless a force is under way or nothing waits for one.
     *
     * @param settle of the calling thread
     */
    void lead(Aftermath settle) {
        Journal journal;
        synchronized (core.lock) {
            if (core.forcing || !somebodyWaits()) {
                return;
            }
            journal = begin();
        }
        if (journal != null) {
            force(journal, settle);
            boolean more;
            synchronized (core.lock) {
                more = somebodyWaits() && !core.forcing;
            }
            if (more) {
                wake();
            }
        }
    }

    private boolean somebodyWaits() {
        if (core.suspended) {
            return false;
        }
        return core.forceWanted
                || (core.durable < core.appended
                        && (!core.durableWaiters.isEmpty() || !core.checkpointWaiters.isEmpty()));
    }

    /** Claims the next force; called under the lock. Null when there is nothing to force. */
    private Journal begin() {
        boolean needed = core.forceWanted || core.durable < core.appended;
        if (core.forcing || core.suspended || core.journal == null || !needed) {
            return null;
        }
        core.forcing = true;
        core.forceWanted = false;
        core.enter();
        return core.journal;
    }

    private void force(Journal journal, Aftermath settle) {
        long before = core.context.clock().monotonicNanos();
        long durable = 0;
        StorageException failure = null;
        try {
            durable = core.steps.forceJournal(journal);
        } catch (StorageException e) {
            failure = e;
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            failure = Failures.unexpected(core.labels.name(), "force the journal", e);
        }
        long now = core.context.clock().monotonicNanos();
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            core.forcing = false;
            core.leave();
            if (failure != null) {
                core.failed(ImageListener.Part.JOURNAL, failure, settle);
            } else {
                core.figures.forced(durable - core.durable, now - before);
                core.durableAt(durable, now, wall, settle);
            }
        }
        settle.settle(core);
    }

    @Override
    public void run() {
        while (!stop) {
            long timeout = Long.MAX_VALUE;
            synchronized (core.lock) {
                if (core.durable < core.appended && !core.suspended) {
                    timeout = core.settings.idleNanos();
                }
            }
            boolean opened = gate.await(timeout);
            if (opened && !forceNow) {
                // Armed: what nobody waits for (a write cache) is forced when nothing has come for a moment.
                continue;
            }
            forceNow = false;
            boolean more = true;
            while (more && !stop) {
                Journal journal;
                synchronized (core.lock) {
                    journal = begin();
                }
                if (journal == null) {
                    break;
                }
                force(journal, after);
                synchronized (core.lock) {
                    more = somebodyWaits();
                }
            }
        }
    }
}
