package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ReadPaceTest {
    private final ReadPace pace = new ReadPace();

    private int readsUntil(boolean slow, long nanos, int bytes) {
        for (int i = 1; i <= 1000; i++) {
            pace.took(nanos, bytes);
            if (pace.slow() == slow) {
                return i;
            }
        }
        return -1;
    }

    @Test
    void aDiskIsNoticedWithinAFewReadsAndSoIsItsCache() {
        assertFalse(pace.slow());
        assertTrue(readsUntil(true, 150_000, 4096) <= 16);
        assertTrue(readsUntil(false, 3_000, 4096) <= 32);
    }

    /** A thread that loses the processor in every eighth read does not turn memory into a disk. */
    @Test
    void aBusyMachineIsNoDisk() {
        for (int i = 0; i < 10_000; i++) {
            pace.took(i % 8 == 0 ? 5_000_000 : 2_000, 4096);
            assertFalse(pace.slow());
        }
    }

    @Test
    void copyingMuchIsNotSlow() {
        assertEquals(-1, readsUntil(true, 180_000, 1 << 20));
        assertTrue(readsUntil(true, 2_000_000, 1 << 20) > 0);
    }
}
