package io.tidemark.mirror.internal.fork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChangedPartsTest {
    @Test
    void whatTouchesIsOnePart() {
        ChangedParts parts = new ChangedParts();
        assertEquals(0, parts.count());
        assertEquals(0, parts.bytes());
        parts.add(4096, 512);
        parts.add(8192, 512);
        parts.add(0, 0);
        assertEquals(2, parts.count());
        parts.add(4608, 3584);
        assertEquals(1, parts.count());
        assertEquals(4608, parts.bytes());
        assertTrue(parts.isExact());
    }

    @Test
    void manyPartsAreCountedAsSectorBySector() {
        Random random = new Random(7);
        ChangedParts parts = new ChangedParts();
        BitSet sectors = new BitSet();
        for (int i = 0; i < 200_000; i++) {
            int first = random.nextInt(1 << 20);
            int count = 1 + random.nextInt(6);
            sectors.set(first, first + count);
            parts.add(512L * first, 512L * count);
        }
        long expected = 0;
        for (int at = sectors.nextSetBit(0); at >= 0; at = sectors.nextSetBit(sectors.nextClearBit(at))) {
            expected++;
        }
        assertEquals(expected, parts.count());
        assertEquals(512L * sectors.cardinality(), parts.bytes());
        assertTrue(parts.isExact());
    }

    @Test
    void tooManyPartsAreTakenTogetherWhereTheyAreClose() {
        ChangedParts parts = new ChangedParts(100);
        for (long i = 0; i < 150; i++) {
            parts.add(i * 8192, 4096);
        }
        parts.add(1L << 40, 4096);
        assertEquals(2, parts.count());
        assertEquals(149 * 8192 + 4096 + 4096, parts.bytes());
        assertFalse(parts.isExact());
        parts.add(2L << 40, 4096);
        assertEquals(3, parts.count());
    }
}
