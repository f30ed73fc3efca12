package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ExtentMapTest {
    private static final int SIZE = 1 << 16;

    /** Which event and which of its bytes is at each offset; 0 where nothing is. */
    private final long[] sequences = new long[SIZE];

    private final long[] places = new long[SIZE];
    private final int[] bodies = new int[SIZE];
    private final ExtentMap map = new ExtentMap();

    private void put(int offset, int length, long sequence, long place, int body) {
        map.put(offset, length, sequence, place, body);
        for (int i = 0; i < length; i++) {
            sequences[offset + i] = sequence;
            places[offset + i] = place;
            bodies[offset + i] = place < 0 ? 0 : body + i;
        }
    }

    private void compare(int from, int to) {
        Pieces pieces = new Pieces();
        map.slice(from, to, pieces);
        int at = from;
        for (int p = 0; p < pieces.count(); p++) {
            for (; at < pieces.offset(p); at++) {
                assertEquals(0, sequences[at], "lacks " + at);
            }
            for (int i = 0; i < pieces.length(p); i++, at++) {
                assertEquals(sequences[at], pieces.sequence(p), "event at " + at);
                assertEquals(places[at], pieces.place(p), "place at " + at);
                if (pieces.place(p) >= 0) {
                    assertEquals(bodies[at], pieces.body(p) + i, "byte at " + at);
                }
            }
        }
        for (; at < to; at++) {
            assertEquals(0, sequences[at], "lacks " + at);
        }
    }

    @Test
    void holdsWhatAModelOfBytesHolds() {
        for (int seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            map.clear();
            java.util.Arrays.fill(sequences, 0);
            int maxLength = new int[] {4, 16, 64, 700, SIZE}[seed % 5];
            for (int step = 1; step <= 20_000; step++) {
                int offset = random.nextInt(SIZE);
                int length = 1 + random.nextInt(Math.min(maxLength, SIZE - offset));
                if (random.nextInt(1000) == 0) {
                    length = SIZE - offset;
                }
                long place = random.nextInt(8) == 0 ? ExtentMap.PLACE_DISCARD : step * 10L;
                put(offset, length, step, place, random.nextInt(1000));
                if (step % 500 == 0) {
                    map.check(0, step);
                    int from = random.nextInt(SIZE);
                    compare(from, from + random.nextInt(SIZE - from));
                }
            }
            map.check(0, Long.MAX_VALUE);
            compare(0, SIZE);
        }
    }

    @Test
    void writesOfTheSameBoundsFoldInPlace() {
        for (int round = 1; round <= 10; round++) {
            for (int block = 0; block < 4096; block++) {
                map.put(block * 4096L, 4096, round * 4096L + block, 1, 30);
            }
        }
        assertEquals(4096, map.size());
        map.check(10 * 4096 - 1, 11 * 4096);
    }

    @Test
    void tellsWhichEventAPutReplacedWhole() {
        map.put(0, 4096, 1, 10, 30);
        assertEquals(0, map.replaced());
        map.put(4096, 4096, 2, 20, 30);
        assertEquals(0, map.replaced());
        map.put(0, 4096, 3, 30, 30);
        assertEquals(1, map.replaced());
        assertEquals(30, map.replacedBody());
        map.put(0, 8192, 4, 40, 30);
        assertEquals(0, map.replaced(), "a longer one replaces, but not one of the same bounds");
        map.put(1024, 1024, 5, 50, 30);
        assertEquals(0, map.replaced());
        map.put(2048, 6144, 6, 60, 30);
        assertEquals(4, map.replaced());
        assertEquals(30 + 2048, map.replacedBody(), "a part of that event is elsewhere in the map");
    }

    @Test
    void oneDiscardReplacesHundredsOfThousandsOfExtents() {
        for (long block = 0; block < 300_000; block++) {
            map.put(block * 8192, 4096, block + 1, block, 30);
        }
        map.put(0, 300_000L * 8192, 1_000_000, ExtentMap.PLACE_DISCARD, 0);
        map.check(999_999, 1_000_000);
        assertTrue(map.size() <= 3, "a few pieces are left, not " + map.size());
    }

    @Test
    void aDiscardLongerThanAnIntegerCountsIsSplitAndCutRight() {
        long length = 3L << 30;
        long middle = (2L << 30) + 4096;
        map.put(512, length, 1, ExtentMap.PLACE_DISCARD, 0);
        map.put(middle, 4096, 2, 10, 30);
        map.check(0, 2);
        Pieces pieces = new Pieces();
        map.slice(0, length + 1024, pieces);
        long at = 512;
        for (int p = 0; p < pieces.count(); p++) {
            assertEquals(at, pieces.offset(p));
            boolean written = at == middle;
            assertEquals(written ? 2 : 1, pieces.sequence(p), "event at " + at);
            assertEquals(written ? 10 : ExtentMap.PLACE_DISCARD, pieces.place(p), "place at " + at);
            assertTrue(pieces.length(p) > 0, "length at " + at);
            at += pieces.length(p);
        }
        assertEquals(512 + length, at);
    }

    @Test
    void cursorSeesAllInOrder() {
        Random random = new Random(5);
        for (int i = 1; i < 5000; i++) {
            put(random.nextInt(SIZE - 16), 1 + random.nextInt(16), i, i, 0);
        }
        ExtentMap.Cursor cursor = map.cursor();
        long last = -1;
        int seen = 0;
        while (cursor.next()) {
            assertTrue(cursor.offset() >= last);
            assertEquals(sequences[(int) cursor.offset()], cursor.sequence());
            last = cursor.offset() + cursor.length();
            seen++;
        }
        assertEquals(map.size(), seen);
    }
}
