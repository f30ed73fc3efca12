package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import io.tidemark.base.work.Standby;
import java.util.ArrayList;
import java.util.List;

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

    /** A further force starts when what waits for it is at least such a part of what is in those under way. */
    private static final int ENOUGH_PART = 4;

    private final Core core;
    private final Standby standby;
    private final Aftermath after = new Aftermath();

    /** Workers beside this one, each started when it is first needed: most images never do. Guarded by the image's lock. */
    private final List<Further> further = new ArrayList<>();

    private final Seat seat = new Seat();

    private volatile boolean stop;
    private volatile boolean forceNow;

    /** Where a worker forces. */
    private static final class Seat {
        /** It forces, or is about to, or somebody is about to have it do so. Guarded by the image's lock. */
        boolean busy;
    }

    /**
     * What one force is to make durable.
     *
     * @param journal to force
     * @param events that no force before it has claimed
     * @param bytes of their payload
     */
    private record Claim(Journal journal, long events, long bytes) {}

    Committer(Core core) {
        this.core = core;
        this.standby = new Standby(core.context.workers(), "commit-" + core.labels.name());
    }

    void start() {
        standby.start(this);
    }

    /** Has the worker force what is appended. May be called under the lock. */
    void wake() {
        forceNow = true;
        standby.open();
    }

    /** Has the worker force what is appended within a moment. May be called under the lock. */
    void arm() {
        standby.open();
    }

    /** Wakes a worker if somebody waits and it is time for a force. */
    void handOver() {
        Further beside = null;
        synchronized (core.lock) {
            if (!isDue()) {
                return;
            }
            if (core.forces > 0 && seat.busy) {
                beside = idle();
                if (beside == null) {
                    return;
                }
            }
        }
        if (beside == null) {
            wake();
        } else {
            beside.go();
        }
    }

    /** One that may force beside those who do; null when all are at it. Under the lock. */
    private Further idle() {
        for (Further one : further) {
            if (!one.seat.busy) {
                one.seat.busy = true;
                return one;
            }
        }
        if (stop || further.size() == MOST_FORCES - 1) {
            return null;
        }
        Further one = new Further();
        one.seat.busy = true;
        further.add(one);
        return one;
    }

    void stop() {
        stop = true;
        standby.close();
        for (Further one : beside()) {
            one.standby.close();
        }
    }

    void join(long timeoutNanos) {
        standby.join(timeoutNanos);
        for (Further one : beside()) {
            one.standby.join(timeoutNanos);
        }
    }

    private List<Further> beside() {
        synchronized (core.lock) {
            return List.copyOf(further);
        }
    }

    /** A worker that forces beside others. */
    private final class Further implements Runnable {
        final Standby standby = new Standby(core.context.workers(), "commit-" + core.labels.name());
        final Aftermath settle = new Aftermath();
        final Seat seat = new Seat();
        private boolean started;

        /** By whoever made it busy. */
        void go() {
            if (!started) {
                started = true;
                standby.start(this);
            }
            standby.open();
        }

        @Override
        public void run() {
            while (!stop && standby.rest(Long.MAX_VALUE)) {
                forceWhileNeeded(seat, settle);
            }
        }
    }

    /**
     * Forces on the calling thread, unless a force is under way or nothing waits for one.
     *
     * @param settle of the calling thread
     */
    void lead(Aftermath settle) {
        Claim claim = null;
        synchronized (core.lock) {
            if (core.forces == 0 && isDue()) {
                claim = begin();
            }
        }
        if (claim != null) {
            force(claim, settle);
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
                        && (!core.durableWaiters.isEmpty()
                                || !core.checkpointWaiters.isEmpty()
                                || core.peers.waitsForForce()));
    }

    /** Claims the next force; called under the lock. Null when there is nothing to force. */
    private Claim begin() {
        boolean needed = core.forceWanted || core.durable < core.appended;
        if (core.suspended || core.journal == null || !needed || !mayBegin()) {
            return null;
        }
        // After a failure what was claimed is appended again, and no force is under way.
        boolean alone = core.forces == 0;
        long before = alone ? core.durable : core.claimed;
        long added = core.unforced.claimBytes();
        if (alone) {
            core.share.forcing(core.context.clock().monotonicNanos());
        }
        core.forces++;
        core.claimed = core.appended;
        core.forceWanted = false;
        core.enter();
        return new Claim(core.journal, core.appended - before, alone ? core.unforced.bytes() : added);
    }

    private void force(Claim claim, Aftermath settle) {
        long before = core.context.clock().monotonicNanos();
        long durable = 0;
        StorageException failure = null;
        try {
            durable = core.steps.forceJournal(claim.journal());
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
                core.figures.forced(claim.events(), claim.bytes(), now - before);
                core.durableAt(durable, now, wall, settle);
                core.share.forced(claim.bytes(), claim.events(), now);
            }
        }
        settle.settle(core);
    }

    @Override
    public void run() {
        while (!stop) {
            long timeout = timeoutNanos();
            boolean opened = timeout == Long.MAX_VALUE || standby.await(timeout);
            if (timeout == Long.MAX_VALUE && !standby.rest(timeout)) {
                return;
            }
            if (opened && !forceNow) {
                // Armed: what nobody waits for (a write cache) is forced when nothing has come for a moment.
                continue;
            }
            forceNow = false;
            synchronized (core.lock) {
                seat.busy = true;
            }
            forceWhileNeeded(seat, after);
        }
    }

    private void forceWhileNeeded(Seat one, Aftermath settle) {
        Claim claim = next(one, true);
        while (claim != null) {
            force(claim, settle);
            claim = next(one, false);
        }
    }

    /** The seat is free from the very moment at which nothing is left for it: whoever comes then has it woken. */
    private Claim next(Seat one, boolean first) {
        synchronized (core.lock) {
            Claim claim = stop || !(first || somebodyWaits()) ? null : begin();
            one.busy = claim != null;
            return claim;
        }
    }

    /** How long nothing is to be done; who has waited long enough for the image does so no more. */
    private long timeoutNanos() {
        synchronized (core.lock) {
            long patience = core.share.patienceNanos();
            if (patience > 0) {
                boolean forces = core.durable < core.appended && !core.suspended;
                return forces ? Math.min(core.settings.idleNanos(), patience) : patience;
            }
            core.share.giveUp();
            core.moved(after);
        }
        after.settle(core);
        return timeoutNanos();
    }
}
