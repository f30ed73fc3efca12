package io.tidemark.faults;

import java.security.SecureRandom;

/** What a seed alone decides, for who wants randomness that cannot be guessed: keys of runs that are the same each time. */
public final class SeededSecureRandom extends SecureRandom {
    private static final long serialVersionUID = 1;

    private final transient SeededRandom numbers;

    /**
     * A source.
     *
     * @param seed any number
     */
    public SeededSecureRandom(long seed) {
        this.numbers = new SeededRandom(seed, "secrets");
    }

    @Override
    public void nextBytes(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) numbers.bits();
        }
    }
}
