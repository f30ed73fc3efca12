package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Workers.Gate;
import java.util.LinkedHashSet;
import java.util.Set;

/** So many at once and no more, first come first served. */
public final class Slots {
    private static final long SECOND = 1_000_000_000L;

    private int count;
    /** Less than none while there are fewer than were taken before. */
    private int free;

    private final Set<Gate> waiting = new LinkedHashSet<>();

    /**
     * All free.
     *
     * @param count so many
     */
    public Slots(int count) {
        this.count = count;
        free = count;
    }

    /** From now on so many; those that are taken beyond that are not taken again. */
    synchronized void count(int now) {
        free += now - count;
        count = now;
        wakeFirst();
    }

    /** Somebody who waits for one. */
    public interface Waiting {
        /**
         * Asked each second.
         *
         * @throws StorageException when nobody waits any more
         */
        void check() throws StorageException;
    }

    /**
     * Takes one as soon as there is one.
     *
     * @param gate of who asks, to wait at
     * @param waiting whether to go on
     * @throws StorageException what that threw
     */
    public void take(Gate gate, Waiting waiting) throws StorageException {
        boolean taken = tryTake(gate);
        try {
            while (!taken) {
                waiting.check();
                gate.await(SECOND);
                taken = tryTake(gate);
            }
        } finally {
            if (!taken) {
                giveUp(gate);
            }
        }
    }

    /**
     * Takes one.
     *
     * @param gate of who asks
     * @return true when there is one; otherwise the gate is opened when it makes sense to ask again
     */
    synchronized boolean tryTake(Gate gate) {
        boolean first = waiting.isEmpty() || waiting.iterator().next() == gate;
        if (free > 0 && first) {
            waiting.remove(gate);
            free--;
            wakeFirst();
            return true;
        }
        waiting.add(gate);
        return false;
    }

    /**
     * Does not wait for one any more.
     *
     * @param gate of who asked
     */
    synchronized void giveUp(Gate gate) {
        waiting.remove(gate);
        wakeFirst();
    }

    /** Gives one back. */
    public synchronized void free() {
        free++;
        wakeFirst();
    }

    private void wakeFirst() {
        if (free > 0 && !waiting.isEmpty()) {
            waiting.iterator().next().open();
        }
    }
}
