package io.tidemark.base.machine;

import io.tidemark.api.context.Workers;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** Platform threads. Daemons, so that a bundle that failed to stop cannot keep the process alive. */
final class MachineWorkers implements Workers {
    @Override
    public Worker start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
        return timeoutNanos -> joined(thread, timeoutNanos);
    }

    @Override
    public Gate newGate() {
        return new ParkingGate();
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
