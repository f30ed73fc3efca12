package io.tidemark.nbd.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceShareTest {
    /** It ended the connection, and the buffer that it would have filled was lost. */
    @Test
    void whereThereIsNoThreadForAReadItsCallerReads() {
        DeviceShare share = new DeviceShare(2, task -> {
            throw new OutOfMemoryError("on purpose: unable to create native thread");
        });
        List<Thread> readers = new ArrayList<>();
        share.read(() -> readers.add(Thread.currentThread()));
        assertEquals(1, readers.size());
        assertSame(Thread.currentThread(), readers.get(0));
    }
}
