package io.tidemark.engine.image;

import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.base.text.Durations;

/**
 * Holds the writes of a primary whose stores were opened, until its replicas were asked whether one of them was promoted
 * meanwhile. Who asks them is told elsewhere; here it is decided how long that is waited for, and what comes then. Whoever has
 * no replicas, never was one, and never lost the journal that knew them, is not held, and has no worker for this.
 *
 * <pre>
 *                  opened, has peers                answered, or admitted by an order
 *   admits writes -----------------------> asks ------------------------------------> admits writes
 *                                           | time is over, and the image serves then
 *                                           +-----------------------------------------> admits writes, with a warning
 * </pre>
 */
final class Asking implements Runnable {
    private final Core core;
    private final Gate gate;
    private final Aftermath after = new Aftermath();
    private volatile boolean stop;

    // Guarded by the image's lock.

    /** Number of the question that is open; 0 for none. */
    private volatile long question;

    private long sinceNanos;
    private boolean unanswered;
    private boolean running;
    /** The last one; null when nothing was ever asked. */
    private volatile Worker worker;

    Asking(Core core) {
        this.core = core;
        this.gate = core.context.workers().newGate();
    }

    /** Whether a primary has replicas that it could ask, or may have: its journal knows of no source, and of nobody when it is new. */
    private static boolean hasPeers(Journal journal, ImageHead head) {
        return HeadProperties.isPromoted(head)
                || HeadProperties.hasLostJournal(head)
                || journal.clients().stream().anyMatch(client -> client.id().startsWith(ReplicaManager.CLIENT_PREFIX));
    }

    // ---------------------------------------------------------------- under the lock

    /** Stores were opened, and nothing was admitted yet. */
    void begin(Journal journal, ImageHead head) {
        unanswered = false;
        boolean asks = head.role() == ImageHead.Role.PRIMARY
                && core.fence == null
                && core.settings.askTimeoutNanos() > 0
                && hasPeers(journal, head);
        // Whoever asked for an opening before must not be heard for this one.
        question = asks ? Math.max(1, core.context.randomBits() >>> 1) : 0;
        sinceNanos = core.context.clock().monotonicNanos();
        gate.open();
    }

    /** Whether nothing is admitted. */
    boolean isDue() {
        return question != 0;
    }

    /** Whether an event of this node has to wait for an answer, and not for stores. */
    boolean holds() {
        return isDue() && !core.suspended;
    }

    /** The question that is open; 0 for none. Without the lock it may be over. */
    long question() {
        return question;
    }

    /** The peer has answered that it is the newer one. */
    void fenced() {
        question = 0;
        unanswered = false;
        gate.open();
    }

    private void admit(long wallNanos, Aftermath later) {
        question = 0;
        core.updateState(later);
        core.admitHeld(wallNanos, later);
        core.changed.signal();
        core.room.signal();
    }

    /** What a held write waits for. */
    String detail() {
        boolean waits = core.settings.unasked() == ImageSettings.Unasked.WAIT;
        return "holding writes: asks its replicas whether one of them was promoted while this node was away; "
                + (waits
                        ? "it goes on when all have answered (" + ImageKeys.PEER_ASK + " = wait)"
                        : "it goes on without an answer after "
                                + Durations.format(core.settings.askTimeoutNanos()) + " (" + ImageKeys.PEER_ASK
                                + " = serve)")
                + "; mirror:status shows who has not, mirror:admit goes on at once";
    }

    /** For people; null when there is nothing to say. */
    String warning() {
        return unanswered
                ? "admits writes although not all of its replicas have said whether one of them was promoted: if so, both"
                        + " are written until they are linked; link them, or see mirror:status"
                : null;
    }

    // ---------------------------------------------------------------- without the lock

    /** All replicas were asked, and have nothing newer; or an order does without. */
    void answered(long number) {
        Aftermath later = new Aftermath();
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            if (question != number) {
                return;
            }
            admit(wall, later);
        }
        later.settle(core);
        gate.open();
    }

    /** It was opened for a promotion that was ordered just now: nobody is newer. */
    void promoted() {
        answered(question);
    }

    /** Starts the worker when there is something to wait for. One opening at a time. */
    void watch() {
        synchronized (core.lock) {
            if (running || stop || question == 0) {
                return;
            }
            running = true;
        }
        worker = core.context.workers().start("asks-" + core.labels.name(), this);
    }

    void stop(long joinNanos) {
        stop = true;
        gate.open();
        Worker last = worker;
        if (last != null) {
            last.join(joinNanos);
        }
    }

    /** Limits have changed. */
    void wake() {
        gate.open();
    }

    @Override
    public void run() {
        long wait = look();
        while (wait > 0) {
            gate.await(wait);
            wait = look();
        }
    }

    /** How long to wait for the next look; 0 to end, because the question is over. */
    private long look() {
        long wait = decide();
        after.settle(core);
        return wait;
    }

    private long decide() {
        long now = core.context.clock().monotonicNanos();
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            if (question == 0 || stop) {
                running = false;
                return 0;
            }
            long left = core.settings.askTimeoutNanos() - (now - sinceNanos);
            if (left > 0 || core.settings.unasked() == ImageSettings.Unasked.WAIT) {
                return left > 0 ? left : Long.MAX_VALUE;
            }
            running = false;
            unanswered = true;
            admit(wall, after);
            after.warning("image " + core.labels.name() + " " + warning());
            return 0;
        }
    }
}
