package io.tidemark.base.machine;

import io.tidemark.api.context.Workers;
import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Platform threads. Daemons, so that a bundle that failed to stop cannot keep the process alive. Where the machine has no
 * thread just now (a limit of processes, of a container or of a user) a worker begins late and not never: whoever starts one
 * is in the middle of something, and what he starts it for would never be done. Safe for all threads.
 */
final class MachineWorkers implements Workers {
    private static final Logger LOG = LoggerFactory.getLogger(MachineWorkers.class);
    private static final long RETRY_NANOS = 100_000_000L;

    private final Consumer<Thread> machine;
    private final Gate keeperGate = new ParkingGate();

    // Guarded by this.
    private final ArrayDeque<Started> late = new ArrayDeque<>();

    /** How many have not ended, also of those that have not begun. */
    private int alive;

    /** There from the first worker on until the last one ends: when threads lack it could not be started any more. */
    private boolean kept;

    MachineWorkers() {
        this(Thread::start);
    }

    /** @param machine starts a thread, or throws that it cannot */
    MachineWorkers(Consumer<Thread> machine) {
        this.machine = machine;
    }

    @Override
    public Worker start(String name, Runnable body) {
        Started worker = new Started(name, body);
        synchronized (this) {
            if (!kept) {
                machine.accept(daemon(this::keep, "late-threads"));
                kept = true;
            }
            alive++;
        }
        if (!worker.begin()) {
            synchronized (this) {
                late.add(worker);
            }
            keeperGate.open();
        }
        return worker;
    }

    @Override
    public Gate newGate() {
        return new ParkingGate();
    }

    private static Thread daemon(Runnable body, String name) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Starts what could not be started. */
    private void keep() {
        boolean told = false;
        while (true) {
            Started next;
            synchronized (this) {
                if (alive == 0) {
                    kept = false;
                    return;
                }
                next = late.peek();
            }
            if (next == null) {
                told = false;
                keeperGate.await(Long.MAX_VALUE);
            } else if (next.begin()) {
                synchronized (this) {
                    late.remove();
                }
            } else {
                if (!told) {
                    LOG.warn(
                            "The machine has no thread for {} now, it is tried again: raise the limit of threads of the"
                                    + " process (TasksMax, ulimit -u, pids)",
                            next.name);
                    told = true;
                }
                keeperGate.await(RETRY_NANOS);
            }
        }
    }

    private void ended() {
        synchronized (this) {
            alive--;
            if (alive > 0 && late.isEmpty()) {
                return;
            }
        }
        keeperGate.open();
    }

    /** A worker, and its thread as soon as there is one. */
    private final class Started implements Worker, Runnable {
        private final String name;
        private final Runnable body;
        private final CountDownLatch begun = new CountDownLatch(1);
        private volatile Thread thread;

        Started(String name, Runnable body) {
            this.name = name;
            this.body = body;
        }

        /** False when the machine has no thread for it. */
        boolean begin() {
            Thread next;
            try {
                next = daemon(this, name);
                machine.accept(next);
            } catch (OutOfMemoryError e) {
                return false;
            }
            thread = next;
            begun.countDown();
            return true;
        }

        @Override
        public void run() {
            try {
                body.run();
            } finally {
                ended();
            }
        }

        @Override
        public boolean join(long timeoutNanos) {
            long deadlineNanos = System.nanoTime() + timeoutNanos;
            boolean forEver = timeoutNanos == Long.MAX_VALUE;
            if (thread == null && !awaitBegun(timeoutNanos)) {
                return false;
            }
            return joined(thread, forEver ? timeoutNanos : Math.max(0, deadlineNanos - System.nanoTime()));
        }

        private boolean awaitBegun(long timeoutNanos) {
            try {
                return begun.await(timeoutNanos, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                // Nobody here interrupts; whoever does is not kept.
                Thread.currentThread().interrupt();
                return thread != null;
            }
        }
    }

    private static boolean joined(Thread thread, long timeoutNanos) {
        long deadlineNanos = System.nanoTime() + timeoutNanos;
        boolean interrupted = false;
        while (thread.isAlive()) {
            long leftNanos = timeoutNanos == Long.MAX_VALUE ? Long.MAX_VALUE : deadlineNanos - System.nanoTime();
            if (leftNanos <= 0) {
                break;
            }
            try {
                TimeUnit.NANOSECONDS.timedJoin(thread, leftNanos);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    /**
     * A permit and the thread that waits for it. Parking is used directly because opening must never block and waiting
     * must not allocate: a gate is passed for every group commit.
     */
    private static final class ParkingGate implements Gate {
        private static final int CLOSED = 0;
        private static final int OPEN = 1;

        private final AtomicInteger state = new AtomicInteger(CLOSED);
        private final AtomicReference<Thread> waiter = new AtomicReference<>();

        @Override
        public void open() {
            state.set(OPEN);
            Thread thread = waiter.get();
            if (thread != null) {
                LockSupport.unpark(thread);
            }
        }

        @Override
        public boolean await(long timeoutNanos) {
            if (state.compareAndSet(OPEN, CLOSED)) {
                return true;
            }
            if (timeoutNanos <= 0) {
                return false;
            }
            Thread self = Thread.currentThread();
            if (!waiter.compareAndSet(null, self)) {
                throw new IllegalStateException("two threads wait at one gate");
            }
            try {
                return parked(timeoutNanos);
            } finally {
                waiter.set(null);
            }
        }

        private boolean parked(long timeoutNanos) {
            boolean forEver = timeoutNanos == Long.MAX_VALUE;
            long deadlineNanos = System.nanoTime() + timeoutNanos;
            while (!state.compareAndSet(OPEN, CLOSED)) {
                if (forEver) {
                    LockSupport.park(this);
                } else {
                    long leftNanos = deadlineNanos - System.nanoTime();
                    if (leftNanos <= 0) {
                        return state.compareAndSet(OPEN, CLOSED);
                    }
                    LockSupport.parkNanos(this, leftNanos);
                }
                // Nobody here interrupts; an interrupt left standing would spin here and close the next file channel
                // used.
                boolean ignored = Thread.interrupted();
            }
            return true;
        }
    }
}
