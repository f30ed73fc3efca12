package io.tidemark.simulation;

import io.tidemark.faults.SimulationFailure;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The simulation as a command: one seed with every step, or as many seeds as there is time for. */
public final class Main {
    private static final int TRACE_LINES = 60;
    private static final String USAGE = """
            usage: simulate [--seed N]      runs seed N and prints every step
                            [--seconds S]   runs seeds for S seconds (default 60)
                            [--seeds N]     runs N seeds
                            [--from N]      the first seed (default 1)
                            [--threads N]   so many seeds side by side (default: one per processor)
            """;

    private final PrintStream out;
    private long seed = -1;
    private long from = 1;
    private long seconds = 60;
    private long seeds = Long.MAX_VALUE;
    private int threads = Runtime.getRuntime().availableProcessors();
    private final AtomicLong next = new AtomicLong();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicLong steps = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final List<SimulationFailure> failures = new ArrayList<>();

    private Main(PrintStream out) {
        this.out = out;
    }

    /**
     * Runs.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new Main(System.out).run(arguments));
    }

    private int run(String[] arguments) {
        try {
            for (int i = 0; i < arguments.length; i += 2) {
                long value = i + 1 < arguments.length ? Long.parseLong(arguments[i + 1]) : -1;
                switch (arguments[i]) {
                    case "--seed" -> seed = value;
                    case "--from" -> from = value;
                    case "--seconds" -> seconds = value;
                    case "--seeds" -> {
                        seeds = value;
                        seconds = Long.MAX_VALUE >> 32;
                    }
                    case "--threads" -> threads = (int) value;
                    default -> throw new NumberFormatException();
                }
            }
        } catch (NumberFormatException e) {
            out.print(USAGE);
            return 2;
        }
        return seed >= 0 ? one() : many();
    }

    private int one() {
        Simulation simulation = new Simulation(seed, Breakage.NONE);
        simulation.printTrace(out);
        try {
            Simulation.Result result = simulation.run();
            out.println(simulation.describe());
            out.printf("seed %d: well after %d steps, hash %016x%n", seed, result.steps(), result.hash());
            return 0;
        } catch (SimulationFailure failure) {
            out.println(simulation.describe());
            out.println("FAILED " + failure.getMessage());
            failure.getCause().printStackTrace(out);
            return 1;
        }
    }

    private int many() {
        long begun = System.nanoTime();
        next.set(from);
        List<Thread> runners = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread runner = new Thread(() -> runSeeds(begun + seconds * 1_000_000_000L), "runner-" + i);
            runner.start();
            runners.add(runner);
        }
        for (Thread runner : runners) {
            try {
                runner.join();
            } catch (InterruptedException e) {
                return 130;
            }
        }
        double elapsed = (System.nanoTime() - begun) / 1e9;
        out.printf(
                "%d seeds in %.1f s: %.1f seeds/s, %d steps, %d requests acknowledged, %d failed%n",
                done.get(), elapsed, done.get() / elapsed, steps.get(), acknowledged.get(), failures.size());
        return failures.isEmpty() ? 0 : 1;
    }

    private void runSeeds(long deadlineNanos) {
        while (System.nanoTime() < deadlineNanos) {
            long mine = next.getAndIncrement();
            if (mine - from >= seeds) {
                return;
            }
            try {
                Simulation.Result result = new Simulation(mine, Breakage.NONE).run();
                steps.addAndGet(result.steps());
                acknowledged.addAndGet(result.acknowledged());
            } catch (SimulationFailure failure) {
                report(failure);
            }
            done.incrementAndGet();
        }
    }

    private synchronized void report(SimulationFailure failure) {
        failures.add(failure);
        failure.trace().last(TRACE_LINES).forEach(out::println);
        out.println("FAILED " + failure.getMessage());
        out.println("  again with every step: testing/simulation/simulate --seed " + failure.seed());
    }
}
