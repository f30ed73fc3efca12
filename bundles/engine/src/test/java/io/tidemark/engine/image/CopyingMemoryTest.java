package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.replica.Consistency;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Long bytes of a copy take payload memory while they are written, whatever becomes of that, and do without where there is none. */
class CopyingMemoryTest {
    private static final int LENGTH = 256 << 10;

    private static ByteBuffer bytes(int value) {
        ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
        while (bytes.hasRemaining()) {
            bytes.put((byte) value);
        }
        return bytes.flip();
    }

    private static void fails(ReplicaRig rig, Reason reason) {
        assertSame(
                reason,
                assertThrows(StorageException.class, () -> rig.replica.copy(0, bytes(9)))
                        .reason());
        assertEquals(0, rig.context.payloads().usedBytes(), () -> "after " + reason);
    }

    @Test
    void aCopyGivesItsMemoryBackWithEachWrite() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            PayloadPool pool = rig.context.payloads();
            long[] used = new long[1];
            rig.image.beforeWrite = () -> used[0] = Math.max(used[0], pool.usedBytes());
            for (int i = 0; i < ReplicaRig.SIZE / LENGTH; i++) {
                rig.replica.copy((long) i * LENGTH, bytes(i));
                assertEquals(0, pool.usedBytes());
            }
            assertEquals(LENGTH, used[0], "one write at a time");
            rig.replica.copied(ReplicaRig.SIZE);
            rig.replica.endBootstrap(new Position(1, 5));
            rig.awaitHead(5);
            // It follows from now on, and has what it had before.
            assertSame(Consistency.CONSISTENT, rig.consistency());
            assertEquals(0, pool.usedBytes());
            assertSame(
                    Reason.INVALID,
                    assertThrows(StorageException.class, () -> rig.replica.copy(0, bytes(1)))
                            .reason());
            assertEquals(0, pool.usedBytes());
        }
    }

    @Test
    void aCopyThatFailsGivesItsMemoryBack() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            rig.image.full = true;
            fails(rig, Reason.NO_SPACE);
            rig.image.full = false;
            rig.replica.close();
            fails(rig, Reason.CLOSED);
            rig.replica = rig.engine.receive();
            rig.image.failNextWrite = true;
            fails(rig, Reason.IO);
            fails(rig, Reason.UNAVAILABLE);
        }
    }

    @Test
    void whereAllMemoryIsInUseItIsCopiedAllTheSame() throws Exception {
        try (ReplicaRig rig = ReplicaRig.copying(5).start()) {
            PayloadPool pool = rig.context.payloads();
            List<Payload> all = new ArrayList<>();
            for (Payload one = pool.tryTake(LENGTH); one != null; one = pool.tryTake(LENGTH)) {
                all.add(one);
            }
            long before = pool.usedBytes();
            rig.image.aligned.clear();
            rig.replica.copy(0, bytes(7));
            assertEquals(List.of(false), rig.image.aligned);
            assertEquals(before, pool.usedBytes());
            assertFalse(all.isEmpty());
            all.forEach(Payload::release);
            rig.replica.copy(LENGTH, bytes(7));
            assertTrue(rig.image.aligned.get(1));
        }
    }
}
