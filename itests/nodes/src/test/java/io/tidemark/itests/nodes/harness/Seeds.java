package io.tidemark.itests.nodes.harness;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Randomness of a test: from one seed, which is printed, and may be given. */
public final class Seeds {
    /** System property: the seed to use. */
    public static final String PROPERTY = "tidemark.seed";

    /** One for all tests of a run, so that whatever fails can name it. */
    private static final long SEED =
            Long.parseLong(System.getProperty(PROPERTY, Long.toString(System.nanoTime() ^ 0x7469_6465L)));

    private Seeds() {}

    /**
     * The seed of a test. Prints it.
     *
     * @param test its name
     * @return the one given by the system property, else one of this run
     */
    public static long choose(String test) {
        System.out.println(test + ": seed " + hint());
        return SEED;
    }

    /** The seed, and how to take it again. */
    static String hint() {
        return SEED + " (again with -D" + PROPERTY + "=" + SEED + ")";
    }

    /**
     * A generator.
     *
     * @param seed of the test
     * @param stream number of the part of the test that draws from it
     * @return a generator of its own
     */
    public static RandomGenerator random(long seed, long stream) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 0x9E3779B97F4A7C15L + stream);
    }

    /**
     * A bar in time, for this machine.
     *
     * @param millis on two cores that do nothing else
     * @return longer where {@code TIDEMARK_BUDGET_PERCENT} says that the machine is slower
     */
    public static long bar(long millis) {
        return millis * Integer.parseInt(System.getenv().getOrDefault("TIDEMARK_BUDGET_PERCENT", "100")) / 100;
    }

    /**
     * How many rounds a loop has to make.
     *
     * @param property system property that says more or fewer
     * @param usual without it
     * @return the number
     */
    public static int rounds(String property, int usual) {
        return Integer.getInteger(property, usual);
    }
}
