package io.tidemark.simulation.sites;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.StorageContext;
import io.tidemark.faults.ForwardingContext;
import java.util.function.LongSupplier;

/** A process whose wall clock is wrong. */
final class SkewedContext extends ForwardingContext {
    private final LongSupplier skewNanos;

    /** By how much its clock is ahead is asked each time. */
    SkewedContext(StorageContext process, LongSupplier skewNanos) {
        super(process);
        this.skewNanos = skewNanos;
    }

    @Override
    public Clock clock() {
        Clock right = super.clock();
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
}
