package io.tidemark.base.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ArenaPayloadPoolTest {
    @Test
    void longPayloadsCanBeWrittenPastThePageCacheFromWhereTheyAre() {
        PayloadPool pool = new ArenaPayloadPool(16 << 20);
        for (int i = 0; i < 5; i++) {
            pool.tryTake(100);
            for (int length : new int[] {64 << 10, 1 << 20, 256 << 10}) {
                assertEquals(0, pool.tryTake(length).buffer().alignmentOffset(0, StorageFile.DIRECT_ALIGNMENT_BYTES));
            }
        }
    }

    @Test
    void payloadsNeverOverlapAndKeepTheirBytes() {
        PayloadPool pool = new ArenaPayloadPool(8 << 20);
        Random random = new Random(1);
        Deque<Payload> live = new ArrayDeque<>();
        Deque<Byte> marks = new ArrayDeque<>();
        for (int i = 0; i < 20_000; i++) {
            int length = 1 + random.nextInt(40_000);
            Payload payload = pool.tryTake(length);
            if (payload == null || live.size() > 100) {
                check(live.remove(), marks.remove());
                if (payload == null) {
                    continue;
                }
            }
            byte mark = (byte) random.nextInt();
            ByteBuffer buffer = payload.buffer();
            assertEquals(length, buffer.remaining());
            while (buffer.hasRemaining()) {
                buffer.put(mark);
            }
            live.add(payload);
            marks.add(mark);
        }
        while (!live.isEmpty()) {
            check(live.remove(), marks.remove());
        }
        assertEquals(0, pool.usedBytes());
    }

    private static void check(Payload payload, byte mark) {
        ByteBuffer buffer = payload.buffer();
        while (buffer.hasRemaining()) {
            assertEquals(mark, buffer.get());
        }
        payload.release();
    }

    @Test
    void theBoundHoldsAndAFreedArenaCallsBack() {
        PayloadPool pool = new ArenaPayloadPool(4 << 20);
        List<Payload> taken = new ArrayList<>();
        for (Payload p = pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES); p != null; ) {
            taken.add(p);
            p = pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES);
        }
        assertEquals(4, taken.size());
        AtomicInteger calls = new AtomicInteger();
        pool.whenFreed(calls::incrementAndGet);
        taken.get(0).release();
        assertEquals(0, calls.get());
        taken.get(1).release();
        assertEquals(1, calls.get());
        assertNotNull(pool.tryTake(1));
    }

    @Test
    void referencesAreCounted() {
        PayloadPool pool = new ArenaPayloadPool(4 << 20);
        Payload payload = pool.tryTake(10);
        payload.retain();
        payload.release();
        payload.release();
        assertThrows(IllegalStateException.class, payload::release);
        assertThrows(IllegalStateException.class, payload::retain);
    }

    @Test
    void whatIsTooLargeIsRefusedAndWhatIsUsedUpIsNull() {
        PayloadPool pool = new ArenaPayloadPool(4 << 20);
        assertThrows(IllegalArgumentException.class, () -> pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES + 1));
        assertThrows(IllegalArgumentException.class, () -> pool.tryTake(0));
        for (int i = 0; i < 4; i++) {
            assertNotNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES));
        }
        assertNull(pool.tryTake(1));
        assertTrue(pool.usedBytes() <= pool.capacityBytes());
    }
}
