package io.tidemark.base.text;

import java.util.concurrent.TimeUnit;

/** Keeps strangers from filling the log: so many lines in a while, then their number. Safe for all threads. */
public final class LogLimit {
    /** So many lines. */
    public static final int LINES = 20;

    /** In so long a while. */
    public static final long WHILE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private long beganNanos;
    private int lines;
    private long left;

    /**
     * Nothing was logged yet.
     *
     * @param nowNanos of a clock that never goes back
     */
    public LogLimit(long nowNanos) {
        beganNanos = nowNanos;
    }

    /**
     * Whether a line goes into the log.
     *
     * @param text the line
     * @param nowNanos of the same clock
     * @return the line as it is to be logged, with the number of those that were left out before, or null when it is left out
     */
    public synchronized String line(String text, long nowNanos) {
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
