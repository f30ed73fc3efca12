package io.tidemark.node;

import io.tidemark.api.context.Clock;
import io.tidemark.api.context.Files;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.faults.ForwardingContext;

/** The machine, of which somebody sets the clock, and time passes at once. */
final class SteppingContext extends ForwardingContext {
    private final SteppingClock clock = new SteppingClock();

    SteppingContext(Files files) {
        super(new MachineContext(32L << 20, files));
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

    /** Changed by the test's thread only. */
    private final class SteppingClock implements Clock {
        private volatile long wallAhead;
        private volatile long monotonicAhead;

        @Override
        public long wallNanos() {
            return SteppingContext.super.clock().wallNanos() + wallAhead;
        }

        @Override
        public long monotonicNanos() {
            return SteppingContext.super.clock().monotonicNanos() + monotonicAhead;
        }
    }
}
