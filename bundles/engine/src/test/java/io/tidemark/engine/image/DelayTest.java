package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When an event is due, as clocks step and differ. */
class DelayTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long HOUR = 3600 * SECOND;
    private static final long DELAY = 60 * SECOND;

    private final HandClock clock = new HandClock();
    /** The source's wall clock minus the own monotonic one. */
    private long offset = 7 * HOUR;

    private final Delay delay = new Delay(0, clock.monotonicNanos());

    private EventHeader written(long sequence) {
        return written(sequence, clock.monotonic + offset);
    }

    private static EventHeader written(long sequence, long timeNanos) {
        return new EventHeader(new Position(1, sequence), EventKind.FLUSH, 0, timeNanos, 0, 0, 0);
    }

    private void stepSource(long nanos) {
        offset += nanos;
        delay.offset(offset, true, clock.monotonic);
    }

    /** Waits are bounded, so that time has to pass step by step. */
    private void dueIn(long nanos, EventHeader event) {
        long waited = 0;
        long wait = delay.waitNanos(event, DELAY, clock);
        while (wait > 0 && waited <= 10 * DELAY) {
            clock.pass(wait);
            waited += wait;
            wait = delay.waitNanos(event, DELAY, clock);
        }
        assertEquals(nanos, waited);
    }

    /** Written now, received ten seconds later to catch up. */
    private EventHeader caughtUp() {
        delay.writtenBySource(1);
        delay.offset(offset, true, clock.monotonic);
        EventHeader event = written(1);
        clock.pass(10 * SECOND);
        delay.catchUpTo(1);
        delay.received(1, clock.monotonic);
        return event;
    }

    @Test
    void whatIsCaughtUpCountsInTheSourcesTime() {
        dueIn(DELAY - 10 * SECOND, caughtUp());
    }

    @Test
    void aStepOfTheOwnClockDoesNotCount() {
        EventHeader event = caughtUp();
        clock.wall += 2 * HOUR;
        dueIn(DELAY - 10 * SECOND, event);
    }

    @Test
    void aStepForwardAtTheSourceMakesNothingOlder() {
        EventHeader event = caughtUp();
        stepSource(2 * HOUR);
        stepSource(HOUR);
        dueIn(DELAY - 10 * SECOND, event);
    }

    @Test
    void whatWasWrittenBehindTheStepCountsByTheNewTime() {
        caughtUp();
        stepSource(2 * HOUR);
        EventHeader event = written(2);
        clock.pass(20 * SECOND);
        delay.catchUpTo(2);
        delay.received(2, clock.monotonic);
        dueIn(DELAY - 20 * SECOND, event);
    }

    /** The time of an event is never less than that of the one before, so it may be ahead of its clock. */
    @Test
    void twoStepsThatEndWhereTheyBeganMakeNothingOlder() {
        EventHeader before = caughtUp();
        stepSource(-2 * HOUR);
        clock.pass(SECOND);
        delay.catchUpTo(2);
        delay.received(2, clock.monotonic);
        EventHeader event = written(2, before.timeNanos());
        stepSource(2 * HOUR);
        dueIn(DELAY, event);
    }

    @Test
    void aStepBackAtTheSourceDelaysWhatIsCaughtUpNoLongerThanSinceItCame() {
        EventHeader event = caughtUp();
        stepSource(-2 * HOUR);
        dueIn(DELAY, event);
    }

    @Test
    void whileTheOffsetIsUnknownEverythingWaitsSinceItCame() {
        EventHeader event = caughtUp();
        clock.pass(20 * SECOND);
        delay.offset(offset, false, clock.monotonic);
        dueIn(DELAY - 20 * SECOND, event);
    }

    /** In a cascade, and before a promotion: how far the linked node's clock is from that of the writer nobody knows here. */
    @ParameterizedTest
    @ValueSource(longs = {-2 * HOUR, 2 * HOUR})
    void whatAnotherNodeWroteCountsSinceItCame(long ahead) {
        delay.offset(offset + ahead, true, clock.monotonic);
        EventHeader event = written(1);
        clock.pass(10 * SECOND);
        delay.catchUpTo(1);
        delay.received(1, clock.monotonic);
        delay.writtenBySource(2);
        dueIn(DELAY, event);
        EventHeader own = written(2, clock.monotonic + offset + ahead);
        clock.pass(10 * SECOND);
        delay.catchUpTo(2);
        delay.received(2, clock.monotonic);
        dueIn(DELAY - 10 * SECOND, own);
    }

    /** Clocks drift, and no measure is exact. */
    @Test
    void aSmallDifferenceIsNoStep() {
        EventHeader event = caughtUp();
        stepSource(SECOND / 10);
        dueIn(DELAY - 10 * SECOND - SECOND / 10, event);
    }
}
