package io.tidemark.node;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers;
import io.tidemark.base.machine.MachineContext;

/** The machine, of which somebody sets the clock, and time passes at once. */
final class SteppingContext implements StorageContext {
    private final StorageContext real;
    private final SteppingClock clock = new SteppingClock();

    SteppingContext(Files files) {
        this.real = new MachineContext(32L << 20, files);
    }

    /** Somebody sets the wall clock. */
    void stepWall(long nanos) {
        clock.wallAhead += nanos;
    }

    /** So much time is over. */
    void pass(long nanos) {
        clock.wallAhead += nanos;
        clock.monotonicAhead += nanos;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public Workers workers() {
        return real.workers();
    }

    @Override
    public Files files() {
        return real.files();
    }

    @Override
    public PayloadPool payloads() {
        return real.payloads();
    }

    @Override
    public long randomBits() {
        return real.randomBits();
    }

    /** Changed by the test's thread only. */
    private final class SteppingClock implements Clock {
        private volatile long wallAhead;
        private volatile long monotonicAhead;

        @Override
        public long wallNanos() {
            return real.clock().wallNanos() + wallAhead;
        }

        @Override
        public long monotonicNanos() {
            return real.clock().monotonicNanos() + monotonicAhead;
        }
    }
}
