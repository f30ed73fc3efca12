package io.tidemark.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets exactly one thread run at a time and chooses the next one by the seed.
 *
 * <pre>
 *   worker A  --run--> step() ......................parked.................... --run-->
 *   worker B  ..parked......... --run--> step() (file call, gate) ..parked............
 *                      ^ baton                  ^ baton handed on: seed chooses
 * </pre>
 *
 * <p>Every call into a context is a step. There the seed decides who goes on; while nobody can, simulated time jumps to
 * the next deadline. When there is none either, the run is stuck and fails with all stacks. State here is touched by the
 * baton's holder only; the hand-over is the memory barrier.
 */
final class Scheduler {
    private static final long WATCH_NANOS = 100_000_000L;

    private final long seed;
    private final SeededRandom random;
    private final Trace trace;
    private final long stepLimit;
    private final int switchPerMillion;
    private final List<Task> tasks = new ArrayList<>();
    private final List<Task> candidates = new ArrayList<>();
    private volatile Task current;
    private volatile long steps;
    private long nowNanos;
    private Runnable look;
    private Thread runner;
    private volatile boolean finished;
    private volatile boolean collapsing;
    private volatile Throwable failure;

    Scheduler(long seed, Trace trace, long stepLimit) {
        this.seed = seed;
        this.random = new SeededRandom(seed, "schedule");
        this.trace = trace;
        this.stepLimit = stepLimit;
        this.switchPerMillion = new int[] {20_000, 150_000, 500_000, 1_000_000}[random.below(4)];
    }

    // ---- one run

    void run(Runnable body) {
        if (runner != null) {
            throw new IllegalStateException("a simulation runs once; make another one");
        }
        runner = Thread.currentThread();
        Task driver = add("driver", null, body);
        current = driver;
        driver.grant();
        Watchdog watchdog = new Watchdog();
        while (!finished) {
            LockSupport.parkNanos(this, WATCH_NANOS);
            if (!finished) {
                String complaint = watchdog.look(current, steps);
                if (complaint != null) {
                    // The thread cannot be unwound: it and all others stay behind, as daemons.
                    record(new AssertionError(complaint + stacks()));
                    break;
                }
            }
        }
        if (failure != null) {
            throw new SimulationFailure(seed, trace, failure);
        }
    }

    boolean running() {
        return runner != null && !finished;
    }

    Task start(String name, SimulatedContext process, Runnable body) {
        if (!running()) {
            throw new IllegalStateException("workers run only inside SimulatedMachine.run(...)");
        }
        return add(name, process, body);
    }

    private Task add(String name, SimulatedContext process, Runnable body) {
        Task task = new Task(name, process, new int[] {1, 4, 16, 64}[random.below(4)]);
        Thread thread = new Thread(() -> main(task, body), "sim-" + seed + "-" + name);
        thread.setDaemon(true);
        task.thread = thread;
        tasks.add(task);
        thread.start();
        return task;
    }

    private void main(Task task, Runnable body) {
        task.awaitGrant();
        try {
            if (!doomed(task)) {
                body.run();
            }
        } catch (SimulatedCrash crash) {
            if (!doomed(task)) {
                fail(new AssertionError("worker " + task.name + " called into a dead process", crash));
            }
        } catch (Throwable thrown) {
            if (!doomed(task)) {
                fail(new AssertionError("worker " + task.name + " died of " + thrown, thrown));
            }
        }
        end(task);
    }

    private boolean doomed(Task task) {
        return collapsing || (task.process != null && task.process.dead());
    }

    private void end(Task task) {
        task.ended = true;
        tasks.remove(task);
        if (task.joiner != null) {
            task.joiner.runnable();
        }
        if (task.killer != null && !collapsing) {
            hand(task.killer);
            return;
        }
        if (task.name.equals("driver")) {
            collapsing = true;
        }
        Task next = collapsing ? null : pick();
        if (next == null && !tasks.isEmpty()) {
            next = tasks.get(0);
        }
        if (next == null) {
            finished = true;
            LockSupport.unpark(runner);
        } else {
            hand(next);
        }
    }

    private void hand(Task next) {
        next.runnable();
        current = next;
        next.grant();
    }

    // ---- failing

    void fail(Throwable thrown) {
        record(thrown);
        collapsing = true;
    }

    private void record(Throwable thrown) {
        if (failure == null) {
            failure = thrown;
        }
    }

    Throwable failure() {
        return failure;
    }

    private String stacks() {
        StringBuilder text = new StringBuilder("\nWorkers:");
        for (Task task : List.copyOf(tasks)) {
            text.append("\n  ").append(task.name).append(task.blocked ? " waits" : " could run");
            if (task.deadlineNanos != Long.MAX_VALUE) {
                text.append(" until ").append(task.deadlineNanos / 1e9).append(" s");
            }
            for (StackTraceElement frame : task.thread.getStackTrace()) {
                if (!frame.getClassName().startsWith("java.util.concurrent.locks.LockSupport")
                        && !frame.getClassName().startsWith("jdk.internal")) {
                    text.append("\n      at ").append(frame);
                }
            }
        }
        return text.toString();
    }

    // ---- steps of the baton's holder

    void eachStep(Runnable newLook) {
        this.look = newLook;
    }

    long nowNanos() {
        return nowNanos;
    }

    long steps() {
        return steps;
    }

    List<String> names() {
        return tasks.stream().map(task -> task.name).toList();
    }

    boolean collapsing() {
        return collapsing;
    }

    /** Lets time pass without a step: reading a clock takes some, and code that waits for it to move must end. */
    void tick() {
        nowNanos += 50 + random.below(500);
    }

    /** Whose step it is; null on a thread that is not simulated while no simulation runs. */
    private Task self() {
        Task task = current;
        if (task != null && task.thread == Thread.currentThread()) {
            return task;
        }
        if (!running()) {
            return null;
        }
        throw new IllegalStateException("thread " + Thread.currentThread().getName()
                + " is no worker of the simulation: production code takes its threads from Workers");
    }

    /** Throws when the process, or the whole simulation, is dead. */
    void checkAlive(SimulatedContext process) {
        if (process != null && process.dead()) {
            process.countDeadCall();
            throw new SimulatedCrash(process.name());
        }
        if (collapsing) {
            throw new SimulatedCrash("simulation");
        }
    }

    void trace(String operation, Object subject, long first, long second) {
        Task task = current;
        trace.add(nowNanos, task == null ? "-" : task.name, operation, subject, first, second);
    }

    /** A point at which another worker may go on. */
    void step(SimulatedContext process, String operation, Object subject, long first, long second) {
        checkAlive(process);
        Task self = self();
        trace(operation, subject, first, second);
        long taken = steps + 1;
        steps = taken;
        nowNanos += 200 + random.below(2_000);
        if (steps > stepLimit) {
            fail(new AssertionError("no end after " + steps + " steps" + stacks()));
            throw new SimulatedCrash("simulation");
        }
        if (look != null) {
            look.run();
            checkAlive(process);
        }
        if (self != null && (random.chance(switchPerMillion) || awaited())) {
            goOn(self, process);
        }
    }

    /** Whether somebody waits for exactly this step: a crash that was planned for it must not come later. */
    private boolean awaited() {
        for (Task task : tasks) {
            if (task.blocked && task.wakeAtStep <= steps) {
                return true;
            }
        }
        return false;
    }

    /** Lets others run until the deadline. */
    void block(SimulatedContext process, long timeoutNanos, long wakeAtStep) {
        Task self = self();
        if (self == null) {
            throw new IllegalStateException("waiting works only inside SimulatedMachine.run(...)");
        }
        self.blocked = true;
        self.deadlineNanos = saturated(timeoutNanos);
        self.wakeAtStep = wakeAtStep;
        goOn(self, process);
    }

    private long saturated(long timeoutNanos) {
        long deadline = nowNanos + Math.max(0, timeoutNanos);
        return deadline < 0 ? Long.MAX_VALUE : deadline;
    }

    /** Lets simulated time pass for this worker. */
    void sleep(SimulatedContext process, long nanos) {
        if (self() == null) {
            nowNanos += nanos;
        } else {
            block(process, nanos, Long.MAX_VALUE);
        }
    }

    /** For how long nobody but whoever asks has anything to do. */
    long idleNanos() {
        Task self = self();
        long earliest = Long.MAX_VALUE;
        for (Task task : tasks) {
            if (task != self) {
                earliest = Math.min(earliest, task.ready(nowNanos, steps) ? nowNanos : task.deadlineNanos);
            }
        }
        return earliest == Long.MAX_VALUE ? earliest : earliest - nowNanos;
    }

    private void goOn(Task self, SimulatedContext process) {
        Task next = pick();
        if (next == null) {
            throw new SimulatedCrash("simulation");
        }
        if (next == self) {
            self.runnable();
        } else {
            hand(next);
            self.awaitGrant();
        }
        checkAlive(process);
        checkAlive(self.process);
    }

    /** Chooses who runs next; null when nobody ever will, which is then recorded as the failure. */
    private Task pick() {
        while (true) {
            candidates.clear();
            long total = 0;
            long earliest = Long.MAX_VALUE;
            Task planned = null;
            for (Task task : tasks) {
                if (task.ready(nowNanos, steps)) {
                    candidates.add(task);
                    total += task.weight;
                } else {
                    earliest = Math.min(earliest, task.deadlineNanos);
                }
                if (task.blocked && task.wakeAtStep != Long.MAX_VALUE) {
                    planned = task;
                }
            }
            if (planned != null
                    && (planned.wakeAtStep <= steps || (candidates.isEmpty() && earliest == Long.MAX_VALUE))) {
                return planned;
            }
            if (!candidates.isEmpty()) {
                return weighted(total);
            }
            if (earliest == Long.MAX_VALUE) {
                fail(new AssertionError("stuck: every worker waits for something that nobody will do" + stacks()));
                return null;
            }
            nowNanos = Math.max(nowNanos, earliest);
        }
    }

    private Task weighted(long total) {
        long ticket = candidates.size() == 1 ? 0 : random.below(total);
        for (Task task : candidates) {
            ticket -= task.weight;
            if (ticket < 0) {
                return task;
            }
        }
        throw new IllegalStateException("weights changed while choosing");
    }

    void wake(Task task) {
        task.runnable();
    }

    Task currentTask() {
        return self();
    }

    /** Unwinds every worker of a process that was declared dead, one after the other. */
    void unwind(SimulatedContext process) {
        Task self = self();
        for (Task task : List.copyOf(tasks)) {
            if (task.process == process && !task.ended) {
                if (task == self) {
                    throw new IllegalStateException("a process cannot be killed by its own worker " + task.name);
                }
                task.killer = self;
                hand(task);
                self.awaitGrant();
            }
        }
        self.runnable();
    }
}
