package io.tidemark.engine.image;

import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ReplicaProgress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * What makes an image a replica: where its head is, what the head may do, and who waits for it. Guarded by the image's lock.
 *
 * <p>On a primary what is appended is read at once. On a replica these part: events that arrive are appended and forced, and
 * are read when the head has passed them.
 */
final class Following {
    private record Wish(long aboveReceived, long aboveReplayed, Runnable listener) {}

    private final Core core;
    private final List<Runnable> roomListeners = new ArrayList<>();
    private final List<Wish> wishes = new ArrayList<>();
    final Delay delay;
    final Arrivals arrivals;
    final FreshEvents fresh = new FreshEvents();

    /** What is durable of it. */
    HeadProperties kept;

    /** Last event that clients read. */
    long head;

    /** Where the head stays while bytes are copied. */
    long headOfCopy;

    long headTimeNanos;
    long receivedTimeNanos;

    /** No event of the source exceeds it up to where the copied bytes begin, or up to what was received; 0 when unknown. */
    long sourceNanos;

    /** New blocks that the event in front of the head needs and that are not provided; 0 for none. */
    long needBytes;

    /** An order is being stored: the head stays where it is. */
    boolean paused;

    /** The role changes, or has changed: nobody receives any more. */
    boolean turning;

    /** Who receives; null when nobody does. */
    Receiver receiver;

    /** Whenever there may be room again: a refusal that is older needs no listener. */
    long roomVersion;

    /** Last event that the source is known to have durable. Written by whoever receives, without the lock. */
    private volatile long sourceDurable;

    Following(Core core, HeadProperties kept, long head, long received, long receivedTimeNanos) {
        this.core = core;
        this.kept = kept;
        this.head = head;
        this.headOfCopy = head;
        this.receivedTimeNanos = receivedTimeNanos;
        this.delay = new Delay(received, core.context.clock().monotonicNanos());
        this.arrivals = new Arrivals(received + 1);
    }

    /** Whether the bytes are one position of the source. */
    Consistency consistency() {
        boolean reached = kept.consistency() == Consistency.REPLAYING
                && head >= kept.consistentAt().sequence();
        return reached ? Consistency.CONSISTENT : kept.consistency();
    }

    /** What a head at a checkpoint has to say. */
    HeadProperties keptAt(long checkpointed) {
        boolean reached = kept.consistency() == Consistency.REPLAYING
                && checkpointed >= kept.consistentAt().sequence();
        return reached ? kept.consistent() : kept;
    }

    void sourceDurable(long sequence) {
        sourceDurable = sequence;
    }

    /** Events that the source is known to have and that have not arrived. */
    long lacking() {
        return Math.max(0, sourceDurable - core.appended);
    }

    /** How long the head has to wait in front of an event: 0 when it may pass. */
    long waitNanos(EventHeader event) {
        Consistency now = consistency();
        if (paused || now == Consistency.COPYING) {
            return Long.MAX_VALUE;
        }
        if (now == Consistency.REPLAYING) {
            return 0;
        }
        if (kept.order() instanceof HeadOrder.Hold hold) {
            long sequence = event.position().sequence();
            return core.steps.mayPass(sequence, hold.at().sequence()) ? 0 : Long.MAX_VALUE;
        }
        long delayNanos = ((HeadOrder.Follow) kept.order()).delayNanos();
        return delay.waitNanos(event, delayNanos, core.context.clock());
    }

    /**
     * Whether it has to be noted that the image is about to show events up to a sequence: after a crash a delay does not tell,
     * since clocks may have stepped.
     */
    boolean notesReach(long sequence) {
        boolean delayed = kept.order() instanceof HeadOrder.Follow follow && follow.delayNanos() > 0;
        return delayed && kept.reach() < sequence;
    }

    /** Payload that is not due soon is better in the journal than in memory. */
    boolean keepsPayload() {
        return kept.order().equals(HeadOrder.LIVE) && consistency() == Consistency.CONSISTENT;
    }

    /** The position that the head is at. */
    Position at(long sequence) {
        Position checkpointed = core.head.checkpointed();
        return sequence == checkpointed.sequence() ? checkpointed : core.position(sequence);
    }

    ReplicaProgress progress() {
        long received = core.steps.received(core.durable, core.appended);
        return new ReplicaProgress(
                core.appended,
                received,
                head,
                core.applied,
                receivedTimeNanos,
                headTimeNanos,
                kept.order(),
                consistency(),
                kept.nextOffset());
    }

    /** Before what is durable is forgotten elsewhere. */
    void durable(long sequence, long nowNanos) {
        long last = Math.min(sequence, core.unforced.end() - 1);
        if (last >= core.unforced.first()) {
            receivedTimeNanos = core.unforced.timeNanos(last);
        }
        arrivals.forget(sequence);
        delay.received(sequence, nowNanos);
    }

    // ---------------------------------------------------------------- who waits

    void whenRoom(Runnable listener) {
        roomListeners.add(listener);
    }

    void whenProgress(long aboveReceived, long aboveReplayed, Runnable listener, Aftermath after) {
        wishes.add(new Wish(aboveReceived, aboveReplayed, listener));
        tellProgress(isOver(), after);
    }

    private boolean isOver() {
        return core.stopping || receiver == null;
    }

    /** Something has moved: whoever waits for that is told after the lock. */
    void moved(Aftermath after) {
        roomVersion++;
        roomListeners.forEach(after::call);
        roomListeners.clear();
        if (!wishes.isEmpty()) {
            tellProgress(core.suspended || isOver(), after);
        }
    }

    private void tellProgress(boolean all, Aftermath after) {
        long received = core.steps.received(core.durable, core.appended);
        Iterator<Wish> each = wishes.iterator();
        while (each.hasNext()) {
            Wish wish = each.next();
            if (all || received > wish.aboveReceived || core.applied > wish.aboveReplayed) {
                after.call(wish.listener);
                each.remove();
            }
        }
    }

    /**
     * The image serves again, which whoever waits is told. What was copied since it was last noted may be gone with the
     * stores: whoever copies has to begin there again.
     */
    void resumed(Aftermath after) {
        if (consistency() == Consistency.COPYING) {
            end(after);
        }
        tellProgress(true, after);
    }

    /** Nobody receives any more. */
    void end(Aftermath after) {
        if (receiver != null) {
            receiver.end();
            receiver = null;
        }
        moved(after);
    }

    void check() {
        require(core.applied <= head && head <= core.durable, "head " + head + ": " + core.watermarks());
        require(core.frozen == null || core.frozenUpTo <= head, "batch up to " + core.frozenUpTo + ", head " + head);
        require(
                consistency() != Consistency.COPYING || head == headOfCopy,
                "the head moves to " + head + " while bytes are copied");
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
