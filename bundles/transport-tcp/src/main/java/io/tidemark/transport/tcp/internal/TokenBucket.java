package io.tidemark.transport.tcp.internal;

/** A bound on bytes per second for several takers. Short pauses are made up for, long ones are not. Safe for all threads. */
final class TokenBucket {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    /** So long a pause is made up for. */
    private static final long BURST_NANOS = NANOS_PER_SECOND / 20;
    /** Less is not worth a system call. */
    private static final long LEAST_BYTES = 4096;

    private long bytesPerSecond;
    private double tokens;
    private long filledNanos;

    TokenBucket(long bytesPerSecond, long nowNanos) {
        this.bytesPerSecond = bytesPerSecond;
        this.filledNanos = nowNanos;
        this.tokens = burst();
    }

    synchronized void rate(long newBytesPerSecond, long nowNanos) {
        fill(nowNanos);
        bytesPerSecond = newBytesPerSecond;
        tokens = Math.min(tokens, burst());
    }

    private double burst() {
        return Math.max(LEAST_BYTES, bytesPerSecond * (double) BURST_NANOS / NANOS_PER_SECOND);
    }

    private void fill(long nowNanos) {
        long passed = Math.max(0, nowNanos - filledNanos);
        filledNanos = nowNanos;
        tokens = Math.min(burst(), tokens + passed * (double) bytesPerSecond / NANOS_PER_SECOND);
    }

    /** How many of the wanted bytes may go now; 0 when it has to wait. */
    synchronized int take(int wanted, long nowNanos) {
        if (bytesPerSecond == 0) {
            return wanted;
        }
        fill(nowNanos);
        if (tokens < Math.min(wanted, LEAST_BYTES)) {
            return 0;
        }
        int granted = (int) Math.min(wanted, tokens);
        tokens -= granted;
        return granted;
    }

    /** How long until something may go. */
    synchronized long waitNanos() {
        if (bytesPerSecond == 0) {
            return 0;
        }
        double missing = LEAST_BYTES - tokens;
        return missing <= 0 ? 0 : (long) (missing * NANOS_PER_SECOND / bytesPerSecond) + 1;
    }
}
