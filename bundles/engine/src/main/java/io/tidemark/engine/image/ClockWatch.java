package io.tidemark.engine.image;

/** Finds steps of the wall clock beside the one that never steps. Under the image's lock. */
final class ClockWatch {
    /** What differs by less is drift. */
    private static final long STEP_NANOS = 1_000_000_000L;

    private long lastWallNanos;
    private long lastMonotonicNanos;

    /** By how much the wall clock has stepped since both were {@link #seen}; 0 for not. */
    long stepNanos(long wallNanos, long monotonicNanos) {
        long step = (wallNanos - lastWallNanos) - (monotonicNanos - lastMonotonicNanos);
        return lastWallNanos != 0 && Math.abs(step) > STEP_NANOS ? step : 0;
    }

    /** What was found is dealt with: from here on the next step counts. */
    void seen(long wallNanos, long monotonicNanos) {
        lastWallNanos = wallNanos;
        lastMonotonicNanos = monotonicNanos;
    }
}
