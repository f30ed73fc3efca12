package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TimeLineTest {
    private static final long SECOND = 1_000_000_000L;

    private final TimeLine times = new TimeLine();

    @Test
    void oneTimeIsKeptForAboutEachSecond() {
        for (int i = 1; i <= 40; i++) {
            times.add(i, i * SECOND / 10);
        }
        assertEquals(SECOND / 10, times.at(0));
        assertEquals(SECOND / 10, times.at(5));
        assertEquals(11 * SECOND / 10, times.at(15));
        assertEquals(31 * SECOND / 10, times.at(40));
    }

    @Test
    void lookingForgetsNothingAndPassingDoes() {
        times.add(1, SECOND);
        times.add(10, 5 * SECOND);
        times.add(20, 9 * SECOND);
        assertEquals(9 * SECOND, times.at(25));
        assertEquals(SECOND, times.at(3));
        assertEquals(5 * SECOND, times.after(12));
        assertEquals(0, times.at(3), "what was passed is forgotten");
        assertEquals(5 * SECOND, times.at(12));
        times.clear();
        assertEquals(0, times.at(12));
        assertEquals(0, times.after(12));
    }

    @Test
    void aLongWayIsKnownLessExactlyWithinTheSameRoom() {
        long events = 10_000;
        for (long i = 1; i <= events; i++) {
            times.add(i, i * SECOND);
        }
        long time = times.at(events / 2);
        assertTrue(time <= (events / 2 + 1) * SECOND && time > (events / 2 - 8) * SECOND, "time: " + time);
    }
}
