package io.tidemark.mirror.internal.run;

import java.util.ArrayDeque;

/**
 * Times of events that are on their way, one for about each second: how old the oldest one is that has not arrived. Safe for all
 * threads.
 */
final class TimeLine {
    private static final long STEP_NANOS = 1_000_000_000L;
    /** A longer way is known less exactly. */
    private static final int MOST = 4096;

    private record Stretch(long first, long timeNanos) {}

    private final ArrayDeque<Stretch> stretches = new ArrayDeque<>();
    private long stepNanos = STEP_NANOS;

    /** In the order of their sequences. */
    synchronized void add(long sequence, long timeNanos) {
        Stretch last = stretches.peekLast();
        if (last != null && (sequence <= last.first() || timeNanos - last.timeNanos() < stepNanos)) {
            return;
        }
        if (stretches.size() >= MOST) {
            stepNanos *= 2;
            ArrayDeque<Stretch> half = new ArrayDeque<>();
            boolean keep = true;
            for (Stretch stretch : stretches) {
                if (keep) {
                    half.add(stretch);
                }
                keep = !keep;
            }
            stretches.clear();
            stretches.addAll(half);
        }
        stretches.add(new Stretch(sequence, timeNanos));
    }

    /** Time of the first event behind a sequence, about; 0 when unknown. What lies before is forgotten. */
    synchronized long after(long sequence) {
        Stretch found = null;
        while (!stretches.isEmpty() && stretches.peek().first() <= sequence + 1) {
            found = stretches.remove();
        }
        if (found != null) {
            stretches.addFirst(found);
            return found.timeNanos();
        }
        return 0;
    }

    /** Time of the first event behind a sequence, about; 0 when unknown. Nothing is forgotten. */
    synchronized long at(long sequence) {
        long time = 0;
        for (Stretch stretch : stretches) {
            if (stretch.first() > sequence + 1) {
                break;
            }
            time = stretch.timeNanos();
        }
        return time;
    }

    synchronized void clear() {
        stretches.clear();
        stepNanos = STEP_NANOS;
    }
}
