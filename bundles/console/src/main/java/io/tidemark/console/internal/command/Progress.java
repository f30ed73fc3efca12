package io.tidemark.console.internal.command;

import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Sizes;
import java.util.function.LongSupplier;

/** Shows how far long work is: part, amount, rate and time left. For one thread. */
public final class Progress {
    private static final long EVERY_NANOS = 200_000_000L;
    private static final int BAR = 20;

    private final Caller caller;
    private final LongSupplier monotonicNanos;
    private final String label;
    private final long totalBytes;
    private final long startedNanos;
    private long shownNanos;

    /**
     * Starts.
     *
     * @param caller to show it to
     * @param monotonicNanos clock
     * @param label what is done, as {@code exporting vm1}
     * @param totalBytes all there is to do; 0 when unknown
     */
    public Progress(Caller caller, LongSupplier monotonicNanos, String label, long totalBytes) {
        this.caller = caller;
        this.monotonicNanos = monotonicNanos;
        this.label = label;
        this.totalBytes = totalBytes;
        this.startedNanos = monotonicNanos.getAsLong();
        this.shownNanos = startedNanos;
    }

    /**
     * Tells how far it is.
     *
     * @param doneBytes so far
     */
    public void at(long doneBytes) {
        long now = monotonicNanos.getAsLong();
        if (now - shownNanos >= EVERY_NANOS) {
            shownNanos = now;
            caller.progress(line(doneBytes, now - startedNanos));
        }
    }

    private String line(long doneBytes, long nanos) {
        if (totalBytes <= 0) {
            return label + "  " + Sizes.format(doneBytes) + "  " + rate(doneBytes, nanos);
        }
        double part = Math.min(1.0, doneBytes / (double) totalBytes);
        int filled = (int) (part * BAR);
        String bar = "[" + "=".repeat(filled) + " ".repeat(BAR - filled) + "]";
        return label + "  " + bar + " " + (int) (part * 100) + " %  " + Sizes.format(doneBytes) + " of "
                + Sizes.format(totalBytes) + "  " + rate(doneBytes, nanos) + left(part, nanos);
    }

    private static String left(double part, long nanos) {
        if (part < 0.001 || part >= 1) {
            return "";
        }
        return "  " + Durations.format((long) (nanos / part * (1 - part))) + " left";
    }

    /**
     * What the work took, for its last line.
     *
     * @param doneBytes in all
     * @return as {@code 3.2s, 120 MiB/s}
     */
    public String summary(long doneBytes) {
        long nanos = monotonicNanos.getAsLong() - startedNanos;
        return doneBytes == 0 ? Durations.format(nanos) : Durations.format(nanos) + ", " + rate(doneBytes, nanos);
    }

    private static String rate(long bytes, long nanos) {
        return Sizes.format((long) (bytes / (Math.max(1, nanos) / 1e9))) + "/s";
    }
}
