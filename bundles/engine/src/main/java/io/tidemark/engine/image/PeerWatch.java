package io.tidemark.engine.image;

import io.tidemark.api.commit.CommitRule.MissingPeers;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;

/**
 * Finds out when the replicas that a commit rule asks for are missing, and when they are back. Too few are linked and in sync for
 * as long as is configured; or what was durable here so long ago is not at them, and somebody waits for it.
 *
 * <p>Runs for an image with such a rule only. It looks several times in the time that is waited, and sleeps while nobody waits and
 * nobody is missing, so that an idle image costs nothing.
 */
final class PeerWatch implements Runnable {
    /** So often it looks in the time that is waited. */
    private static final int LOOKS = 8;

    private static final long NEVER = Long.MIN_VALUE;

    private final Core core;
    private final Gate gate;
    private final Aftermath after = new Aftermath();
    private volatile boolean stop;

    // Guarded by the image's lock.

    /** What was durable at the looks before, the last one first. */
    private final long[] durableAt = new long[LOOKS + 1];

    private int looks;
    private long lookedNanos;
    private long fewSinceNanos = NEVER;
    private int inSync;
    private boolean asleep;
    private boolean started;

    PeerWatch(Core core) {
        this.core = core;
        this.gate = core.context.workers().newGate();
    }

    /** Starts it when the rule needs it and it does not run yet; null otherwise. Not under the lock. */
    Worker startIfNeeded() {
        synchronized (core.lock) {
            if (started || stop || core.rule.peers() == 0 || core.following != null) {
                return null;
            }
            started = true;
        }
        return core.context.workers().start("peers-" + core.labels.name(), this);
    }

    void stop() {
        stop = true;
        gate.open();
    }

    /** Something has changed that it looks at. May be called under the lock. */
    void wake() {
        gate.open();
    }

    /** Under the lock. */
    void somebodyWaits() {
        if (asleep) {
            asleep = false;
            gate.open();
        }
    }

    @Override
    public void run() {
        while (!stop) {
            long wait = look();
            after.settle(core);
            gate.await(wait);
        }
    }

    private long look() {
        long now = core.context.clock().monotonicNanos();
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            asleep = false;
            if (core.suspended || core.stopping || core.rule.peers() == 0) {
                // A suspended journal gives nothing to peers, so nothing can be said of them.
                fewSinceNanos = NEVER;
                return sleep();
            }
            long timeout = core.settings.peerTimeoutNanos();
            boolean few = core.peers.reachable() < core.rule.peers();
            if (!few) {
                fewSinceNanos = NEVER;
            } else if (fewSinceNanos == NEVER) {
                fewSinceNanos = now;
            }
            boolean due = looks == 0 || now - lookedNanos >= timeout / LOOKS;
            if (core.peers.isMissing()) {
                inSync = few ? 0 : inSync + (due ? 1 : 0);
                lookForThoseWhoAreBack(due, wall);
            } else {
                lookForMissing(few && now - fewSinceNanos >= timeout);
            }
            if (due) {
                remember(now);
            }
            boolean quiet = core.peers.isMissing() ? few : !few && !core.peers.waits();
            return quiet ? sleep() : Math.max(1, lookedNanos + timeout / LOOKS - now);
        }
    }

    private void lookForMissing(boolean tooFew) {
        boolean late = looks > LOOKS && core.peers.waitsFor(durableAt[LOOKS]);
        if (tooFew || late) {
            inSync = 0;
            core.peers.miss(late, after);
        }
    }

    /**
     * Who has what was durable at the look before is in sync. After writes went on without them they have to stay so for a while:
     * those that are just too slow would stop the clients again and again.
     */
    private void lookForThoseWhoAreBack(boolean due, long wall) {
        if (!due || looks == 0 || inSync == 0) {
            return;
        }
        if (!core.peers.have(durableAt[0])) {
            inSync = 0;
        } else if (core.rule.missingPeers() != MissingPeers.JOURNAL || inSync >= LOOKS) {
            core.peers.back(wall, after);
        }
    }

    private void remember(long now) {
        System.arraycopy(durableAt, 0, durableAt, 1, LOOKS);
        durableAt[0] = core.durable;
        looks = Math.min(looks + 1, LOOKS + 1);
        lookedNanos = now;
    }

    private long sleep() {
        asleep = true;
        looks = 0;
        inSync = 0;
        return Long.MAX_VALUE;
    }
}
