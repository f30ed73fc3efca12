package io.tidemark.journal.flash.internal;

/**
 * The buffers of one pool, out of what all pools of the node have together. They all have the size that the pool's batches may
 * have.
 */
final class BatchBuffers {
    private final Batches all;
    private final int batchBytes;

    // Guarded by this.
    private boolean prepared;
    private boolean stopped;

    BatchBuffers(Batches all, int batchBytes) {
        this.all = all;
        this.batchBytes = batchBytes;
        all.add(batchBytes);
    }

    /** Makes the first one, for the first event of the first journal, where memory allows it. */
    void prepare() {
        synchronized (this) {
            if (prepared) {
                return;
            }
            prepared = true;
        }
        all.prepare(batchBytes);
    }

    /** Whether somebody waits, so that who has one that is not needed now should give it back. */
    boolean wanted() {
        return all.wanted();
    }

    /** One that is at hand and that nobody waits for; null when there is none. Allocates nothing. */
    BatchBuilder takeFree() {
        return all.takeFree(batchBytes);
    }

    /** One that makes a journal faster; null when others have them all. */
    BatchBuilder takeFurther() {
        return all.takeFurther(batchBytes);
    }

    /** One, or null: then the ticket is in the queue, and is to be shown again when its gate opens, or after a while. */
    BatchBuilder take(Batches.Ticket ticket) {
        return all.take(ticket, batchBytes);
    }

    /** Nobody waits with this ticket any more. */
    void leave(Batches.Ticket ticket) {
        all.leave(ticket);
    }

    /** Back from a journal, and clear. */
    void give(BatchBuilder buffer) {
        all.give(buffer);
    }

    /** Somebody may still use it: it does not come back. */
    void lost() {
        all.lost(batchBytes);
    }

    /** The pool is no longer. */
    void stop() {
        synchronized (this) {
            if (stopped) {
                return;
            }
            stopped = true;
        }
        all.remove(batchBytes);
    }
}
