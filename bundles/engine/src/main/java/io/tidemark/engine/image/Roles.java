package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.journal.JournalAppender;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.Replica;
import java.util.function.UnaryOperator;

/** Orders for the head of a replica, and the change of an image's role. What is in force is durable before. */
final class Roles {
    private final Core core;
    private final Lifecycle lifecycle;

    Roles(Core core, Lifecycle lifecycle) {
        this.core = core;
        this.lifecycle = lifecycle;
    }

    private StorageException isPrimary() {
        return Core.mismatch("image " + core.labels.name() + " is a primary", "this is for replicas");
    }

    private StorageException invalid(String what, String remedy) {
        return new StorageException(Reason.INVALID, "image " + core.labels.name() + " " + what, remedy);
    }

    private void servingReplica() throws StorageException {
        if (core.stopping) {
            throw Failures.closed(core.labels.name());
        }
        if (core.following == null) {
            throw isPrimary();
        }
        if (core.suspended) {
            throw Failures.unavailable(core.labels.name(), core.suspendedWhy);
        }
    }

    private StorageException changing() {
        return new StorageException(
                Reason.BUSY, "the role of image " + core.labels.name() + " changes already", "wait for that");
    }

    Replica receive() throws StorageException {
        synchronized (core.lock) {
            servingReplica();
            if (core.following.receiver != null || core.following.turning) {
                throw new StorageException(
                        Reason.BUSY,
                        core.following.turning
                                ? "the role of image " + core.labels.name() + " changes"
                                : "somebody receives for image " + core.labels.name() + " already",
                        "wait for its end");
            }
            core.following.receiver = new Receiver(core);
            return core.following.receiver;
        }
    }

    // ---------------------------------------------------------------- orders

    void order(HeadOrder wanted) throws StorageException {
        order(before -> wanted, Of.PEOPLE);
    }

    /** A hold that is in force stays, also one that came just before. */
    void delay(long delayNanos) throws StorageException {
        order(before -> before instanceof HeadOrder.Hold ? before : new HeadOrder.Follow(delayNanos), Of.PEOPLE);
    }

    /** Whose an order is. */
    private enum Of {
        PEOPLE,
        PROMOTION,
        /** One that failed, maybe when its head was on the device: what is stored is to be as it was, whatever it says. */
        FAILED_PROMOTION
    }

    /**
     * What is wanted is worked out when no other order can come between. While the role changes nobody else orders anything: it
     * would stop the head on its way, or take what is stored of the promotion away again.
     */
    private void order(UnaryOperator<HeadOrder> wanted, Of whose) throws StorageException {
        boolean[] mine = new boolean[1];
        core.changed.await(() -> {
            boolean free = core.following == null || !core.following.paused;
            if (free && core.following != null) {
                core.following.paused = true;
                mine[0] = true;
            }
            return free;
        });
        if (!mine[0]) {
            throw isPrimary();
        }
        try {
            HeadOrder order;
            long head;
            synchronized (core.lock) {
                servingReplica();
                if (core.following.turning && whose != Of.PROMOTION) {
                    throw changing();
                }
                HeadOrder before = core.following.kept.order();
                HeadOrder next = wanted.apply(before);
                if (next.equals(before) && whose != Of.FAILED_PROMOTION) {
                    return;
                }
                order = resolve(next);
                head = core.following.head;
            }
            core.heads.store(
                    old -> HeadProperties.put(
                            old, old.role(), core.following.kept.order(order).reach(head)),
                    () -> core.following.kept = core.following.kept.order(order).reach(head));
        } finally {
            synchronized (core.lock) {
                core.following.paused = false;
                core.changed.signal();
                core.wakeMover();
            }
        }
    }

    private HeadOrder resolve(HeadOrder wanted) throws StorageException {
        if (!(wanted instanceof HeadOrder.Hold hold)) {
            return wanted;
        }
        Following following = core.following;
        if (following.consistency() != Consistency.CONSISTENT) {
            throw invalid("is not consistent yet and cannot be held", "wait until it has its source's bytes");
        }
        if (hold.at().equals(Position.NONE)) {
            return new HeadOrder.Hold(following.at(following.head));
        }
        long sequence = hold.at().sequence();
        if (sequence < following.head || sequence > core.durable) {
            throw invalid(
                    "is at " + following.at(following.head) + " and has received up to " + core.position(core.durable)
                            + "; it cannot stop at " + hold.at(),
                    "name a position in between");
        }
        if (!following.at(sequence).equals(hold.at())) {
            throw Core.mismatch(
                    "position " + hold.at() + " is not of the branch of image " + core.labels.name() + ", where it is "
                            + following.at(sequence),
                    "name a position of this branch");
        }
        return hold;
    }

    // ---------------------------------------------------------------- roles

    void turn(Role role) throws StorageException {
        if (role == Role.PRIMARY) {
            promote(null);
        } else {
            demote();
        }
    }

    /**
     * Promotes.
     *
     * @param wanted where, and NONE for where its head is; null for at the end
     */
    void promote(Position wanted) throws StorageException {
        Aftermath after = new Aftermath();
        Position inside = null;
        HeadOrder before;
        synchronized (core.lock) {
            servingReplica();
            if (core.following.consistency() != Consistency.CONSISTENT) {
                throw invalid("is not consistent and cannot be promoted", "wait until it has its source's bytes");
            }
            if (core.following.turning) {
                throw changing();
            }
            if (wanted != null) {
                inside = ((HeadOrder.Hold) resolve(new HeadOrder.Hold(wanted))).at();
            }
            before = core.following.kept.order();
            core.following.turning = true;
            core.following.end(after);
        }
        after.settle(core);
        boolean done = false;
        try {
            if (isInside(inside)) {
                promoteInside(inside);
            } else {
                order(now -> HeadOrder.LIVE, Of.PROMOTION);
                reachEnd();
                core.heads.store(
                        head -> HeadProperties.since(
                                HeadProperties.promoted(head, core.epoch.identity()), core.following.sourceNanos),
                        () -> {});
            }
            done = true;
        } finally {
            if (!done) {
                takeBack(before);
            }
        }
    }

    private boolean isInside(Position wanted) {
        synchronized (core.lock) {
            return wanted != null && wanted.sequence() < core.appended;
        }
    }

    /** What is behind the position is given up: the journal is replaced when the image is opened. */
    private void promoteInside(Position at) throws StorageException {
        order(now -> new HeadOrder.Hold(at), Of.PROMOTION);
        core.changed.await(
                () -> core.suspended || core.stopping || core.imageFull || core.following.head >= at.sequence());
        synchronized (core.lock) {
            servingReplica();
            if (core.following.head < at.sequence()) {
                throw Failures.imageFull(core.labels.name());
            }
        }
        lifecycle.checkpoint();
        core.heads.store(head -> HeadProperties.since(cut(head, at), timeAtHead()), () -> {});
    }

    /** No event up to the head exceeds it. The journal that has that one is about to be replaced. */
    private long timeAtHead() {
        Following following = core.following;
        return following.headTimeNanos > 0
                ? following.headTimeNanos
                : Math.max(core.lastEventNanos(), following.sourceNanos);
    }

    private ImageHead cut(ImageHead head, Position at) {
        assert head.checkpointed().equals(at) : "cut at " + at + ", and checkpointed at " + head.checkpointed();
        for (Epoch epoch : core.epochs) {
            if (epoch.identity().equals(head.epochIdentity())) {
                return HeadProperties.cut(head, epoch);
            }
        }
        // It ended before the journal begins, and is forgotten but for its identity.
        return HeadProperties.cut(
                head,
                new Epoch(
                        at.epoch(),
                        head.epochIdentity(),
                        1,
                        Epoch.NO_PREDECESSOR,
                        core.context.clock().wallNanos(),
                        ""));
    }

    /** Brings the head to what is received, and that to the image. */
    private void reachEnd() throws StorageException {
        // Whoever received may be about to begin the source's next epoch: that is the one that this promotion ends.
        core.changed.await(() -> !core.epochStart.isBusy() || core.suspended || core.stopping);
        synchronized (core.lock) {
            core.forceWanted = core.appended > core.durable;
            core.committer.wake();
        }
        core.changed.await(() -> core.suspended
                || core.stopping
                || core.imageFull
                || (core.durable >= core.appended && core.following.head >= core.durable));
        synchronized (core.lock) {
            servingReplica();
            if (core.following.head < core.appended) {
                throw Failures.imageFull(core.labels.name());
            }
        }
        lifecycle.checkpoint();
    }

    private void takeBack(HeadOrder before) {
        synchronized (core.lock) {
            core.following.turning = false;
        }
        try {
            boolean passed;
            synchronized (core.lock) {
                passed = before instanceof HeadOrder.Hold hold && hold.at().sequence() < core.following.head;
            }
            order(now -> passed ? new HeadOrder.Hold(Position.NONE) : before, Of.FAILED_PROMOTION);
        } catch (StorageException e) {
            core.listener.warning("image " + core.labels.name() + " was not promoted, and its order " + before
                    + " could not be stored again: it may follow live; " + e.getMessage());
        }
    }

    private void demote() throws StorageException {
        Aftermath after = new Aftermath();
        synchronized (core.lock) {
            if (core.following != null) {
                throw Core.mismatch(
                        "image " + core.labels.name() + " is a replica already", "mirror:status shows what it follows");
            }
            if (core.leavesPrimary()) {
                throw changing();
            }
            core.readOnly(true);
            core.failHeld(core.refusal(), after);
            core.room.signal();
        }
        after.settle(core);
        boolean done = false;
        try {
            lifecycle.checkpoint();
            // The fence as it is in force then: it may not be stored, and may have come only now.
            core.heads.store(
                    head -> HeadProperties.put(HeadProperties.put(head, core.fence), Role.REPLICA, HeadProperties.LIVE),
                    () -> {});
            done = true;
        } finally {
            if (!done) {
                core.readOnly(false);
            }
        }
        handOver(after);
    }

    /**
     * Only behind the stored role: a peer that has received the event is promoted without asking this node, so whatever fails or
     * dies here, it must not be primary again. Without the event the role is in force all the same.
     */
    private void handOver(Aftermath after) {
        boolean handed = true;
        try {
            handed = journalDemotion(after);
        } catch (StorageException e) {
            core.listener.warning(
                    "image " + core.labels.name() + " is demoted, and its journal does not say so: a peer that"
                            + " cannot ask this node is promoted only by force; " + e.getMessage());
        }
        if (!handed) {
            rememberFence();
        }
    }

    /** What came while the role was stored: whoever promotes the image again knows of that peer, and overrules it. */
    private void rememberFence() {
        Fence fence;
        synchronized (core.lock) {
            fence = core.fence;
            if (fence == null || core.head.equals(HeadProperties.takenOver(core.head, fence))) {
                return;
            }
        }
        try {
            core.heads.store(head -> HeadProperties.takenOver(head, fence), () -> {});
        } catch (StorageException e) {
            core.listener.warning("image " + core.labels.name() + " is demoted, and that it was " + fence
                    + " could not be stored: promoted again, it does not overrule that; " + e.getMessage());
        }
    }

    void fence(Fence fence) throws StorageException {
        Aftermath after = new Aftermath();
        boolean stored;
        synchronized (core.lock) {
            if (core.following != null) {
                throw Core.mismatch("image " + core.labels.name() + " is a replica", "only a primary is fenced");
            }
            // Before it is stored: what cannot be stored is in force all the same.
            core.fence = fence;
            core.asking.fenced();
            core.failHeld(core.refusal(), after);
            failWhatWaits(after);
            core.updateState(after);
            core.changed.signal();
            core.room.signal();
            stored = core.head.equals(HeadProperties.put(core.head, fence));
        }
        after.settle(core);
        if (!stored) {
            // A demotion may have come to its end meanwhile, with this fence: nobody fences a replica.
            core.heads.store(head -> head.role() == Role.PRIMARY ? HeadProperties.put(head, fence) : head, () -> {});
        }
    }

    /**
     * Whoever took over decides what is kept, so nothing more is promised here: replicas that would confirm it follow that one. What
     * is appended stays in the journal, in a branch of its own, and is forced all the same.
     */
    private void failWhatWaits(Aftermath after) {
        StorageException why = core.refusal();
        core.durableWaiters.fail(why, after.sweep);
        core.checkpointWaiters.fail(why, after.sweep);
        core.peers.fail(why, after.sweep);
        if (core.appended > core.durable) {
            core.forceWanted = true;
            core.committer.wake();
        }
    }

    /** Another peer may fence it while this one is asked, or while the head is stored: that fence stays. */
    void unfence(Fence fence) throws StorageException {
        core.heads.store(head -> fence.equals(core.fence) ? HeadProperties.put(head, null) : head, () -> {
            core.fence = fence.equals(core.fence) ? null : core.fence;
        });
        Aftermath after = new Aftermath();
        synchronized (core.lock) {
            core.updateState(after);
        }
        after.settle(core);
    }

    void notePromotion() {
        core.asking.promoted();
        Aftermath after = new Aftermath();
        long wall = core.context.clock().wallNanos();
        synchronized (core.lock) {
            if (!core.suspended && !core.stopping && !core.epochStart.isDue()) {
                core.append(EventKind.PROMOTE, 0, wall, 0, 0, null, after);
                core.committer.arm();
            }
        }
        after.settle(core);
    }

    /**
     * Where nothing was written since the image was opened nothing ends, and the journal stays as its replicas know it. Whoever
     * was taken over hands nothing over: an event of its own would make a branch where there is none.
     *
     * @return whether the event is there
     */
    private boolean journalDemotion(Aftermath after) throws StorageException {
        long sequence = 0;
        while (sequence <= 0) {
            core.changed.await(
                    () -> (core.resizeSequence == 0 && !core.epochStart.isBusy()) || core.suspended || core.stopping);
            long wall = core.context.clock().wallNanos();
            synchronized (core.lock) {
                lifecycle.refuseUnlessServing();
                if (core.epochStart.isDue() || core.fence != null) {
                    return false;
                }
                sequence = core.append(EventKind.DEMOTE, 0, wall, 0, 0, null, after);
                if (sequence == JournalAppender.FULL) {
                    throw Failures.journalFull(core.labels.name());
                }
                core.forceWanted = true;
            }
            core.committer.lead(after);
            after.settle(core);
        }
        awaitDurable(sequence);
        return true;
    }

    private void awaitDurable(long sequence) throws StorageException {
        core.changed.await(() -> core.durable >= sequence || core.suspended || core.stopping);
        synchronized (core.lock) {
            if (core.durable < sequence) {
                lifecycle.refuseUnlessServing();
            }
        }
    }
}
