package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.base.machine.MachineContext;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class BodyReadsTest {
    @Test
    void aReadThatFindsNoMemoryKeepsNoSegment() {
        Windows windows = new Windows(bytes -> {
            throw new OutOfMemoryError("on purpose");
        });
        SegmentTable table = new SegmentTable(
                "disk", 1 << 20, new MachineContext(8L << 20).workers().newGate(), windows);
        SegmentIdentity identity = SegmentIdentity.of(new UUID(7, 7), new UUID(8, 8), 1, 1 << 20, 1, 0, 1);
        Segment segment = new Segment(identity, Path.of("segment"), null);
        table.startAt(List.of(segment), null, 2, 1, 0);
        BodyReads reads = new BodyReads(table, FlashSteps.NORMAL);
        assertThrows(OutOfMemoryError.class, () -> reads.read(1L << 32, 0, ByteBuffer.allocate(1)));
        assertFalse(segment.pinned());
        // Nor does one that only tells the machine what will be read.
        assertThrows(RuntimeException.class, () -> reads.start(1L << 32, 1));
        assertFalse(segment.pinned());
    }
}
