package io.tidemark.base.work;

import io.tidemark.api.context.Workers;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import java.util.Objects;

/**
 * A gate and the worker behind it, which has a thread only as long as it is busy now and then: what hundreds of idle images
 * have for the day when they are written to again costs an object each, and not a stack. The worker is a loop that keeps its
 * state in fields, and leaves when {@link #rest} says so; {@link #open} starts it again. Safe for all threads.
 */
public final class Standby implements Gate {
    private static final long LINGER_NANOS = 10_000_000_000L;

    private final Workers workers;
    private final String name;
    private final Gate gate;
    private final long lingerNanos;

    // Guarded by this.
    private Runnable body;
    private Worker thread;
    private boolean running;
    private boolean closed;
    private long opened;

    /**
     * One without a body: it is a gate until {@link #start}.
     *
     * @param workers that start threads
     * @param name of its threads
     */
    public Standby(Workers workers, String name) {
        this(workers, name, LINGER_NANOS);
    }

    Standby(Workers workers, String name, long lingerNanos) {
        this.workers = workers;
        this.name = name;
        this.gate = workers.newGate();
        this.lingerNanos = lingerNanos;
    }

    /**
     * Has it run. Once.
     *
     * @param loop returns when {@link #rest} gave false, and for good after {@link #close}
     */
    public synchronized void start(Runnable loop) {
        if (body != null) {
            throw new IllegalStateException(name + " was started before");
        }
        body = Objects.requireNonNull(loop);
        thread = workers.start(name, body);
        running = true;
    }

    /** Wakes the worker; gives it a thread when it has none. Under a lock, too: a thread is all that it may start. */
    @Override
    public void open() {
        gate.open();
        synchronized (this) {
            opened++;
            if (running || closed || body == null) {
                return;
            }
            thread = workers.start(name, body);
            running = true;
        }
    }

    /** By the worker, in the middle of its work: its thread stays. */
    @Override
    public boolean await(long timeoutNanos) {
        return gate.await(timeoutNanos);
    }

    /**
     * By the worker, when it has nothing to do and nothing on its stack.
     *
     * @param timeoutNanos after which it has to look again; {@link Long#MAX_VALUE} where only {@link #open} brings work
     * @return false when it is to leave at once: its thread ends
     */
    public boolean rest(long timeoutNanos) {
        if (timeoutNanos != Long.MAX_VALUE) {
            gate.await(timeoutNanos);
            return true;
        }
        while (true) {
            long before;
            synchronized (this) {
                before = opened;
            }
            if (gate.await(lingerNanos)) {
                return true;
            }
            synchronized (this) {
                // Whoever opens the gate from here on finds no thread, and what was opened before is in the gate still.
                if (opened == before && !closed) {
                    running = false;
                    return false;
                }
            }
        }
    }

    /** Wakes the worker for the last time; where it has no thread it gets none any more. */
    public void close() {
        synchronized (this) {
            closed = true;
        }
        gate.open();
    }

    /**
     * Waits until its thread has ended. After {@link #close}.
     *
     * @param timeoutNanos at most so long
     * @return whether it has
     */
    public boolean join(long timeoutNanos) {
        Worker last;
        synchronized (this) {
            last = thread;
        }
        return last == null || last.join(timeoutNanos);
    }
}
