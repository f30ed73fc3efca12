package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.transport.Link;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameMemoryTest {
    private final FrameMemory memory = new FrameMemory();

    @Test
    void eachLengthHasRoom() {
        for (int length = 0; length <= Wire.MAX_FRAME_BYTES; length += 4099) {
            Content content = memory.take(length);
            assertEquals(length, content.length());
            assertTrue(content.bytes().length >= length, length + " bytes");
            assertTrue(content.bytes().length <= 2 * length, length + " bytes");
            memory.give(content);
        }
        for (int length = FrameMemory.LEAST_BYTES; length <= 1 << 20; length *= 2) {
            for (int around = 0; around <= 8192; around += 1024) {
                Content content = memory.take(length + around);
                int room = content.bytes().length;
                assertTrue(room >= length + around, length + " and " + around + " bytes");
                assertEquals(around <= 4096, room <= length + 4096, "a payload with little around it has little more");
            }
        }
        assertEquals(Wire.MAX_FRAME_BYTES, memory.take(Wire.MAX_FRAME_BYTES).bytes().length);
    }

    @Test
    void longOnesAreUsedAgainAndNeverByTwo() {
        Content first = memory.take(1_000_000);
        assertNotSame(first.bytes(), memory.take(1_000_000).bytes());
        memory.give(first);
        assertSame(first.bytes(), memory.take(800_000).bytes(), "of another length, in the same memory");
        assertNotSame(first.bytes(), memory.take(800_000).bytes());
    }

    @Test
    void whatIsNotItsOwnIsNotKept() {
        memory.give(Content.of(new byte[FrameMemory.LEAST_BYTES + 1]));
        memory.give(Content.of(new byte[100]));
        memory.give(Content.of(new byte[2 * Wire.MAX_FRAME_BYTES]));
        assertEquals(0, memory.keptBytes());
    }

    @Test
    void keepsNoMoreThanItsBound() {
        List<Content> taken = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            taken.add(memory.take(1 << 20));
        }
        taken.forEach(memory::give);
        assertTrue(memory.keptBytes() <= FrameMemory.MOST_KEPT_BYTES, memory.keptBytes() + " bytes");
        assertTrue(memory.keptBytes() > FrameMemory.MOST_KEPT_BYTES - 2 * Wire.MAX_FRAME_BYTES);
    }

    /** Released, or kept and done with; once, and not before. */
    @Test
    void aFrameGivesItsMemoryBackOnce() throws Exception {
        ReceiveSide side = new ReceiveSide(8 << 20, memory, () -> {});
        Link.Frame released = frame(side);
        assertThrows(IllegalStateException.class, released::done);
        released.release();
        assertThrows(IllegalStateException.class, released::release);
        assertThrows(IllegalStateException.class, released::done);
        long one = memory.keptBytes();
        assertTrue(one >= 100_000, one + " bytes");
        Link.Frame kept = frame(side);
        ByteBuffer bytes = kept.keep();
        assertEquals(0, memory.keptBytes());
        assertEquals(100_000, bytes.remaining());
        assertEquals(0, side.heldBytes(), "it counts for the peer no more");
        assertThrows(IllegalStateException.class, kept::release);
        assertThrows(IllegalStateException.class, kept::content);
        kept.done();
        assertThrows(IllegalStateException.class, kept::done);
        assertEquals(one, memory.keptBytes());
    }

    private Link.Frame frame(ReceiveSide side) throws Violation {
        side.admit(100_000);
        side.add(memory.take(100_000));
        return side.poll();
    }
}
