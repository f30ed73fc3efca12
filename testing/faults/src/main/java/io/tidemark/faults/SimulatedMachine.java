package io.tidemark.faults;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * A machine that lives in one seed: threads, clocks, memory and a disk, on which processes are booted, killed, and lose
 * power. The same code with the same seed takes the same steps.
 *
 * <pre>{@code
 * SimulatedMachine machine = SimulatedMachine.ofSeed(7);
 * machine.run(() -> {
 *     SimulatedContext process = machine.boot("site");
 *     ...                       // production code with this context, from this thread and its own workers
 *     machine.losePower();
 *     process = machine.boot("site");
 *     ...                       // what is left?
 * });
 * }</pre>
 *
 * <p>Code that starts no workers and waits on no gate may use a context without {@link #run}, straight from a test.
 */
public final class SimulatedMachine {
    private static final long START_WALL_NANOS = 1_767_225_600_000_000_000L;
    private static final long LOOK_NANOS = 100_000;

    /** What changes by the clock alone is seen so much later at most. */
    private static final long MOST_IDLE_NANOS = 10_000_000;

    private final long seed;
    private final MachineSettings settings;
    private final Trace trace = new Trace();
    private final Scheduler scheduler;
    private final SimulatedDisk disk;
    private final List<SimulatedContext> processes = new ArrayList<>();
    private final List<Consumer<SimulatedContext>> mourners = new ArrayList<>();
    private long wallOffsetNanos = START_WALL_NANOS;
    private int boots;

    /**
     * A machine.
     *
     * @param seed of everything random in it
     * @param settings its size
     */
    public SimulatedMachine(long seed, MachineSettings settings) {
        this.seed = seed;
        this.settings = settings;
        this.scheduler = new Scheduler(seed, trace, settings.stepLimit());
        this.disk = new SimulatedDisk(seed, settings.diskBytes(), scheduler);
    }

    /**
     * A machine of the usual size.
     *
     * @param seed of everything random in it
     * @return the machine
     */
    public static SimulatedMachine ofSeed(long seed) {
        return new SimulatedMachine(seed, MachineSettings.DEFAULT);
    }

    /**
     * Runs a body as the simulation's driver and everything that it starts, one thread at a time, until the body returns.
     * What is still running then is unwound. At most once per machine.
     *
     * @param body what to do; it belongs to no process, so it outlives their deaths
     * @throws SimulationFailure when the body or a worker threw, when all are stuck, or when {@link #fail} was called
     */
    public void run(Body body) {
        scheduler.run(() -> {
            try {
                body.run();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** What a simulation does. */
    @FunctionalInterface
    public interface Body {
        /**
         * Runs.
         *
         * @throws Exception fails the simulation
         */
        void run() throws Exception;
    }

    /**
     * Starts a process.
     *
     * @param name for people
     * @return its context
     */
    public SimulatedContext boot(String name) {
        boots++;
        SimulatedContext process = new SimulatedContext(
                this, scheduler, name + "." + boots, seed + boots * 0x1234567L, settings.payloadBytes());
        processes.add(process);
        return process;
    }

    /** Kills every process and takes the power from the disk: what was not forced is kept, lost or torn. */
    public void losePower() {
        killAll();
        disk.losePower();
    }

    /** Kills every process; the page cache stays. */
    public void killAll() {
        processes.forEach(SimulatedContext::kill);
        processes.clear();
    }

    /**
     * The disk, for faults and for looking at what is on it.
     *
     * @return the one disk
     */
    public SimulatedDisk disk() {
        return disk;
    }

    /**
     * A generator of its own.
     *
     * @param purpose what the numbers are for
     * @return always the same sequence for one seed and purpose
     */
    public SeededRandom random(String purpose) {
        return new SeededRandom(seed, purpose);
    }

    /**
     * Steps the wall clock of all processes.
     *
     * @param nanos forward, or backward when negative
     */
    public void stepWallClock(long nanos) {
        wallOffsetNanos += nanos;
    }

    Scheduler scheduler() {
        return scheduler;
    }

    /** Is told of each process that was killed, by the one who killed it. */
    void whenKilled(Consumer<SimulatedContext> mourner) {
        mourners.add(mourner);
    }

    void killed(SimulatedContext process) {
        mourners.forEach(mourner -> mourner.accept(process));
    }

    long wallOffsetNanos() {
        return wallOffsetNanos;
    }

    /**
     * Simulated time since the machine was made.
     *
     * @return nanoseconds
     */
    public long nowNanos() {
        return scheduler.nowNanos();
    }

    /**
     * Steps taken so far.
     *
     * @return the count
     */
    public long steps() {
        return scheduler.steps();
    }

    /**
     * The threads that there are now, of all processes.
     *
     * @return their names, each behind that of its process: {@code node/worker}
     */
    public List<String> workers() {
        return scheduler.names();
    }

    /**
     * Lets simulated time pass; for the driver.
     *
     * @param nanos how long
     */
    public void sleep(long nanos) {
        scheduler.checkAlive(null);
        scheduler.sleep(null, nanos);
    }

    /**
     * Waits for exactly so many more steps of others, or less when nobody can take a step any more; for the driver, which
     * then takes the power away right there.
     *
     * @param more how many
     * @param timeoutNanos at most so long in simulated time
     */
    public void awaitSteps(long more, long timeoutNanos) {
        scheduler.checkAlive(null);
        scheduler.block(null, timeoutNanos, scheduler.steps() + more);
    }

    /**
     * Has somebody look on: at each step, on the thread of whoever takes it, before anybody else goes on. Nothing that is a step itself
     * may be asked there.
     *
     * @param look what to do; null for nothing
     */
    public void eachStep(Runnable look) {
        scheduler.eachStep(look);
    }

    /**
     * Waits until something is so, looking after every step or so, and while nobody has anything to do now and then; for the driver.
     *
     * @param condition looked at by the driver
     * @param timeoutNanos at most so long in simulated time
     * @return whether it came to be
     */
    public boolean awaitUntil(Callable<Boolean> condition, long timeoutNanos) {
        long deadline = nowNanos() + timeoutNanos;
        try {
            while (!condition.call()) {
                if (nowNanos() >= deadline) {
                    return false;
                }
                long idle = Math.min(scheduler.idleNanos(), MOST_IDLE_NANOS);
                sleep(Math.max(LOOK_NANOS, Math.min(idle, deadline - nowNanos())));
                scheduler.step(null, "look", "driver", 0, 0);
            }
            return true;
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Fails the run, from whatever thread and however many catch clauses lie around the caller.
     *
     * @param broken what
     */
    public void fail(Throwable broken) {
        scheduler.fail(broken);
    }

    /**
     * Whether the run has failed and is only being unwound.
     *
     * @return true after a failure
     */
    public boolean failed() {
        return scheduler.failure() != null;
    }

    /**
     * Adds a line to the trace.
     *
     * @param what happened
     * @param subject to what
     * @param first a number
     * @param second a number
     */
    public void note(String what, Object subject, long first, long second) {
        scheduler.trace(what, subject, first, second);
    }

    /**
     * What happened so far.
     *
     * @return the trace
     */
    public Trace trace() {
        return trace;
    }

    /**
     * Prints every step as it happens.
     *
     * @param sink where to
     */
    public void printTrace(PrintStream sink) {
        trace.printTo(sink);
    }

    /**
     * The seed.
     *
     * @return as given
     */
    public long seed() {
        return seed;
    }
}
