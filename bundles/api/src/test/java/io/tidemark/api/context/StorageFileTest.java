package io.tidemark.api.context;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StorageFileTest {
    /** All of them are kept meanwhile, so that memory begins in many places. */
    @Test
    void alignedMemoryIsOfJustItsSizeWhereverItBegins() {
        List<ByteBuffer> kept = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            for (int bytes :
                    new int[] {0, 1, 512, 4095, 4096, 4097, 8191, 8192 + 17, 64 << 10, 256 << 10, (1 << 20) + 5}) {
                ByteBuffer memory = StorageFile.allocateAligned(bytes);
                kept.add(memory);
                kept.add(ByteBuffer.allocateDirect(1 + 37 * i));
                assertTrue(memory.isDirect());
                assertFalse(memory.isReadOnly());
                assertEquals(0, memory.alignmentOffset(0, StorageFile.DIRECT_ALIGNMENT_BYTES), bytes + " bytes");
                assertEquals(0, memory.position());
                assertEquals(bytes, memory.limit());
                assertEquals(bytes, memory.capacity());
                assertEquals(ByteOrder.BIG_ENDIAN, memory.order());
                assertEquals(memory, ByteBuffer.allocate(bytes), "all of it is zeros");
            }
        }
    }

    /** What one of them has is not the other one's. */
    @Test
    void alignedMemoryIsTheCallersOwn() {
        List<ByteBuffer> all = new ArrayList<>();
        for (byte i = 1; i < 20; i++) {
            ByteBuffer memory = StorageFile.allocateAligned(5000);
            while (memory.hasRemaining()) {
                memory.put(i);
            }
            all.add(memory);
        }
        for (int i = 0; i < all.size(); i++) {
            for (int at = 0; at < 5000; at++) {
                assertEquals(i + 1, all.get(i).get(at));
            }
        }
    }

    @Test
    void memoryThatNoBufferCanHaveIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> StorageFile.allocateAligned(-1));
        assertThrows(IllegalArgumentException.class, () -> StorageFile.allocateAligned(Integer.MIN_VALUE));
        assertThrows(IllegalArgumentException.class, () -> StorageFile.allocateAligned(Integer.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> StorageFile.allocateAligned(Integer.MAX_VALUE - 4095));
    }
}
