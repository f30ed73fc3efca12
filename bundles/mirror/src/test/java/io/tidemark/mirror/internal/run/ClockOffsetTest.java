package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Clock;
import org.junit.jupiter.api.Test;

/** What is known of a peer's clock while either steps. */
class ClockOffsetTest {
    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1000 * MILLI;
    private static final long HOUR = 3600 * SECOND;

    private static final class Hands implements Clock {
        private long wall;
        private long own;

        private Hands(long wall, long own) {
            this.wall = wall;
            this.own = own;
        }

        @Override
        public long wallNanos() {
            return wall;
        }

        @Override
        public long monotonicNanos() {
            return own;
        }
    }

    private final Hands here = new Hands(10 * HOUR, 5 * SECOND);
    private final Hands there = new Hands(12 * HOUR, 900 * SECOND);
    private final ClockOffset clocks = new ClockOffset(here);
    private final ClockOffset theirs = new ClockOffset(there);

    private void pass(long nanos) {
        here.wall += nanos;
        here.own += nanos;
        there.wall += nanos;
        there.own += nanos;
    }

    /** A message to the peer and its answer, each of which takes half of the round trip. */
    private void round(long tripNanos) {
        var asked = clocks.message();
        pass(tripNanos / 2);
        theirs.received(asked);
        var answer = theirs.message();
        pass(tripNanos / 2);
        clocks.received(answer);
        pass(SECOND);
    }

    private void differs(long wallNanos) {
        ClockOffset.Offset offset = clocks.offset();
        assertTrue(offset.known());
        assertEquals(wallNanos, offset.peerMinusOwnNanos());
        assertEquals(there.wall - here.own, offset.peerMinusMonotonicNanos());
    }

    @Test
    void theDifferenceIsMeasured() {
        assertFalse(clocks.offset().known());
        round(MILLI);
        differs(2 * HOUR);
    }

    /** Though older samples had shorter round trips. */
    @Test
    void aStepOfThePeerCountsAtOnce() {
        round(MILLI);
        there.wall += HOUR;
        round(100 * MILLI);
        differs(3 * HOUR);
        there.wall -= 2 * HOUR;
        round(100 * MILLI);
        differs(HOUR);
    }

    @Test
    void aStepOfTheOwnClockCountsWithoutAnyMessage() {
        round(MILLI);
        here.wall += 5 * HOUR;
        differs(-3 * HOUR);
    }

    /** A machine that was suspended: its monotonic clock stood still. */
    @Test
    void whatOlderSamplesSayIsForgottenWhenItCannotBeTrue() {
        round(MILLI);
        there.own -= 20 * SECOND;
        round(100 * MILLI);
        differs(2 * HOUR);
    }
}
