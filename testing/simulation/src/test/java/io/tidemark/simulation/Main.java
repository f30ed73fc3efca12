package io.tidemark.simulation;

import io.tidemark.faults.SimulationFailure;
import java.io.PrintStream;

/** The simulation as a command: one seed with every step, or as many seeds as there is time for. */
final class Main {
    private static final int TRACE_LINES = 60;
    private static final long WITHOUT_END_SECONDS = 1_000_000_000;
    private static final String USAGE = """
            usage: testing/simulation/simulate [--seed N]      run seed N and print every step
                                               [--seconds S]   run seeds for S seconds (default 60)
                                               [--seeds N]     run N seeds
                                               [--from N]      the first of them (default 1)
                                               [--threads N]   so many side by side (default: one per processor)
                                               [--break NAME]  with --seed: put a defect in, as BreakagesTest does
            """;

    private final PrintStream out;
    private long seed = -1;
    private long from = 1;
    private long seconds = 60;
    private long seeds = Long.MAX_VALUE;
    private int threads = Runtime.getRuntime().availableProcessors();
    private Breakage breakage = Breakage.NONE;

    private Main(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] arguments) throws InterruptedException {
        System.exit(new Main(System.out).run(arguments));
    }

    private int run(String[] arguments) throws InterruptedException {
        try {
            for (int i = 0; i < arguments.length; i += 2) {
                option(arguments[i], i + 1 < arguments.length ? arguments[i + 1] : "");
            }
        } catch (IllegalArgumentException e) {
            out.println(e.getMessage());
            out.print(USAGE);
            return 2;
        }
        return seed >= 0 ? one() : many();
    }

    private void option(String name, String value) {
        switch (name) {
            case "--seed" -> seed = Long.parseLong(value);
            case "--from" -> from = Long.parseLong(value);
            case "--seconds" -> seconds = Long.parseLong(value);
            case "--threads" -> threads = Integer.parseInt(value);
            case "--break" -> breakage = Breakages.valueOf(value).make();
            case "--seeds" -> {
                seeds = Long.parseLong(value);
                seconds = WITHOUT_END_SECONDS;
            }
            default -> throw new IllegalArgumentException("unknown option " + name);
        }
    }

    private int one() {
        Simulation simulation = new Simulation(seed, breakage);
        simulation.printTrace(out);
        try {
            Simulation.Result result = simulation.run();
            out.println(simulation.describe());
            out.printf(
                    "seed %d: all is well after %d steps and %.3f simulated seconds, hash %016x%n",
                    seed, result.steps(), result.simulatedNanos() / 1e9, result.hash());
            return 0;
        } catch (SimulationFailure failure) {
            out.println(simulation.describe());
            out.println("FAILED " + failure.getMessage());
            failure.getCause().printStackTrace(out);
            return 1;
        }
    }

    private int many() throws InterruptedException {
        Seeds.Summary summary = Seeds.run(from, seeds, seconds, threads, failure -> report(failure, out));
        out.println(summary);
        return summary.failed() == 0 ? 0 : 1;
    }

    static void report(SimulationFailure failure, PrintStream out) {
        failure.trace().last(TRACE_LINES).forEach(out::println);
        out.println("FAILED " + failure.getMessage());
        out.println("  again, with every step: testing/simulation/simulate --seed " + failure.seed());
    }
}
