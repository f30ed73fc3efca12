package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TokenBucketTest {
    private static final long SECOND = 1_000_000_000L;

    /** What goes in a time, for somebody who always wants and waits as he is told. */
    private static long taken(TokenBucket bucket, long from, long to) {
        long taken = 0;
        long now = from;
        while (now < to) {
            int some = bucket.take(100_000, now);
            taken += some;
            now += some == 0 ? Math.max(1, bucket.waitNanos()) : 1000;
        }
        return taken;
    }

    @Test
    void keepsTheRateAndTakesAnother() {
        TokenBucket bucket = new TokenBucket(1_000_000, 0);
        long first = taken(bucket, 0, 10 * SECOND);
        assertTrue(first > 9_900_000 && first < 10_200_000, first + " bytes");
        bucket.rate(100_000, 10 * SECOND);
        long second = taken(bucket, 10 * SECOND, 20 * SECOND);
        assertTrue(second > 980_000 && second < 1_020_000, second + " bytes");
        bucket.rate(0, 20 * SECOND);
        assertEquals(1 << 30, bucket.take(1 << 30, 20 * SECOND));
        assertEquals(0, bucket.waitNanos());
    }

    @Test
    void aLongPauseIsNotMadeUpFor() {
        TokenBucket bucket = new TokenBucket(1_000_000, 0);
        long taken = taken(bucket, 3600 * SECOND, 3601 * SECOND);
        assertTrue(taken < 1_100_000, taken + " bytes");
    }

    @Test
    void theSlowestRateGetsThrough() {
        TokenBucket bucket = new TokenBucket(1024, 0);
        long taken = taken(bucket, 0, 100 * SECOND);
        assertTrue(taken >= 95_000 && taken < 110_000, taken + " bytes");
        assertTrue(bucket.take(10, 200 * SECOND) == 10, "little goes as soon as it is there");
    }
}
