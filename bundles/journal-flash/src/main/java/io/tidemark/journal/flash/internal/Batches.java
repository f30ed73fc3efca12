package io.tidemark.journal.flash.internal;

import io.tidemark.api.context.Workers.Gate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * The buffers in which the journals of a node put batches together. They are large: a journal has some only while it has
 * something to write, and all pools together have no more than fit into a fixed amount of memory. Who waits for one gets it in
 * the order of asking. Never waits itself, and allocates outside of its lock. A pool has {@link BatchBuffers} of its size.
 */
public final class Batches {
    /** Memory for all of them: what two busy journals need to be as fast as they can, and a few others to go on. */
    private static final long MOST_BYTES = 32L << 20;

    /** So many there can be of the largest, however large it is: one that is filled, and two on their way to the device. */
    private static final int LEAST = 3;

    /** So many are not given back to the machine. */
    private static final int KEPT = 4;

    /** A journal's place in the queue. */
    static final class Ticket {
        private final Gate gate;
        private BatchBuilder given;
        private int batchBytes;

        /** The gate opens when there is a buffer to be taken, or memory for one. */
        Ticket(Gate gate) {
            this.gate = gate;
        }
    }

    // Guarded by this.
    private final List<Integer> pools = new ArrayList<>();
    private final ArrayDeque<BatchBuilder> free = new ArrayDeque<>();
    private final ArrayDeque<Ticket> waiting = new ArrayDeque<>();
    private long madeBytes;
    private long mostBytes;

    private volatile boolean wanted;

    /** Without buffers. */
    public Batches() {}

    /** What counts of one, its index included. */
    static long bytes(int batchBytes) {
        return (long) batchBytes + BatchBuilder.INDEX_ROOM;
    }

    /** A pool whose batches are so large is there. */
    synchronized void add(int batchBytes) {
        pools.add(batchBytes);
        bound();
    }

    /** One is no longer; what its journals have yet is given up when it comes back, unless it serves another pool. */
    synchronized void remove(int batchBytes) {
        pools.remove((Integer) batchBytes);
        bound();
        if (!pools.contains(batchBytes)) {
            for (BatchBuilder one = takeFrom(free, batchBytes); one != null; one = takeFrom(free, batchBytes)) {
                madeBytes -= bytes(batchBytes);
            }
        }
    }

    private void bound() {
        long largest = pools.stream().mapToLong(Batches::bytes).max().orElse(0);
        mostBytes = Math.max(MOST_BYTES, LEAST * largest);
    }

    /**
     * Memory in all that there are.
     *
     * @return bytes
     */
    public synchronized long madeBytes() {
        return madeBytes;
    }

    /**
     * Memory in those that journals have.
     *
     * @return bytes
     */
    public synchronized long lentBytes() {
        return madeBytes
                - free.stream().mapToLong(one -> bytes(one.batchBytes())).sum();
    }

    /** Makes one, unless one is at hand, somebody waits, or there is no memory. */
    void prepare(int batchBytes) {
        synchronized (this) {
            boolean there = free.stream().anyMatch(one -> one.batchBytes() == batchBytes);
            if (there || !waiting.isEmpty() || !reserve(batchBytes)) {
                return;
            }
        }
        give(make(batchBytes));
    }

    /** Whether somebody waits, so that who has one that is not needed now should give it back. */
    boolean wanted() {
        return wanted;
    }

    synchronized BatchBuilder takeFree(int batchBytes) {
        return waiting.isEmpty() ? takeFrom(free, batchBytes) : null;
    }

    private static BatchBuilder takeFrom(ArrayDeque<BatchBuilder> buffers, int batchBytes) {
        for (Iterator<BatchBuilder> all = buffers.iterator(); all.hasNext(); ) {
            BatchBuilder one = all.next();
            if (one.batchBytes() == batchBytes) {
                all.remove();
                return one;
            }
        }
        return null;
    }

    BatchBuilder takeFurther(int batchBytes) {
        synchronized (this) {
            if (!waiting.isEmpty()) {
                return null;
            }
            BatchBuilder found = takeFrom(free, batchBytes);
            if (found != null || !reserve(batchBytes)) {
                return found;
            }
        }
        return make(batchBytes);
    }

    BatchBuilder take(Ticket ticket, int batchBytes) {
        synchronized (this) {
            BatchBuilder found = ticket.given;
            ticket.given = null;
            if (found != null) {
                return found;
            }
            ticket.batchBytes = batchBytes;
            boolean first = waiting.isEmpty() || waiting.peek() == ticket;
            found = first ? takeFrom(free, batchBytes) : null;
            if (found == null && !(first && reserve(batchBytes))) {
                if (!waiting.contains(ticket)) {
                    waiting.add(ticket);
                    wanted = true;
                }
                return null;
            }
            noLonger(ticket);
            if (found != null) {
                return found;
            }
        }
        return make(batchBytes);
    }

    private void noLonger(Ticket ticket) {
        waiting.remove(ticket);
        wanted = !waiting.isEmpty();
    }

    /** Whether there is memory for one, which counts from now on. Buffers of other sizes that nobody uses make room. */
    private boolean reserve(int batchBytes) {
        while (madeBytes + bytes(batchBytes) > mostBytes && !free.isEmpty()) {
            madeBytes -= bytes(free.removeLast().batchBytes());
        }
        boolean fits = madeBytes + bytes(batchBytes) <= mostBytes;
        madeBytes += fits ? bytes(batchBytes) : 0;
        return fits;
    }

    private BatchBuilder make(int batchBytes) {
        BatchBuilder made = null;
        try {
            made = new BatchBuilder(BatchBuilder.allocate(batchBytes), batchBytes);
            return made;
        } finally {
            if (made == null) {
                // Memory is short now; it need not be so the next time.
                lost(batchBytes);
            }
        }
    }

    void leave(Ticket ticket) {
        BatchBuilder unused;
        Ticket next;
        synchronized (this) {
            noLonger(ticket);
            unused = ticket.given;
            ticket.given = null;
            next = waiting.peek();
        }
        if (unused != null) {
            give(unused);
        } else if (next != null) {
            // It may be the first one now, and have memory waiting for it.
            next.gate.open();
        }
    }

    void give(BatchBuilder buffer) {
        int batchBytes = buffer.batchBytes();
        Ticket next;
        synchronized (this) {
            next = waiting.peek();
            if (next != null && next.batchBytes == batchBytes) {
                noLonger(next);
                next.given = buffer;
            } else if (next == null && free.size() < KEPT && pools.contains(batchBytes)) {
                free.push(buffer);
            } else {
                // Whoever is first wants another size: there is memory for it now, or soon.
                madeBytes -= bytes(batchBytes);
            }
        }
        if (next != null) {
            next.gate.open();
        }
    }

    void lost(int batchBytes) {
        Ticket next;
        synchronized (this) {
            madeBytes -= bytes(batchBytes);
            next = waiting.peek();
        }
        if (next != null) {
            next.gate.open();
        }
    }
}
