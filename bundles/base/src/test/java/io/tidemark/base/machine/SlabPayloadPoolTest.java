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
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

class SlabPayloadPoolTest {
    /** Each slot of a slab, and what falls short of it: whoever lends memory to a write past the cache relies on it. */
    @Test
    void payloadsFrom8KiBOnCanBeWrittenPastThePageCacheFromWhereTheyAre() {
        PayloadPool pool = new SlabPayloadPool(16 << 20);
        for (int length = 8 << 10; length <= PayloadPool.MAX_PAYLOAD_BYTES; length += length / 8) {
            List<Payload> taken = new ArrayList<>();
            // Among others, which are smaller than what can be written so.
            pool.tryTake(100);
            for (int bytes = 0; bytes < 3 << 20; bytes += length) {
                Payload payload = pool.tryTake(length);
                taken.add(payload);
                assertEquals(
                        0,
                        payload.buffer().alignmentOffset(0, StorageFile.DIRECT_ALIGNMENT_BYTES),
                        "number " + taken.size() + " of " + length + " bytes");
            }
            taken.forEach(Payload::release);
        }
    }

    /** Memory that the process may be short of, and a clock. */
    private static final class Machine implements IntFunction<ByteBuffer> {
        boolean isShort;
        int attempts;
        long nanos;

        @Override
        public ByteBuffer apply(int bytes) {
            attempts++;
            if (isShort) {
                throw new OutOfMemoryError("on purpose");
            }
            return ByteBuffer.allocateDirect(bytes);
        }
    }

    /** The process is short of memory for a while: nothing is counted that is not there, and nobody hears of it but as of a bound. */
    @Test
    void memoryThatCannotBeHadIsAsIfAllWereTaken() {
        Machine machine = new Machine();
        PayloadPool pool = new SlabPayloadPool(4 << 20, machine, () -> machine.nanos);
        machine.isShort = true;
        Payload first = pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES);
        assertNotNull(first, "there is always a slab");
        assertNotNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES));
        for (int i = 0; i < 5; i++) {
            assertNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES));
        }
        assertEquals(2, machine.attempts, "an attempt in vain is expensive");
        AtomicInteger woken = new AtomicInteger();
        pool.whenFreed(woken::incrementAndGet);
        assertEquals(0, woken.get(), "nothing is free");
        first.release();
        assertEquals(1, woken.get());
        assertNotNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES));
        assertNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES));

        machine.isShort = false;
        machine.nanos += SlabPayloadPool.TRY_AGAIN_NANOS - 1;
        assertNull(pool.tryTake(1));
        machine.nanos++;
        pool.whenFreed(woken::incrementAndGet);
        assertEquals(2, woken.get(), "there may be some now");
        for (int i = 0; i < 2; i++) {
            assertNotNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES));
        }
        assertNull(pool.tryTake(1));
    }

    @Test
    void payloadsNeverOverlapAndKeepTheirBytes() {
        PayloadPool pool = new SlabPayloadPool(8 << 20);
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
    void theBoundHoldsAndWhatIsFreedCallsBack() {
        PayloadPool pool = new SlabPayloadPool(4 << 20);
        List<Payload> taken = new ArrayList<>();
        for (Payload p = pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES); p != null; ) {
            taken.add(p);
            p = pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES);
        }
        assertEquals(4, taken.size());
        AtomicInteger calls = new AtomicInteger();
        pool.whenFreed(calls::incrementAndGet);
        taken.get(0).release();
        assertEquals(1, calls.get());
        assertNull(pool.tryTake(1), "the slab is still cut for long payloads");
        assertNotNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES));
        taken.get(2).release();
        taken.get(3).release();
        assertNotNull(pool.tryTake(1));
    }

    @Test
    void whatDiesInAnyOrderIsUsedAgain() {
        PayloadPool pool = new SlabPayloadPool(4 << 20);
        Random random = new Random(2);
        List<Payload> live = new ArrayList<>();
        for (Payload p = pool.tryTake(4096); p != null; p = pool.tryTake(4096)) {
            live.add(p);
        }
        assertEquals((4 << 20) / 4096, live.size());
        for (int i = 0; i < 10_000; i++) {
            live.remove(random.nextInt(live.size())).release();
            live.add(assertNotNullPayload(pool.tryTake(4000 + random.nextInt(97))));
        }
        live.forEach(Payload::release);
        for (int i = 0; i < 4; i++) {
            assertNotNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES), "free slabs serve any size");
        }
    }

    private static Payload assertNotNullPayload(Payload payload) {
        assertNotNull(payload);
        return payload;
    }

    @Test
    void referencesAreCounted() {
        PayloadPool pool = new SlabPayloadPool(4 << 20);
        Payload payload = pool.tryTake(10);
        payload.retain();
        payload.release();
        payload.release();
        assertThrows(IllegalStateException.class, payload::release);
        assertThrows(IllegalStateException.class, payload::retain);
    }

    @Test
    void whatIsTooLargeIsRefusedAndWhatIsUsedUpIsNull() {
        PayloadPool pool = new SlabPayloadPool(4 << 20);
        assertThrows(IllegalArgumentException.class, () -> pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES + 1));
        assertThrows(IllegalArgumentException.class, () -> pool.tryTake(0));
        for (int i = 0; i < 4; i++) {
            assertNotNull(pool.tryTake(PayloadPool.MAX_PAYLOAD_BYTES));
        }
        assertNull(pool.tryTake(1));
        assertTrue(pool.usedBytes() <= pool.capacityBytes());
    }
}
