package io.tidemark.engine.image;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What remembering one random 4 KiB write in the overlay costs, with as many entries as there are blocks at the most. In the
 * engine's package, because the overlay is nobody else's.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class OverlayBenchmark {
    private static final int BLOCK_BYTES = 4096;

    /** Blocks that are written: with few of them most writes replace an earlier one. */
    @Param({"10000", "500000"})
    public int blocks;

    private final SplittableRandom random = new SplittableRandom(1);
    private ExtentMap map;
    private long sequence;

    /** Fills the overlay. */
    @Setup
    public void fill() {
        map = new ExtentMap();
        for (int i = 0; i < blocks; i++) {
            put();
        }
    }

    /**
     * One write.
     *
     * @return entries there are
     */
    @Benchmark
    public int put() {
        sequence++;
        map.put((long) random.nextInt(blocks) * BLOCK_BYTES, BLOCK_BYTES, sequence, sequence, 30);
        return map.size();
    }
}
