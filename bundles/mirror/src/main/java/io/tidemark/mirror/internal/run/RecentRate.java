package io.tidemark.mirror.internal.run;

import io.tidemark.api.context.Clock;
import io.tidemark.api.mirror.MirrorStatus;

/** What came in the last seconds. Safe for all threads. */
final class RecentRate {
    private static final int SECONDS = 5;
    private static final long SECOND = 1_000_000_000L;

    private final Clock clock;
    private final long beganNanos;
    private final long[] seconds = new long[SECONDS + 1];
    private final long[] events = new long[SECONDS + 1];
    private final long[] bytes = new long[SECONDS + 1];

    RecentRate(Clock clock) {
        this.clock = clock;
        this.beganNanos = clock.monotonicNanos();
    }

    synchronized void add(long moreEvents, long moreBytes) {
        long second = (clock.monotonicNanos() - beganNanos) / SECOND;
        int slot = (int) (second % seconds.length);
        if (seconds[slot] != second) {
            seconds[slot] = second;
            events[slot] = 0;
            bytes[slot] = 0;
        }
        events[slot] += moreEvents;
        bytes[slot] += moreBytes;
    }

    synchronized MirrorStatus.Rate rate() {
        long age = Math.max(1, clock.monotonicNanos() - beganNanos);
        long now = age / SECOND;
        long allEvents = 0;
        long allBytes = 0;
        for (int slot = 0; slot < seconds.length; slot++) {
            if (now - seconds[slot] <= SECONDS) {
                allEvents += events[slot];
                allBytes += bytes[slot];
            }
        }
        // The second that is running counts as far as it has come.
        double span = Math.min(age, SECONDS * SECOND + age % SECOND) / (double) SECOND;
        return new MirrorStatus.Rate(allEvents / Math.max(0.1, span), (long) (allBytes / Math.max(0.1, span)));
    }

    /** Until so many events have come, at a rate; negative when that is never. */
    static long catchUpNanos(long lacking, MirrorStatus.Rate rate) {
        if (lacking <= 0) {
            return lacking;
        }
        return rate.eventsPerSecond() < 0.01 ? -1 : (long) (lacking / rate.eventsPerSecond() * SECOND);
    }
}
