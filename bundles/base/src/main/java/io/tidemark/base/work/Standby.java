package io.tidemark.base.work;

import io.tidemark.api.context.Workers;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.context.Workers.Worker;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gate and the worker behind it, which has a thread only as long as it is busy now and then: what hundreds of idle images
 * have for the day when they are written to again costs an object each, and not a stack. The worker is a loop that keeps its
 * state in fields, and leaves when {@link #rest} says so; {@link #open} starts it again. With {@link Alarms} it leaves for
 * waits that end by themselves, too, where they are long. Safe for all threads.
 *
 * <p>Whoever opens it is in the middle of something, often under a lock, so what its thread fails with is never his: where
 * there is no memory for a thread it is tried again when it is opened next, and by an alarm; and where the loop throws it
 * begins anew after a pause.
 */
public final class Standby implements Gate {
    private static final Logger LOG = LoggerFactory.getLogger(Standby.class);
    private static final long LINGER_NANOS = 10_000_000_000L;

    /** Before it is tried again what failed. */
    private static final long PAUSE_NANOS = 100_000_000L;

    private final Workers workers;
    private final String name;
    private final Gate gate;
    private final Alarms alarms;
    /** One object: alarms are known by what they call. */
    private final Runnable alarm;

    private final long lingerNanos;

    // Guarded by this.
    private Runnable body;
    private Worker thread;
    private boolean running;
    private boolean closed;
    private long opened;

    /** It was logged that there is no thread for it. */
    private boolean told;

    /** Only to look: its thread was started by an alarm, and nobody else opened it since. */
    private boolean looking;

    /**
     * One without a body: it is a gate until {@link #start}.
     *
     * @param workers that start threads
     * @param name of its threads
     */
    public Standby(Workers workers, String name) {
        this(workers, name, null, LINGER_NANOS);
    }

    /**
     * One without a body, whose thread ends in waits of more than ten seconds, too. Its loop has to look for work before it
     * rests: what a thread was started for is not in the gate any more.
     *
     * @param workers that start threads
     * @param name of its threads
     * @param alarms that wake it then; {@link #rest} keeps the thread when they are closed
     */
    public Standby(Workers workers, String name, Alarms alarms) {
        this(workers, name, Objects.requireNonNull(alarms), LINGER_NANOS);
    }

    Standby(Workers workers, String name, Alarms alarms, long lingerNanos) {
        this.workers = workers;
        this.name = name;
        this.gate = workers.newGate();
        this.alarms = alarms;
        this.alarm = this::lookAgain;
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
        begin(this::work);
    }

    /** Wakes the worker; gives it a thread when it has none. Under a lock, too: a thread is all that it may start. */
    @Override
    public void open() {
        open(false);
    }

    private void lookAgain() {
        open(true);
    }

    private void open(boolean byAlarm) {
        gate.open();
        synchronized (this) {
            opened++;
            looking &= byAlarm;
            if (running || closed || body == null) {
                return;
            }
            noAlarm();
            looking = byAlarm;
            begin(alarms == null ? this::work : this::again);
        }
    }

    /** Under the lock. */
    private void begin(Runnable work) {
        try {
            thread = workers.start(name, work);
            running = true;
            told = false;
        } catch (VirtualMachineError | LinkageError e) {
            if (!told) {
                told = true;
                LOG.error("{} has no thread, it is tried again", name, e);
            }
            if (alarms != null) {
                alarms.set(alarm, PAUSE_NANOS);
            }
        }
    }

    private void again() {
        // It looks first, and so at what it was opened for: it need not look twice.
        gate.await(0);
        work();
    }

    private void work() {
        try {
            body.run();
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            beginAnew(e);
            throw e;
        }
    }

    /** By the thread that fails: another one goes on with what is in the loop's fields. */
    private void beginAnew(Throwable why) {
        try {
            LOG.error("{} failed, it begins anew", name, why);
            workers.newGate().await(PAUSE_NANOS);
        } finally {
            synchronized (this) {
                running = false;
            }
            open();
        }
    }

    /**
     * Tells whether somebody will see that it was opened.
     *
     * @return whether it has a thread
     */
    public synchronized boolean hasThread() {
        return running;
    }

    /** Under the lock. */
    private void noAlarm() {
        if (alarms != null) {
            alarms.clear(alarm);
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
     * @return false when it is to leave at once: its thread ends, and another one looks when it is time to; after
     *     {@link #close} as soon as it has seen that it was opened
     */
    public boolean rest(long timeoutNanos) {
        boolean forEver = timeoutNanos == Long.MAX_VALUE;
        while (true) {
            long before;
            long linger;
            boolean stays;
            synchronized (this) {
                before = opened;
                linger = looking || closed ? 0 : lingerNanos;
                stays = !closed && !forEver && (alarms == null || timeoutNanos <= linger);
            }
            if (gate.await(stays ? timeoutNanos : linger) || stays) {
                return true;
            }
            synchronized (this) {
                // Whoever opens the gate from here on finds no thread, and what was opened before is in the gate still.
                boolean leaves = closed || (opened == before && (forEver || alarms.set(alarm, timeoutNanos - linger)));
                if (leaves) {
                    running = false;
                    return false;
                }
            }
            if (!forEver) {
                gate.await(timeoutNanos - linger);
                return true;
            }
        }
    }

    /** Wakes the worker for the last time; where it has no thread it gets none any more. */
    public void close() {
        // Before, so that it looks once more though it sees that it is closed; and after, so that it sees that.
        gate.open();
        synchronized (this) {
            closed = true;
            noAlarm();
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
