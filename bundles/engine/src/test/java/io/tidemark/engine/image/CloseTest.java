package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.api.StorageException;
import org.junit.jupiter.api.Test;

/** What goes wrong while an image is closed. */
class CloseTest {
    private static String whyWithoutCheckpoint(Rig rig) {
        return assertThrows(StorageException.class, () -> rig.engine.close()).getMessage();
    }

    @Test
    void aStoreThatFailsMeanwhileIsNamed() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.submit(0, 4096, 1, false);
            rig.journal.failNextForce = true;
            assertEquals("force failed on purpose; open it again", whyWithoutCheckpoint(rig));
        }
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.image.failNextWrite = true;
            assertEquals("write failed on purpose", whyWithoutCheckpoint(rig));
        }
    }
}
