package io.tidemark.engine.image;

import io.tidemark.api.context.Clock;

/** A clock that stands still until it is moved by hand. */
public final class HandClock implements Clock {
    public volatile long wall = 1_700_000_000_000_000_000L;
    public volatile long monotonic = 5_000;

    @Override
    public long wallNanos() {
        return wall;
    }

    @Override
    public long monotonicNanos() {
        return monotonic;
    }

    /** Time passes. */
    public synchronized void pass(long nanos) {
        wall += nanos;
        monotonic += nanos;
    }
}
