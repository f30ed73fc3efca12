package io.tidemark.faults;

import io.tidemark.api.context.Workers;

/** The threads of one simulated process. */
final class SimulatedWorkers implements Workers {
    private final SimulatedContext process;
    private final Scheduler scheduler;

    SimulatedWorkers(SimulatedContext process, Scheduler scheduler) {
        this.process = process;
        this.scheduler = scheduler;
    }

    @Override
    public Worker start(String name, Runnable body) {
        // No step, as in open: the new worker runs when its turn comes.
        scheduler.checkAlive(process);
        Task task = scheduler.start(process.name() + "/" + name, process, body);
        return timeoutNanos -> join(task, timeoutNanos);
    }

    private boolean join(Task task, long timeoutNanos) {
        scheduler.step(process, "join", task.name, timeoutNanos, 0);
        if (!task.ended) {
            task.joiner = scheduler.currentTask();
            scheduler.block(process, timeoutNanos, Long.MAX_VALUE);
            task.joiner = null;
        }
        return task.ended;
    }

    @Override
    public Gate newGate() {
        return new SimulatedGate();
    }

    private final class SimulatedGate implements Gate {
        private boolean opened;
        private Task waiter;

        @Override
        public void open() {
            // No step: it may be called under a lock, and whoever ran instead might want that lock.
            if (!process.dead()) {
                opened = true;
                if (waiter != null) {
                    scheduler.wake(waiter);
                }
            }
        }

        @Override
        public boolean await(long timeoutNanos) {
            scheduler.step(process, "await", "gate", timeoutNanos, opened ? 1 : 0);
            if (waiter != null) {
                throw new IllegalStateException("two threads wait on one gate");
            }
            if (!opened && timeoutNanos > 0) {
                waiter = scheduler.currentTask();
                try {
                    scheduler.block(process, timeoutNanos, Long.MAX_VALUE);
                } finally {
                    waiter = null;
                }
            }
            boolean was = opened;
            opened = false;
            return was;
        }
    }
}
