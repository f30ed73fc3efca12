package io.tidemark.mirror.internal.run;

import io.tidemark.api.context.Workers.Gate;
import java.util.LinkedHashSet;
import java.util.Set;

/** So many at once and no more, first come first served. */
final class Slots {
    private int count;
    /** Less than none while there are fewer than were taken before. */
    private int free;

    private final Set<Gate> waiting = new LinkedHashSet<>();

    Slots(int count) {
        this.count = count;
        free = count;
    }

    /** From now on so many; those that are taken beyond that are not taken again. */
    synchronized void count(int now) {
        free += now - count;
        count = now;
        wakeFirst();
    }

    /** True when there is one; otherwise the gate is opened when it makes sense to ask again. */
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

    synchronized void giveUp(Gate gate) {
        waiting.remove(gate);
        wakeFirst();
    }

    synchronized void free() {
        free++;
        wakeFirst();
    }

    private void wakeFirst() {
        if (free > 0 && !waiting.isEmpty()) {
            waiting.iterator().next().open();
        }
    }
}
