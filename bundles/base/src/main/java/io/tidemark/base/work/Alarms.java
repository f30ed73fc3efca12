package io.tidemark.base.work;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Workers;
import java.util.IdentityHashMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls whoever wants it when it is time to: one thread, and only while there is an alarm, for all who wait for long and have
 * none of their own meanwhile. Safe for all threads; may be used under a lock, as it never waits and calls under no lock.
 */
public final class Alarms implements AutoCloseable {
    /** By time; those of one instant in the order in which they were set, so that a simulation repeats itself. */
    private record Alarm(long atNanos, long number, Runnable call) implements Comparable<Alarm> {
        @Override
        public int compareTo(Alarm other) {
            // The clock may begin anywhere, and pass its end.
            long between = atNanos - other.atNanos;
            return between != 0 ? Long.signum(between) : Long.compare(number, other.number);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Alarms.class);

    private final Clock clock;
    private final Standby worker;

    // Guarded by this.
    private final TreeSet<Alarm> byTime = new TreeSet<>();
    private final IdentityHashMap<Runnable, Alarm> byCall = new IdentityHashMap<>();
    private long numbers;
    private boolean started;
    private boolean closed;

    /**
     * Without alarms, and so without a thread.
     *
     * @param workers that start the thread
     * @param clock that tells when it is time
     * @param name of the thread
     */
    public Alarms(Workers workers, Clock clock, String name) {
        this.clock = clock;
        this.worker = new Standby(workers, name);
    }

    /**
     * Calls after a while, once. In place of the alarm that this very object had.
     *
     * @param call must not wait, and only tells somebody who does the work
     * @param delayNanos from now; at once when it is not above 0
     * @return false when this is closed, or has no thread and gets none: nobody calls
     */
    public boolean set(Runnable call, long delayNanos) {
        long atNanos = clock.monotonicNanos() + delayNanos;
        synchronized (this) {
            if (closed) {
                return false;
            }
            clear(call);
            Alarm alarm = new Alarm(atNanos, numbers++, call);
            byTime.add(alarm);
            byCall.put(call, alarm);
            if (byTime.first().equals(alarm)) {
                wake();
            }
            return worker.hasThread() || !clear(call);
        }
    }

    private void wake() {
        if (started) {
            worker.open();
        } else {
            started = true;
            worker.start(this::run);
        }
    }

    /**
     * No longer calls; a call that is under way at this moment goes on.
     *
     * @param call that may have an alarm
     * @return whether it had one
     */
    public synchronized boolean clear(Runnable call) {
        Alarm alarm = byCall.remove(call);
        return alarm != null && byTime.remove(alarm);
    }

    private void run() {
        while (true) {
            Runnable due;
            long wait = Long.MAX_VALUE;
            long now = clock.monotonicNanos();
            synchronized (this) {
                if (closed) {
                    return;
                }
                Alarm first = byTime.isEmpty() ? null : byTime.first();
                due = first != null && first.atNanos() - now <= 0 ? first.call() : null;
                if (due != null) {
                    clear(due);
                } else if (first != null) {
                    wait = first.atNanos() - now;
                }
            }
            if (due != null) {
                call(due);
            } else if (!worker.rest(wait)) {
                return;
            }
        }
    }

    /** What one call fails with is no reason to call nobody else any more. */
    private static void call(Runnable due) {
        try {
            due.run();
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            LOG.error("an alarm failed", e);
        }
    }

    /** Forgets all alarms and ends the thread. Whoever waits for an alarm has to be told by somebody else. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            byTime.clear();
            byCall.clear();
        }
        worker.close();
    }
}
