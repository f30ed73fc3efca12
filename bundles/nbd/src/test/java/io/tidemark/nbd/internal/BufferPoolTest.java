package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    @Test
    void buffersAreMadeUpToTheBoundAndGoRound() {
        BufferPool pool = new BufferPool(512, 2);
        BufferPool.Lease first = pool.tryTake();
        BufferPool.Lease second = pool.tryTake();
        assertNull(pool.tryTake());
        first.buffer().limit(7).position(3);
        first.giveBack();
        assertEquals(1, pool.lent());
        assertSame(first, pool.tryTake());
        assertEquals(512, first.buffer().remaining());
        second.giveBack();
    }

    /** Long writes wait for permits, of which there are as many as buffers: one that counted and is not there would be missed. */
    @Test
    void aBufferThatCouldNotBeHadIsNotCounted() {
        BufferPool pool = new BufferPool(-1, 1);
        for (int i = 0; i < 2; i++) {
            assertThrows(IllegalArgumentException.class, pool::tryTake);
        }
        assertEquals(0, pool.lent());
    }

    /** Whoever borrows and never gives back leaves something, as often as that comes. */
    @Test
    void noBorrowerGetsAll() {
        BufferPool pool = new BufferPool(512, 512);
        int before = 512;
        for (int i = 0; i < 4; i++) {
            BufferPool.Borrower borrower = new BufferPool.Borrower();
            int has = 0;
            BufferPool.Lease last = null;
            for (BufferPool.Lease next = pool.tryTake(borrower); next != null; next = pool.tryTake(borrower)) {
                last = next;
                has++;
            }
            assertEquals(before * 3 / 4.0, has, 1, "of " + before);
            last.giveBack();
            assertSame(last, pool.tryTake(borrower), "what came back counts no more");
            assertNull(pool.tryTake(borrower));
            before -= has;
        }
    }

    /** The process is short of memory: whoever wants a buffer does without, as where all are lent. */
    @Test
    void memoryThatCannotBeHadIsAsIfAllWereLent() {
        boolean[] isShort = {false};
        int[] attempts = {0};
        long[] nanos = {0};
        BufferPool pool = new BufferPool(
                512,
                2,
                bytes -> {
                    attempts[0]++;
                    if (isShort[0]) {
                        throw new OutOfMemoryError("on purpose");
                    }
                    return ByteBuffer.allocateDirect(bytes);
                },
                () -> nanos[0]);
        BufferPool.Lease first = pool.tryTake();
        isShort[0] = true;
        for (int i = 0; i < 5; i++) {
            assertNull(pool.tryTake());
            assertNull(pool.tryTake(new BufferPool.Borrower()));
        }
        assertEquals(2, attempts[0], "an attempt in vain is expensive");
        assertEquals(1, pool.lent());
        first.giveBack();
        assertSame(first, pool.tryTake());
        isShort[0] = false;
        nanos[0] = BufferPool.TRY_AGAIN_NANOS;
        assertNotNull(pool.tryTake());
        assertNull(pool.tryTake());
    }
}
