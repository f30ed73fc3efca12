package io.tidemark.mirror.internal.run;

/** A bound on bytes per second that may change at any time. Short pauses are made up for, long ones are not. For one thread. */
final class Pace {
    private static final double SECOND = 1e9;
    private static final double MADE_UP_SECONDS = 0.25;

    private long bytesPerSecond;
    private long sinceNanos;
    private double debtBytes;

    Pace(long nowNanos) {
        sinceNanos = nowNanos;
    }

    /** How long until the next bytes may go, at a rate; 0 for now, and always without a bound (0). */
    long waitNanos(long rate, long nowNanos) {
        double passed = (nowNanos - sinceNanos) / SECOND * bytesPerSecond;
        debtBytes = Math.max(debtBytes - passed, -MADE_UP_SECONDS * bytesPerSecond);
        sinceNanos = nowNanos;
        bytesPerSecond = rate;
        if (rate == 0) {
            debtBytes = 0;
        }
        return debtBytes <= 0 ? 0 : (long) (debtBytes / rate * SECOND) + 1;
    }

    /** Bytes go now. */
    void sent(long bytes) {
        debtBytes += bytes;
    }
}
