package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowsTest {
    /** Where memory begins differs from run to run; what is read at once would, too, and so what a simulation does. */
    @Test
    void aWindowIsAlignedAndAsLargeAsItIsSaidToBe() {
        Windows windows = new Windows();
        List<ByteBuffer> kept = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            // Where the next one begins depends on what is allocated in between.
            kept.add(ByteBuffer.allocateDirect(1 + 37 * i));
            check(windows.take(), Windows.BYTES, kept);
            check(windows.larger(3 * Layout.BLOCK - 5), 3 * Layout.BLOCK, kept);
            check(new Windows().zeros(Layout.BLOCK), Layout.BLOCK, kept);
        }
    }

    private static void check(ByteBuffer window, int bytes, List<ByteBuffer> kept) {
        assertEquals(bytes, window.capacity());
        assertEquals(0, window.alignmentOffset(0, StorageFile.DIRECT_ALIGNMENT_BYTES));
        kept.add(window);
    }
}
