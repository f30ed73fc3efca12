package io.tidemark.simulation.sites;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;
import java.util.function.LongSupplier;

/**
 * A process whose wall clock is wrong.
 *
 * @param process the rest
 * @param skewNanos by how much its clock is ahead, now
 */
record SkewedContext(StorageContext process, LongSupplier skewNanos) implements StorageContext {
    @Override
    public Clock clock() {
        Clock right = process.clock();
        return new Clock() {
            @Override
            public long wallNanos() {
                return right.wallNanos() + skewNanos.getAsLong();
            }

            @Override
            public long monotonicNanos() {
                return right.monotonicNanos();
            }
        };
    }

    @Override
    public Workers workers() {
        return process.workers();
    }

    @Override
    public Files files() {
        return process.files();
    }

    @Override
    public PayloadPool payloads() {
        return process.payloads();
    }

    @Override
    public long randomBits() {
        return process.randomBits();
    }
}
