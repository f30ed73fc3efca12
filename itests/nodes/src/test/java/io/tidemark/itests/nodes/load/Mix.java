package io.tidemark.itests.nodes.load;

import java.util.random.RandomGenerator;

/**
 * What a load does, in parts of 100.
 *
 * @param connections to the server
 * @param depth requests in flight on each connection
 * @param zeroPercent WRITE_ZEROES and TRIM
 * @param flushPercent FLUSH
 * @param readPercent READ, checked
 * @param forcedPercent of the writes: with FUA
 * @param largestBytes no write is longer
 * @param burst after so many requests a connection sends nothing for {@link #PAUSE_NANOS}; 0 for never
 */
public record Mix(
        int connections,
        int depth,
        int zeroPercent,
        int flushPercent,
        int readPercent,
        int forcedPercent,
        int largestBytes,
        int burst) {
    /** Between bursts. */
    static final long PAUSE_NANOS = 10_000_000;

    /** Some of everything. */
    public static final Mix ALL = new Mix(3, 8, 4, 4, 5, 10, 2 << 20);

    /** Small writes only, and flushes. */
    public static final Mix SMALL = new Mix(2, 8, 0, 3, 0, 5, 16 << 10);

    /** For an image with a write cache: a flush of one connection has to make durable what was answered on any. */
    public static final Mix CACHED = new Mix(3, 8, 5, 6, 5, 10, 256 << 10);

    /** For an image with replicas: bursts leave the processors to what is tested besides. */
    public static final Mix MIRRORED = new Mix(2, 8, 4, 4, 5, 10, 256 << 10).inBursts(4);

    private static final int[] USUAL_BYTES = {512, 4096, 4096, 4096, 4096, 8192, 16384, 65536};

    /**
     * As fast as it goes.
     *
     * @param connections to the server
     * @param depth requests in flight on each connection
     * @param zeroPercent WRITE_ZEROES and TRIM
     * @param flushPercent FLUSH
     * @param readPercent READ, checked
     * @param forcedPercent of the writes: with FUA
     * @param largestBytes no write is longer
     */
    public Mix(
            int connections,
            int depth,
            int zeroPercent,
            int flushPercent,
            int readPercent,
            int forcedPercent,
            int largestBytes) {
        this(connections, depth, zeroPercent, flushPercent, readPercent, forcedPercent, largestBytes, 0);
    }

    /**
     * The same with pauses.
     *
     * @param requests of a connection at a time
     * @return such a mix
     */
    public Mix inBursts(int requests) {
        return new Mix(
                connections, depth, zeroPercent, flushPercent, readPercent, forcedPercent, largestBytes, requests);
    }

    /** Draws the length of a write: mostly small, sometimes odd, rarely long. */
    int lengthBytes(RandomGenerator random) {
        int draw = random.nextInt(100);
        int bytes;
        if (draw < 80) {
            bytes = USUAL_BYTES[random.nextInt(USUAL_BYTES.length)];
        } else if (draw < 98) {
            bytes = Sectors.BYTES * (1 + random.nextInt(256));
        } else {
            bytes = Sectors.BYTES * (1 + random.nextInt(Math.max(1, largestBytes / Sectors.BYTES)));
        }
        return Math.min(bytes, largestBytes);
    }
}
