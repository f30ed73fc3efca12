package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchBuffersTest {
    @Test
    void furtherOnesAreBoundedAndComeBack() {
        BatchBuffers buffers = new BatchBuffers(4096);
        ByteBuffer last = null;
        for (int i = 0; i < 4; i++) {
            last = buffers.takeFurther();
            assertNotNull(last);
        }
        assertNull(buffers.takeFurther());
        buffers.give(List.of(last), 1);
        assertNotNull(buffers.takeFurther());
    }

    /** No journal of the pool would ever get it. */
    @Test
    void oneThatCouldNotBeHadIsNotCounted() {
        BatchBuffers buffers = new BatchBuffers(Integer.MAX_VALUE);
        for (int i = 0; i < 5; i++) {
            assertThrows(IllegalArgumentException.class, buffers::takeFurther);
        }
    }
}
