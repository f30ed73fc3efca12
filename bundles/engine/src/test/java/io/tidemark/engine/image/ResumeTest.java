package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import org.junit.jupiter.api.Test;

/** Stores come back after heads could not be stored, or seemed so. */
class ResumeTest {
    /** It cannot be told from one that was lost before the stores are open again. */
    @Test
    void aHeadBehindAShrinkThatWasStoredAfterAllCounts() throws Exception {
        boolean[] fails = {true};
        Steps unheard = new Steps() {
            @Override
            protected void storeHead(BlockImage image, ImageHead head) throws StorageException {
                super.storeHead(image, head);
                if (fails[0]) {
                    throw new StorageException(Reason.IO, "the answer was lost on purpose", "");
                }
            }
        };
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.engine.close();
            rig.steps = unheard;
            rig.open();
            rig.write(Rig.SIZE - 4096, 4096, 1).succeeded();
            rig.write(0, 4096, 2).succeeded();
            rig.engine.resize(Rig.SIZE / 2);
            rig.model = java.util.Arrays.copyOf(rig.model, Rig.SIZE / 2);
            rig.write(4096, 4096, 3).succeeded();
            assertEquals(0, rig.engine.watermarks().checkpointed());
            rig.engine.suspend("failed");
            rig.journal = rig.journal.reopened(0);
            rig.image = rig.image.reopened();
            rig.engine.resume(rig.journal, rig.image);
            fails[0] = false;
            assertTrue(rig.engine.watermarks().checkpointed() >= 3);
            rig.verify();
            rig.engine.checkpoint();
            rig.verify();
            rig.crash(0);
            rig.verify();
        }
    }
}
