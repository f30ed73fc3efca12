package io.tidemark.mirror.internal.manage;

import io.tidemark.api.context.Workers;
import io.tidemark.api.context.Workers.Gate;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/** One at a time for each name, in the order in which they came. Who has the turn may wait for stores: no lock is held. */
final class Turns {
    private final Workers workers;
    private final Map<String, Queue<Gate>> waiting = new HashMap<>();

    Turns(Workers workers) {
        this.workers = workers;
    }

    /** What is done in a turn. */
    interface Work<T, E extends Exception> {
        T run() throws E;
    }

    <T, E extends Exception> T in(String name, Work<T, E> work) throws E {
        enter(name);
        try {
            return work.run();
        } finally {
            leave(name);
        }
    }

    private void enter(String name) {
        Gate gate = workers.newGate();
        Queue<Gate> queue;
        synchronized (this) {
            queue = waiting.computeIfAbsent(name, key -> new ArrayDeque<>());
            queue.add(gate);
        }
        while (!isFirst(queue, gate)) {
            gate.await(Long.MAX_VALUE);
        }
    }

    private synchronized boolean isFirst(Queue<Gate> queue, Gate gate) {
        return queue.peek() == gate;
    }

    private synchronized void leave(String name) {
        Queue<Gate> queue = waiting.get(name);
        queue.remove();
        if (queue.isEmpty()) {
            waiting.remove(name);
        } else {
            queue.peek().open();
        }
    }
}
