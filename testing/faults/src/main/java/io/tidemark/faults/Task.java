package io.tidemark.faults;

import java.util.concurrent.locks.LockSupport;

/** A thread of the simulation. All fields but {@code granted} belong to whoever holds the baton. */
final class Task {
    final String name;
    final SimulatedContext process;
    final int weight;
    Thread thread;
    boolean blocked;
    boolean ended;
    long deadlineNanos = Long.MAX_VALUE;
    long wakeAtStep = Long.MAX_VALUE;
    Task killer;
    Task joiner;
    private volatile boolean granted;

    Task(String name, SimulatedContext process, int weight) {
        this.name = name;
        this.process = process;
        this.weight = weight;
    }

    void grant() {
        granted = true;
        LockSupport.unpark(thread);
    }

    void awaitGrant() {
        while (!granted) {
            LockSupport.park(this);
        }
        granted = false;
    }

    void runnable() {
        blocked = false;
        deadlineNanos = Long.MAX_VALUE;
        wakeAtStep = Long.MAX_VALUE;
    }

    boolean ready(long nowNanos, long step) {
        return !blocked || deadlineNanos <= nowNanos || wakeAtStep <= step;
    }
}
