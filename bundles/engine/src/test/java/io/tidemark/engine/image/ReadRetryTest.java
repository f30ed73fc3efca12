package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

class ReadRetryTest {
    /** The store goes away when part of the range has been looked at: the second attempt reads all of it again. */
    @Test
    void aReadThatIsTriedAgainFillsAllOfItsBuffer() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 8192, 1).succeeded();
            rig.engine.checkpoint();
            rig.write(1024, 512, 2).succeeded();
            rig.image.goAway();
            ByteBuffer buffer = ByteBuffer.allocateDirect(8192);
            Thread reader = new Thread(() -> {
                try {
                    rig.session.read(0, buffer);
                } catch (StorageException e) {
                    throw new AssertionError(e);
                }
            });
            reader.start();
            Rig.eventually(() -> rig.engine.state() == State.SUSPENDED, "suspended");
            rig.engine.suspend("no image store for pool files");
            rig.image = rig.image.reopened();
            rig.journal = rig.journal.reopened(0);
            rig.engine.resume(rig.journal, rig.image);
            reader.join();
            assertEquals(8192, buffer.position());
            assertEquals(8192, buffer.limit());
            assertEquals(1, buffer.get(1023));
            assertEquals(2, buffer.get(1024));
            assertEquals(1, buffer.get(8191));
        }
    }

    /** Whoever reads for others that wait meanwhile. */
    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aReaderThatDoesNotWaitIsToldThatTheImageIsSuspended() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 8192, 1).succeeded();
            rig.engine.checkpoint();
            ByteBuffer buffer = ByteBuffer.allocateDirect(8192);
            try (DeviceSession copier = rig.engine.connect("copier", new Hasty())) {
                copier.read(0, buffer);
                rig.image.goAway();
                refused(() -> copier.read(0, buffer.clear()));
                rig.engine.suspend("no image store for pool files");
                refused(() -> copier.read(0, buffer.clear()));
                refused(() -> copier.extents(0, 8192, (offset, length, data) -> true));
                rig.image = rig.image.reopened();
                rig.journal = rig.journal.reopened(0);
                rig.engine.resume(rig.journal, rig.image);
                copier.read(0, buffer.clear());
                assertEquals(1, buffer.get(8191));
            }
        }
    }

    private static void refused(Executable read) {
        StorageException refusal = assertThrows(StorageException.class, read);
        assertEquals(StorageException.Reason.UNAVAILABLE, refusal.reason(), refusal.getMessage());
    }

    private static final class Hasty implements SessionListener {
        @Override
        public void swept() {
            // It only reads.
        }

        @Override
        public void closed(String why) {
            // Its next read says so.
        }

        @Override
        public boolean readsWait() {
            return false;
        }
    }
}
