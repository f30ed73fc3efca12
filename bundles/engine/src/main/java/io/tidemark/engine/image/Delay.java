package io.tidemark.engine.image;

import io.tidemark.api.EventHeader;
import io.tidemark.api.context.Clock;
import java.util.Arrays;

/**
 * When an event is old enough for a delayed head. Counted in the source's time, and beside that on this node's own monotonic
 * clock since the event was received, so that no clock that is wrong or steps shortens a delay. Guarded by the image's lock.
 */
final class Delay {
    /** Most images are idle. */
    private static final int LEAST = 8;

    private static final int MOST_SAMPLES = 4096;

    /** The wall clock may step while somebody waits for it. */
    private static final long LONGEST_WAIT_NANOS = 10_000_000_000L;

    private long offsetNanos;
    private boolean known;
    private long catchUpTo;

    /** Up to a sequence everything had been received at an instant, in rising order. */
    private long[] sequences = new long[LEAST];

    private long[] nanos = new long[LEAST];
    private int count;

    /** Begins with what is received already: when that was is not known, so it is taken for received to catch up. */
    Delay(long received, long nowNanos) {
        catchUpTo = received;
        received(received, nowNanos);
    }

    void offset(long sourceMinusOwnNanos, boolean isKnown) {
        known = isKnown;
        offsetNanos = isKnown ? sourceMinusOwnNanos : offsetNanos;
    }

    void catchUpTo(long sequence) {
        catchUpTo = Math.max(catchUpTo, sequence);
    }

    /** Everything up to a sequence has been received by now. */
    void received(long sequence, long nowNanos) {
        if (count > 0 && sequences[count - 1] >= sequence) {
            return;
        }
        if (count == MOST_SAMPLES) {
            // The later of two instants holds for both: nothing gets due too early.
            for (int i = 0; i < MOST_SAMPLES / 2; i++) {
                sequences[i] = sequences[2 * i + 1];
                nanos[i] = nanos[2 * i + 1];
            }
            count = MOST_SAMPLES / 2;
        } else if (count == sequences.length) {
            sequences = Arrays.copyOf(sequences, count * 2);
            nanos = Arrays.copyOf(nanos, count * 2);
        }
        sequences[count] = sequence;
        nanos[count++] = nowNanos;
    }

    /** The head is at a sequence. */
    void forget(long head) {
        int gone = 0;
        while (gone < count - 1 && sequences[gone] <= head) {
            gone++;
        }
        if (gone >= count / 2 && gone > 0) {
            System.arraycopy(sequences, gone, sequences, 0, count - gone);
            System.arraycopy(nanos, gone, nanos, 0, count - gone);
            count -= gone;
        }
    }

    /** How long the head still has to wait in front of an event: 0 when it is due. */
    long waitNanos(EventHeader event, long delayNanos, Clock clock) {
        if (delayNanos == 0) {
            return 0;
        }
        long sequence = event.position().sequence();
        long wait = delayNanos - (clock.wallNanos() + offsetNanos - event.timeNanos());
        if (!known || sequence > catchUpTo) {
            wait = Math.max(wait, delayNanos - (clock.monotonicNanos() - receivedNanos(sequence)));
        }
        return Math.max(0, Math.min(wait, LONGEST_WAIT_NANOS));
    }

    private long receivedNanos(long sequence) {
        int at = Arrays.binarySearch(sequences, 0, count, sequence);
        int index = at >= 0 ? at : -at - 1;
        return nanos[Math.min(index, count - 1)];
    }
}
