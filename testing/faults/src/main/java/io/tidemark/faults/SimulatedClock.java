package io.tidemark.faults;

import io.tidemark.api.context.Clock;

/** Simulated time. The wall clock steps when a test says so. */
final class SimulatedClock implements Clock {
    private final SimulatedContext process;
    private final Scheduler scheduler;
    private final SimulatedMachine machine;

    SimulatedClock(SimulatedContext process, SimulatedMachine machine, Scheduler scheduler) {
        this.process = process;
        this.machine = machine;
        this.scheduler = scheduler;
    }

    @Override
    public long wallNanos() {
        return monotonicNanos() + machine.wallOffsetNanos();
    }

    @Override
    public long monotonicNanos() {
        scheduler.checkAlive(process);
        scheduler.tick();
        return scheduler.nowNanos();
    }
}
