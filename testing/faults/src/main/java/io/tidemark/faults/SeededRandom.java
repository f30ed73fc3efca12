package io.tidemark.faults;

import java.util.List;

/**
 * A generator of numbers that depend on the seed alone (splitmix64). One per purpose, so that a change in one place
 * (another workload, another fault) does not shift what happens everywhere else.
 */
public final class SeededRandom {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    /**
     * A generator.
     *
     * @param seed any number
     */
    public SeededRandom(long seed) {
        this.state = mix(seed + GOLDEN);
    }

    /**
     * A generator of its own for one purpose.
     *
     * @param seed of the whole run
     * @param purpose what the numbers are for
     */
    public SeededRandom(long seed, String purpose) {
        this(seed ^ mix(purpose.hashCode() * GOLDEN));
    }

    /**
     * The next number.
     *
     * @return 64 bits
     */
    public long bits() {
        state += GOLDEN;
        return mix(state);
    }

    /**
     * A number below a bound.
     *
     * @param bound exclusive, at least 1
     * @return 0 to {@code bound - 1}
     */
    public int below(int bound) {
        return (int) below((long) bound);
    }

    /**
     * A number below a bound.
     *
     * @param bound exclusive, at least 1
     * @return 0 to {@code bound - 1}
     */
    public long below(long bound) {
        if (bound < 1) {
            throw new IllegalArgumentException("bound " + bound + " is below 1");
        }
        return Long.remainderUnsigned(bits(), bound);
    }

    /**
     * A number within bounds.
     *
     * @param least inclusive
     * @param most inclusive
     * @return the number
     */
    public long between(long least, long most) {
        return least + below(most - least + 1);
    }

    /**
     * Whether something that happens so often happens now.
     *
     * @param perMillion how often in a million
     * @return true as often as that
     */
    public boolean chance(int perMillion) {
        return perMillion > 0 && below(1_000_000) < perMillion;
    }

    /**
     * A coin.
     *
     * @return true in half of the cases
     */
    public boolean coin() {
        return bits() < 0;
    }

    /**
     * One of several things.
     *
     * @param things at least one
     * @param <T> what they are
     * @return one of them
     */
    public <T> T oneOf(List<T> things) {
        return things.get(below(things.size()));
    }

    /**
     * A number of any magnitude up to a bound: small ones are as likely as large ones.
     *
     * @param most at least 1
     * @return 1 to {@code most}
     */
    public long magnitude(long most) {
        int bitsOfMost = Long.SIZE - Long.numberOfLeadingZeros(most);
        long ceiling = 1L << below(bitsOfMost + 1);
        return 1 + below(Math.min(ceiling, most));
    }

    static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
