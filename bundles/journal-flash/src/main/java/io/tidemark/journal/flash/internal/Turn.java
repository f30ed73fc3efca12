package io.tidemark.journal.flash.internal;

import io.tidemark.api.context.Workers;
import io.tidemark.api.context.Workers.Gate;
import java.util.ArrayDeque;

/**
 * Mutual exclusion for stretches that do I/O. A lock must not be held there, because waiting for it would be hidden from
 * whoever schedules the workers; waiting for a turn goes through a gate. First come, first served; costs nothing but a
 * short lock when nobody else is there.
 */
final class Turn {
    private final Workers workers;
    private final ArrayDeque<Gate> waiting = new ArrayDeque<>();
    private boolean taken;

    Turn(Workers workers) {
        this.workers = workers;
    }

    void take() {
        synchronized (this) {
            if (!taken) {
                taken = true;
                return;
            }
        }
        Gate gate = workers.newGate();
        synchronized (this) {
            if (!taken) {
                taken = true;
                return;
            }
            waiting.add(gate);
        }
        gate.await(Long.MAX_VALUE);
    }

    /** Takes it only when nobody has it. */
    synchronized boolean tryTake() {
        if (taken) {
            return false;
        }
        taken = true;
        return true;
    }

    void give() {
        Gate next;
        synchronized (this) {
            assert taken : "a turn is given that nobody has";
            next = waiting.poll();
            // Where somebody waits it stays taken and changes hands.
            taken = next != null;
        }
        if (next != null) {
            next.open();
        }
    }
}
