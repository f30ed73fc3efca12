package io.tidemark.journal.flash.internal;

import io.tidemark.api.context.Workers.Gate;
import java.util.ArrayDeque;

/**
 * The buffers in which journals of a pool put batches together. They are large: a journal has some only while it has something
 * to write, and all journals together have no more than fit into a fixed amount of memory. Who waits for one gets it in the
 * order of asking. Never waits itself, and allocates outside of its lock.
 */
final class BatchBuffers {
    /** Memory for all of them: what two busy journals need to be as fast as they can, and a few others to go on. */
    private static final long MOST_BYTES = 32L << 20;

    private static final int LEAST = 3;

    /** So many are not given back to the machine. */
    private static final int KEPT = 4;

    /** A journal's place in the queue. */
    static final class Ticket {
        private final Gate gate;
        private BatchBuilder given;

        /** The gate opens when there is a buffer to be taken. */
        Ticket(Gate gate) {
            this.gate = gate;
        }
    }

    private final int batchBytes;
    private final int most;

    // Guarded by this.
    private final ArrayDeque<BatchBuilder> free = new ArrayDeque<>();
    private final ArrayDeque<Ticket> waiting = new ArrayDeque<>();
    private int made;
    private boolean stopped;

    private volatile boolean wanted;

    BatchBuffers(int batchBytes) {
        this.batchBytes = batchBytes;
        this.most = (int) Math.max(LEAST, MOST_BYTES / ((long) batchBytes + BatchBuilder.INDEX_ROOM));
    }

    /** How many there can be. */
    int most() {
        return most;
    }

    /** Makes the first one, for the first event of the first journal. */
    void prepare() {
        synchronized (this) {
            if (made > 0) {
                return;
            }
            made++;
        }
        give(make());
    }

    /** Whether somebody waits, so that who has one that is not needed now should give it back. */
    boolean wanted() {
        return wanted;
    }

    /** One that is at hand and that nobody waits for; null when there is none. Allocates nothing. */
    synchronized BatchBuilder takeFree() {
        return waiting.isEmpty() ? free.poll() : null;
    }

    /** One that makes a journal faster; null when others have them all. */
    BatchBuilder takeFurther() {
        BatchBuilder found;
        synchronized (this) {
            if (!waiting.isEmpty()) {
                return null;
            }
            found = free.poll();
            if (found != null || made == most) {
                return found;
            }
            made++;
        }
        return make();
    }

    /** One, or null: then the ticket is in the queue, and is to be shown again when its gate opens, or after a while. */
    BatchBuilder take(Ticket ticket) {
        synchronized (this) {
            BatchBuilder found = ticket.given;
            ticket.given = null;
            if (found != null) {
                return found;
            }
            boolean queued = waiting.contains(ticket);
            boolean first = waiting.isEmpty() || waiting.peek() == ticket;
            if (first && (made < most || !free.isEmpty())) {
                waiting.remove(ticket);
                wanted = !waiting.isEmpty();
                found = free.poll();
                if (found != null) {
                    return found;
                }
                made++;
            } else {
                if (!queued) {
                    waiting.add(ticket);
                    wanted = true;
                }
                return null;
            }
        }
        return make();
    }

    private BatchBuilder make() {
        BatchBuilder made = null;
        try {
            made = new BatchBuilder(BatchBuilder.allocate(batchBytes), batchBytes);
            return made;
        } finally {
            if (made == null) {
                // Memory is short now; it need not be so the next time.
                lost(1);
            }
        }
    }

    /** Nobody waits with this ticket any more. */
    void leave(Ticket ticket) {
        BatchBuilder unused;
        synchronized (this) {
            waiting.remove(ticket);
            wanted = !waiting.isEmpty();
            unused = ticket.given;
            ticket.given = null;
        }
        if (unused != null) {
            give(unused);
        }
    }

    /** Back from a journal, and clear. */
    void give(BatchBuilder buffer) {
        Ticket next;
        synchronized (this) {
            next = stopped ? null : waiting.poll();
            wanted = !waiting.isEmpty();
            if (next != null) {
                next.given = buffer;
            } else if (!stopped && free.size() < KEPT) {
                free.push(buffer);
            } else {
                made--;
            }
        }
        if (next != null) {
            next.gate.open();
        }
    }

    /** Somebody may still use them: they do not come back. */
    void lost(int count) {
        Ticket next;
        synchronized (this) {
            made -= count;
            next = waiting.peek();
        }
        if (next != null) {
            next.gate.open();
        }
    }

    synchronized void stop() {
        stopped = true;
        free.clear();
    }
}
