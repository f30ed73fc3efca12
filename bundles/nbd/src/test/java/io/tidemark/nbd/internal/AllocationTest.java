package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AllocationTest {
    private static List<String> extents(Allocation allocation) {
        ByteBuffer out = ByteBuffer.allocate(Allocation.maxReplyBytes());
        int count = allocation.extents();
        allocation.put(out);
        out.flip();
        List<String> found = new ArrayList<>();
        while (out.hasRemaining()) {
            found.add(Integer.toUnsignedString(out.getInt()) + (out.getInt() == 0 ? " data" : " hole"));
        }
        assertEquals(count, found.size());
        return found;
    }

    @Test
    void neighboursOfTheSameKindAreMerged() {
        Allocation allocation = new Allocation(0, 8192, false);
        allocation.extent(0, 1024, true);
        allocation.extent(1024, 1024, true);
        allocation.extent(2048, 6144, false);
        assertEquals(List.of("2048 data", "6144 hole"), extents(allocation));
    }

    @Test
    void dataIsRoundedToSectorsOutward() {
        Allocation allocation = new Allocation(0, 4096, false);
        allocation.extent(0, 1000, false);
        allocation.extent(1000, 50, true);
        allocation.extent(1050, 30, false);
        allocation.extent(1080, 1, true);
        allocation.extent(1081, 3015, false);
        assertEquals(List.of("512 hole", "1024 data", "2560 hole"), extents(allocation));
    }

    @Test
    void whatNobodyToldIsData() {
        assertEquals(List.of("4294967295 data"), extents(new Allocation(7, (1L << 32) - 1, false)));
    }

    @Test
    void aHoleOfNearlyFourGigabytesFits() {
        Allocation allocation = new Allocation(512, (1L << 32) - 1, false);
        allocation.extent(512, (1L << 32) - 1, false);
        assertEquals(List.of("4294967295 hole"), extents(allocation));
    }

    @Test
    void oneMeansOne() {
        Allocation allocation = new Allocation(0, 4096, true);
        assertTrue(allocation.extent(0, 512, false));
        assertTrue(allocation.extent(512, 512, false));
        assertEquals(false, allocation.extent(1024, 512, true));
        assertEquals(List.of("1024 hole"), extents(allocation));
    }

    @Test
    void aReplyIsBounded() {
        Allocation allocation = new Allocation(0, 1L << 31, false);
        long at = 0;
        while (allocation.extent(at, 512, at % 1024 == 0)) {
            at += 512;
        }
        assertEquals(Allocation.MAX_EXTENTS, extents(allocation).size());
    }

    /** Whatever the device tells, no byte of data is called a hole, and the extents lie in the request without gaps. */
    @Test
    void dataIsNeverCalledAHole() {
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            int start = random.nextInt(3000);
            int length = 1 + random.nextInt(20_000);
            boolean[] data = new boolean[start + length];
            Allocation allocation = new Allocation(start, length, random.nextInt(4) == 0);
            int at = start;
            boolean more = true;
            while (at < start + length && more) {
                int some = Math.min(1 + random.nextInt(1500), start + length - at);
                boolean isData = random.nextBoolean();
                java.util.Arrays.fill(data, at, at + some, isData);
                more = allocation.extent(at, some, isData);
                at += some;
            }
            int reached = start;
            for (String extent : extents(allocation)) {
                int end = reached + Integer.parseInt(extent.split(" ")[0]);
                assertTrue(end > reached && end <= start + length, "seed " + seed);
                for (int i = reached; extent.endsWith("hole") && i < end; i++) {
                    assertEquals(false, data[i], "seed " + seed + ": byte " + i);
                }
                reached = end;
            }
        }
    }
}
