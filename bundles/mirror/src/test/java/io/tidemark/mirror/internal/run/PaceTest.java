package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long SLACK_NANOS = 2;

    private static void near(long expected, long actual) {
        assertTrue(Math.abs(expected - actual) <= SLACK_NANOS, () -> actual + " and not " + expected);
    }

    @Test
    void bytesWaitForThoseBeforeThem() {
        Pace pace = new Pace(5);
        assertEquals(0, pace.waitNanos(1000, 5));
        pace.sent(500);
        near(SECOND / 2, pace.waitNanos(1000, 5));
        near(SECOND / 4, pace.waitNanos(1000, 5 + SECOND / 4));
        assertEquals(0, pace.waitNanos(1000, 5 + SECOND / 2));
    }

    @Test
    void aNewRateCountsForWhatIsWaitedForAlready() {
        Pace pace = new Pace(0);
        pace.sent(1000);
        near(100 * SECOND, pace.waitNanos(10, 0));
        near(5 * SECOND, pace.waitNanos(100, 50 * SECOND));
        near(25 * SECOND, pace.waitNanos(10, 50 * SECOND + SECOND * 5 / 2));
        assertEquals(0, pace.waitNanos(0, 53 * SECOND), "no bound");
        pace.sent(1 << 20);
        assertEquals(0, pace.waitNanos(0, 53 * SECOND));
        near(0, pace.waitNanos(10, 53 * SECOND));
    }

    @Test
    void aLongPauseIsNotMadeUpFor() {
        Pace pace = new Pace(0);
        pace.waitNanos(1000, 0);
        assertEquals(0, pace.waitNanos(1000, 3600 * SECOND));
        pace.sent(250);
        assertEquals(0, pace.waitNanos(1000, 3600 * SECOND));
        pace.sent(1000);
        near(SECOND, pace.waitNanos(1000, 3600 * SECOND));
    }

    @Test
    void notesAreDueByWorkAndByTimeAndNotForNothing() {
        CopyNotes notes = new CopyNotes();
        notes.noted(100, 7);
        notes.worked(CopyNotes.BYTES);
        assertFalse(notes.due(100, 7 + CopyNotes.NANOS), "it is no further");
        assertTrue(notes.due(101, 7));
        notes.noted(101, 8);
        assertFalse(notes.due(1L << 40, 7 + CopyNotes.NANOS), "there were no bytes");
        notes.worked(CopyNotes.BYTES - 1);
        assertFalse(notes.due(1L << 40, 7 + CopyNotes.NANOS));
        assertTrue(notes.due(1L << 40, 8 + CopyNotes.NANOS));
        assertFalse(notes.due(101, 8 + CopyNotes.NANOS));
    }
}
