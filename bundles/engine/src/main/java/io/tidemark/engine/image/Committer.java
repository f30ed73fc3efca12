package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.journal.Journal;

/**
 * Group commit. A force makes durable everything that was appended before it, and whatever arrives meanwhile goes with the
 * next one; no timer is needed. A client's thread that has nothing else to do forces by itself, so that a client with one
 * request in flight pays for no hand-over; where more waits when it is done, a worker goes on.
 *
 * <p>Where the journal can, a second force starts beside the first when enough has come in meanwhile: what a device does at
 * once costs it little more time, and clients' requests are answered in smaller portions, more often. Less than enough waits,
 * because each force has its price in processor time.
 */
final class Committer implements Runnable {
    private static final int MOST_FORCES = 2;

    /** A second force starts when what waits for it is at least such a part of what is in the first. */
    private static final int ENOUGH_PART = 4;

    private final Core core;
    private final Gate gate;
    private final Gate secondGate;
    private final Aftermath after = new Aftermath();

    /** Started when it is first needed: most images never do. */
    private volatile Worker second;

    /** Guarded by the image's lock. */
    private boolean secondWanted;

    private volatile boolean stop;
    private volatile boolean forceNow;

    Committer(Core core) {
        this.core = core;
        this.gate = core.context.workers().newGate();
        this.secondGate = core.context.workers().newGate();
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

    /** Wakes a worker if somebody waits and it is time for a force. */
    void handOver() {
        int before;
        boolean start;
        synchronized (core.lock) {
            if (!isDue()) {
                return;
            }
            before = core.forces;
            start = before > 0 && !secondWanted;
            secondWanted |= start;
        }
        if (before == 0) {
            wake();
            return;
        }
        if (start) {
            second = core.context
                    .workers()
                    .start("commit2-" + core.labels.name(), () -> run(secondGate, new Aftermath()));
        }
        secondGate.open();
    }

    void stop() {
        stop = true;
        gate.open();
        secondGate.open();
    }

    void join(long timeoutNanos) {
        Worker worker = second;
        if (worker != null) {
            worker.join(timeoutNanos);
        }
    }

    /**
     * Forces on the calling thread, unless a force is under way or nothing waits for one.
     *
     * @param settle of the calling thread
     */
    void lead(Aftermath settle) {
        Journal journal = null;
        synchronized (core.lock) {
            if (core.forces == 0 && isDue()) {
                journal = begin();
            }
        }
        if (journal != null) {
            force(journal, settle);
        }
        handOver();
    }

    /** Whether somebody waits and a force may begin. Under the lock. */
    private boolean isDue() {
        return somebodyWaits() && mayBegin();
    }

    private boolean mayBegin() {
        if (core.forces == 0) {
            return true;
        }
        long waiting = core.appended - core.claimed;
        return core.forces < MOST_FORCES
                && core.appender.overlaps()
                && (core.forceWanted || (waiting > 0 && waiting * ENOUGH_PART >= core.claimed - core.durable));
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
        if (core.suspended || core.journal == null || !needed || !mayBegin()) {
            return null;
        }
        core.forces++;
        core.claimed = core.appended;
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
            core.forces--;
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
        run(gate, after);
    }

    private void run(Gate own, Aftermath settle) {
        boolean first = own == gate;
        while (!stop) {
            boolean opened = own.await(first ? timeoutNanos() : Long.MAX_VALUE);
            if (first && opened && !forceNow) {
                // Armed: what nobody waits for (a write cache) is forced when nothing has come for a moment.
                continue;
            }
            if (first) {
                forceNow = false;
            }
            boolean more = true;
            while (more && !stop) {
                Journal journal;
                synchronized (core.lock) {
                    journal = begin();
                }
                if (journal == null) {
                    break;
                }
                force(journal, settle);
                synchronized (core.lock) {
                    more = somebodyWaits();
                }
            }
        }
    }

    private long timeoutNanos() {
        synchronized (core.lock) {
            return core.durable < core.appended && !core.suspended ? core.settings.idleNanos() : Long.MAX_VALUE;
        }
    }
}
