package io.tidemark.mirror.internal.manage;

import io.tidemark.api.context.Workers;
import io.tidemark.api.context.Workers.Gate;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/** One at a time for each name, in the order in which they came. Who has the turn may wait for stores: no lock is held. */
final class Turns {
    private static final long CHECK_NANOS = Desk.SECOND;

    private final Workers workers;
    private final Map<String, Queue<Gate>> waiting = new HashMap<>();

    Turns(Workers workers) {
        this.workers = workers;
    }

    /** What is done in a turn. */
    interface Work<T, E extends Exception> {
        T run() throws E;
    }

    /** Whether somebody still wants it, asked now and then while the turn is not there. */
    interface Wanted<E extends Exception> {
        /** Fails when nobody does. */
        void check() throws E;
    }

    <T, E extends Exception> T in(String name, Work<T, E> work) throws E {
        return in(name, null, work);
    }

    <T, E extends Exception> T in(String name, Wanted<E> wanted, Work<T, E> work) throws E {
        Gate gate = workers.newGate();
        Queue<Gate> queue;
        synchronized (this) {
            queue = waiting.computeIfAbsent(name, key -> new ArrayDeque<>());
            queue.add(gate);
        }
        try {
            while (!isFirst(queue, gate)) {
                gate.await(wanted == null ? Long.MAX_VALUE : CHECK_NANOS);
                if (wanted != null) {
                    wanted.check();
                }
            }
            return work.run();
        } finally {
            leave(name, gate);
        }
    }

    private synchronized boolean isFirst(Queue<Gate> queue, Gate gate) {
        return queue.peek() == gate;
    }

    private synchronized void leave(String name, Gate gate) {
        Queue<Gate> queue = waiting.get(name);
        boolean first = queue.peek() == gate;
        queue.remove(gate);
        if (queue.isEmpty()) {
            waiting.remove(name);
        } else if (first) {
            queue.peek().open();
        }
    }
}
