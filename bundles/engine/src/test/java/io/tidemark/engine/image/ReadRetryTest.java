package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

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
}
