package io.tidemark.transport.tcp.internal;

import java.util.concurrent.TimeUnit;

/** Keeps strangers from filling the log: so many lines in a while, then their number. Safe for all threads. */
final class LogLimit {
    static final int LINES = 20;
    static final long WHILE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private long beganNanos;
    private int lines;
    private long left;

    LogLimit(long nowNanos) {
        beganNanos = nowNanos;
    }

    /** The line as it is to be logged, or null when it is left out. */
    synchronized String line(String text, long nowNanos) {
        String before = "";
        if (nowNanos - beganNanos > WHILE_NANOS) {
            before = left == 0 ? "" : " (" + left + " more such lines were left out)";
            beganNanos = nowNanos;
            lines = 0;
            left = 0;
        }
        if (lines >= LINES) {
            left++;
            return null;
        }
        lines++;
        return text + before;
    }
}
