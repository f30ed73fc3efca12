package io.tidemark.bench;

import io.tidemark.api.context.Payload;
import io.tidemark.base.machine.MachineContext;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What taking and giving back payload memory costs, with a backlog of a thousand live payloads. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PayloadBenchmark {
    private static final int LIVE = 1000;

    private final MachineContext context = new MachineContext(64 << 20);
    private final ArrayDeque<Payload> live = new ArrayDeque<>(LIVE + 1);

    /**
     * Takes one and gives the oldest back.
     *
     * @return the payload taken
     */
    @Benchmark
    public Payload takeAndRelease() {
        Payload payload = context.payloads().tryTake(4096);
        live.add(payload);
        if (live.size() > LIVE) {
            live.remove().release();
        }
        return payload;
    }
}
