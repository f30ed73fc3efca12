package io.tidemark.engine.image;

import io.tidemark.api.EventHeader;
import io.tidemark.api.context.Clock;
import java.util.Arrays;

/**
 * When an event is old enough for a delayed head. Counted in the source's time, and beside that on this node's own monotonic
 * clock since the event was received, so that no clock that is wrong or steps shortens a delay. Guarded by the image's lock.
 *
 * <p>What another node wrote than the one whose clock is known, in a cascade or before a promotion, has times of a clock that
 * nobody knows here: only when it was received counts.
 *
 * <p>The source's time is known by this node's monotonic clock, so steps of the own wall clock do not count. When the source's
 * clock steps forward, what it wrote before seems older than it is: that counts on by what was known before the step. A delay may
 * become longer by steps, by no more than they are, and for what was received to catch up never beyond a delay since it came.
 * What nobody can know: a step between an event and the first time that this node, since it opened the image, heard of the
 * source's clock.
 */
final class Delay {
    /** Most images are idle. */
    private static final int LEAST = 8;

    private static final int MOST_SAMPLES = 4096;

    /** How the clocks differ may change while somebody waits. */
    private static final long LONGEST_WAIT_NANOS = 10_000_000_000L;

    /** By so much two measures of the same may differ, since either may be wrong by half a round trip; what is more is a step. */
    private static final long STEP_NANOS = 500_000_000L;

    private long offsetNanos;
    private boolean known;
    private boolean everKnown;

    /** By how much the source's clock was behind before it stepped forward. */
    private long behindNanos;

    /** Counts for what was received before, and for what was written: up to such a time of the source. */
    private long behindUpTo;

    private long behindUntilNanos = Long.MIN_VALUE;
    private long latestNanos = Long.MIN_VALUE;
    private long catchUpTo;

    /** From here on events have times of the clock that the offset is of. */
    private long writtenFrom = Long.MAX_VALUE;

    /** Up to a sequence everything had been received at an instant, in rising order. */
    private long[] sequences = new long[LEAST];

    private long[] nanos = new long[LEAST];
    private int count;

    /** Begins with what is received already: when that was is not known, so it is taken for received to catch up. */
    Delay(long received, long nowNanos) {
        catchUpTo = received;
        received(received, nowNanos);
    }

    /** The source's wall clock minus the own monotonic one. */
    void offset(long sourceMinusMonotonicNanos, boolean isKnown, long nowNanos) {
        known = isKnown;
        if (!isKnown) {
            return;
        }
        if (everKnown) {
            stepped(sourceMinusMonotonicNanos - offsetNanos, nowNanos);
        }
        everKnown = true;
        offsetNanos = sourceMinusMonotonicNanos;
    }

    private void stepped(long nanos, long nowNanos) {
        // Whatever was written before the step has no later time than this, unless it was ahead of its clock all the
        // time.
        latestNanos = Math.max(latestNanos, nowNanos + offsetNanos);
        if (nanos > STEP_NANOS) {
            behindNanos += nanos;
            behindUpTo = sequences[count - 1];
            behindUntilNanos = latestNanos;
        } else if (nanos < -STEP_NANOS) {
            behindNanos = Math.max(0, behindNanos + nanos);
        }
    }

    void writtenBySource(long fromSequence) {
        writtenFrom = fromSequence;
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
        long now = clock.monotonicNanos();
        long sinceReceived = delayNanos - (now - receivedNanos(sequence));
        long wait = sinceReceived;
        if (everKnown && sequence >= writtenFrom) {
            boolean before = sequence <= behindUpTo || event.timeNanos() <= behindUntilNanos;
            long sourcesNanos = now + offsetNanos - (before ? behindNanos : 0);
            long sinceWritten = delayNanos - (sourcesNanos - event.timeNanos());
            boolean caughtUp = known && sequence <= catchUpTo;
            wait = caughtUp ? Math.min(sinceWritten, sinceReceived) : Math.max(sinceWritten, sinceReceived);
        }
        return Math.max(0, Math.min(wait, LONGEST_WAIT_NANOS));
    }

    private long receivedNanos(long sequence) {
        int at = Arrays.binarySearch(sequences, 0, count, sequence);
        int index = at >= 0 ? at : -at - 1;
        return nanos[Math.min(index, count - 1)];
    }
}
