package io.tidemark.faults;

/**
 * How a simulated network is.
 *
 * @param windowBytes of each direction of a link: content and 64 bytes for each frame
 * @param leastDelayNanos that a message takes
 * @param mostDelayNanos that it takes while nothing is wrong
 * @param bytesPerSecond of each direction of a link
 * @param deadNanos after so long without anything from the other side a link breaks
 * @param attemptNanos so long an attempt to connect takes that nobody answers
 */
public record NetworkSettings(
        long windowBytes,
        long leastDelayNanos,
        long mostDelayNanos,
        long bytesPerSecond,
        long deadNanos,
        long attemptNanos) {
    /** A network within a building: 4 MiB, 50 to 500 us, 1 GB/s, dead after 5 s, attempts of 2 s. */
    public static final NetworkSettings DEFAULT =
            new NetworkSettings(4L << 20, 50_000, 500_000, 1_000_000_000L, 5_000_000_000L, 2_000_000_000L);
}
