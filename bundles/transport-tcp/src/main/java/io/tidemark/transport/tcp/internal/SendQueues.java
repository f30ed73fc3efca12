package io.tidemark.transport.tcp.internal;

import io.tidemark.api.transport.Link.Urgency;
import java.util.ArrayDeque;

/**
 * Frames that were taken and have not begun to go: a queue for each urgency, with a bound of its own, so that none of them keeps another
 * from being taken. Guarded by its user.
 */
final class SendQueues {
    /** Of four bytes at least one is of what goes last, while there is some. */
    private static final int LAST_SHARE = 4;
    /** Part of the memory for what is normal that the others have each. */
    private static final int OTHERS = 4;

    /** Whether the peer has memory for a frame. */
    interface Credit {
        boolean has(Urgency urgency, long cost);
    }

    private static final class Queue {
        private final ArrayDeque<Content> frames = new ArrayDeque<>();
        private final long bound;
        private long cost;
        private long refusedCost;

        Queue(long bound) {
            this.bound = bound;
        }

        boolean fits(long more, long most) {
            return cost == 0 || cost + more <= most;
        }
    }

    private final Queue first;
    private final Queue normal;
    private final Queue last;
    private long owedToLast;

    SendQueues(long normalBytes) {
        first = new Queue(normalBytes / OTHERS);
        normal = new Queue(normalBytes);
        last = new Queue(normalBytes / OTHERS);
    }

    private Queue of(Urgency urgency) {
        return switch (urgency) {
            case FIRST -> first;
            case NORMAL -> normal;
            case LAST -> last;
        };
    }

    boolean fits(Urgency urgency, long cost) {
        Queue queue = of(urgency);
        return queue.fits(cost, queue.bound);
    }

    void refused(Urgency urgency, long cost) {
        Queue queue = of(urgency);
        queue.refusedCost = queue.refusedCost == 0 ? cost : Math.min(queue.refusedCost, cost);
    }

    /** Whether one that was refused would be taken now, with some room; it is forgotten then. */
    boolean writableDue(Credit credit) {
        boolean due = false;
        for (Urgency urgency : Urgency.values()) {
            Queue queue = of(urgency);
            long cost = queue.refusedCost;
            if (cost > 0 && queue.fits(cost, queue.bound - queue.bound / 4) && credit.has(urgency, cost)) {
                queue.refusedCost = 0;
                due = true;
            }
        }
        return due;
    }

    /** Memory for a frame that is about to come. */
    void reserve(Urgency urgency, long cost) {
        of(urgency).cost += cost;
    }

    /** A frame that memory was reserved for. */
    void add(Urgency urgency, Content content) {
        of(urgency).frames.add(content);
    }

    /** Null when there is none. */
    Content next() {
        Queue from = !first.frames.isEmpty() ? first : lastIsDue() ? last : normal;
        Content content = from.frames.poll();
        if (content == null) {
            return null;
        }
        long cost = Wire.cost(content.length());
        from.cost -= cost;
        if (from == normal && !last.frames.isEmpty()) {
            owedToLast += cost / (LAST_SHARE - 1);
        } else if (from == last) {
            owedToLast = Math.max(0, owedToLast - cost);
        }
        return content;
    }

    private boolean lastIsDue() {
        Content waits = last.frames.peek();
        return waits != null && (normal.frames.isEmpty() || owedToLast >= Wire.cost(waits.length()));
    }

    boolean isEmpty() {
        return first.frames.isEmpty() && normal.frames.isEmpty() && last.frames.isEmpty();
    }

    long cost() {
        return first.cost + normal.cost + last.cost;
    }

    void clear() {
        for (Queue queue : new Queue[] {first, normal, last}) {
            queue.frames.clear();
            queue.cost = 0;
        }
    }
}
