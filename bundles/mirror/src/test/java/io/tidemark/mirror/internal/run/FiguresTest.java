package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Clock;
import io.tidemark.api.mirror.MirrorStatus;
import org.junit.jupiter.api.Test;

/** Rates and ages that people are told of. */
class FiguresTest {
    private static final long SECOND = 1_000_000_000L;

    private static final class Hands implements Clock {
        private long now = 17 * SECOND;

        @Override
        public long wallNanos() {
            return now;
        }

        @Override
        public long monotonicNanos() {
            return now;
        }
    }

    @Test
    void aRateIsThatOfTheLastSeconds() {
        Hands clock = new Hands();
        RecentRate rate = new RecentRate(clock);
        assertEquals(0, rate.rate().eventsPerSecond());
        for (int i = 0; i < 200; i++) {
            clock.now += SECOND / 10;
            rate.add(10, 4096);
        }
        MirrorStatus.Rate busy = rate.rate();
        assertTrue(Math.abs(busy.eventsPerSecond() - 100) < 10, busy.toString());
        assertTrue(Math.abs(busy.bytesPerSecond() - 40960) < 4096, busy.toString());
        clock.now += 3 * SECOND;
        assertTrue(rate.rate().eventsPerSecond() < 60, rate.rate().toString());
        clock.now += 10 * SECOND;
        assertEquals(0, rate.rate().eventsPerSecond());
        assertEquals(0, rate.rate().bytesPerSecond());
    }

    @Test
    void catchingUpTakesAsLongAsTheRateSays() {
        MirrorStatus.Rate rate = new MirrorStatus.Rate(50, 0);
        assertEquals(2 * SECOND, RecentRate.catchUpNanos(100, rate));
        assertEquals(0, RecentRate.catchUpNanos(0, rate));
        assertEquals(-1, RecentRate.catchUpNanos(100, MirrorStatus.Rate.NONE));
        assertEquals(-1, RecentRate.catchUpNanos(-1, rate));
    }

    @Test
    void theAgeIsThatOfTheOldestEventThatIsMissing() {
        TimeLine times = new TimeLine();
        assertEquals(0, times.after(0));
        for (int i = 1; i <= 100; i++) {
            times.add(i, i * SECOND / 2);
        }
        long time = times.after(10);
        assertTrue(time <= 11 * SECOND / 2 && time > 9 * SECOND / 2, time + " ns");
        assertEquals(0, new TimeLine().after(3));
        times.after(90);
        assertTrue(times.after(90) > 44 * SECOND, "what is behind is forgotten and the rest is not");
    }

    @Test
    void aLongWayIsKnownLessExactly() {
        TimeLine times = new TimeLine();
        for (int i = 1; i <= 20_000; i++) {
            times.add(i, i * SECOND);
        }
        long time = times.after(10_000);
        assertTrue(time <= 10_001 * SECOND && time > 9_980 * SECOND, time / SECOND + " s");
    }
}
