package io.tidemark.faults;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;
import java.util.concurrent.locks.LockSupport;

/**
 * One simulated process, from boot to death: its threads, its clock, its memory and its view of the machine's disk. Made
 * by {@link SimulatedMachine#boot}; after {@link #kill} every call ends with {@link SimulatedCrash}.
 */
public final class SimulatedContext implements StorageContext {
    private static final int DEAD_CALLS_UNTIL_HOPELESS = 100_000;

    private final SimulatedMachine machine;
    private final Scheduler scheduler;
    private final String name;
    private final SeededRandom random;
    private final SimulatedWorkers workers;
    private final SimulatedClock clock;
    private final SimulatedPayloads payloads;
    private final SimulatedFiles files;
    private volatile boolean dead;
    private int deadCalls;

    SimulatedContext(SimulatedMachine machine, Scheduler scheduler, String name, long seed, long payloadBytes) {
        this.machine = machine;
        this.scheduler = scheduler;
        this.name = name;
        this.random = new SeededRandom(seed, "bits of " + name);
        this.workers = new SimulatedWorkers(this, scheduler);
        this.clock = new SimulatedClock(this, machine, scheduler);
        this.payloads = new SimulatedPayloads(machine, payloadBytes);
        this.files = new SimulatedFiles(this, machine.disk(), scheduler);
    }

    /**
     * The process's name.
     *
     * @return as given at boot
     */
    public String name() {
        return name;
    }

    /**
     * Whether it was killed.
     *
     * @return true from the kill on
     */
    public boolean dead() {
        return dead;
    }

    /**
     * Ends the process as kill -9 does: its threads end where they are, its claims and open files are gone, and what it
     * wrote stays in the page cache. To be called from outside of the process.
     */
    public void kill() {
        if (dead) {
            return;
        }
        dead = true;
        if (scheduler.running()) {
            scheduler.trace("kill", name, 0, 0);
            scheduler.unwind(this);
        }
        machine.disk().closeAllOf(this);
        machine.killed(this);
    }

    void countDeadCall() {
        if (++deadCalls > DEAD_CALLS_UNTIL_HOPELESS) {
            machine.fail(new AssertionError("a worker of " + name + " catches the crash and goes on for ever"));
            // It would catch whatever is thrown here as well: keep it off the processor until the watchdog gives up.
            while (true) {
                LockSupport.park(this);
            }
        }
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public Workers workers() {
        return workers;
    }

    @Override
    public Files files() {
        return files;
    }

    @Override
    public PayloadPool payloads() {
        return payloads;
    }

    @Override
    public long randomBits() {
        scheduler.checkAlive(this);
        return random.bits();
    }
}
