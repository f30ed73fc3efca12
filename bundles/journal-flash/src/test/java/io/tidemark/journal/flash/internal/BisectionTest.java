package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BisectionTest {
    @Test
    void theLastOfEqualOnesIsFoundAndNoneBelowAll() {
        long[] keys = {3, 5, 5, 5, 9};
        int[] expected = {-1, -1, -1, 0, 0, 3, 3, 3, 3, 4, 4};
        for (int key = 0; key < expected.length; key++) {
            assertEquals(expected[key], Bisection.lastAtMost(keys.length, i -> keys[i], key), "key " + key);
        }
        assertEquals(-1, Bisection.lastAtMost(0, i -> 0, 7));
    }

    @Test
    void ofAMillionTwentyOneAreLookedAt() {
        int count = 1 << 20;
        for (int key : new int[] {-1, 0, 1, 4711, count / 2, count - 1, count}) {
            AtomicInteger looks = new AtomicInteger();
            int found = Bisection.lastAtMost(
                    count,
                    i -> {
                        looks.incrementAndGet();
                        return i;
                    },
                    key);
            assertEquals(Math.min(key, count - 1), found);
            assertTrue(looks.get() <= 21, "looked at " + looks + " for " + key);
        }
    }
}
