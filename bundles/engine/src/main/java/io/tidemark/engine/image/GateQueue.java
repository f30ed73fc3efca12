package io.tidemark.engine.image;

import io.tidemark.api.context.Workers;
import io.tidemark.api.context.Workers.Gate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Threads that wait until something guarded by the image's lock becomes true: a condition variable made of gates, so that
 * it runs in the simulator too.
 */
final class GateQueue {
    private final Workers workers;
    private final Object lock;
    private final List<Gate> waiting = new ArrayList<>();

    GateQueue(Workers workers, Object lock) {
        this.workers = workers;
        this.lock = lock;
    }

    /**
     * Waits. Not to be called under the lock.
     *
     * @param condition evaluated under the lock; may change what the lock guards when it answers true
     */
    void await(BooleanSupplier condition) {
        synchronized (lock) {
            if (condition.getAsBoolean()) {
                return;
            }
        }
        Gate gate = workers.newGate();
        while (true) {
            synchronized (lock) {
                if (condition.getAsBoolean()) {
                    return;
                }
                waiting.add(gate);
            }
            gate.await(Long.MAX_VALUE);
        }
    }

    /** Has the next signal open a gate of somebody who waits for something else too. Called under the lock. */
    void add(Gate gate) {
        if (!waiting.contains(gate)) {
            waiting.add(gate);
        }
    }

    /** Lets all look again. Called under the lock. */
    void signal() {
        for (Gate gate : waiting) {
            gate.open();
        }
        waiting.clear();
    }
}
