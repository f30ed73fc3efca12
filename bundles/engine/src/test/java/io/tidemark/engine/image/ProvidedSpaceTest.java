package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import org.junit.jupiter.api.Test;

/** What a pool has provided is used up by what is applied. */
class ProvidedSpaceTest {
    private static void writes(Rig rig, int length, int value) {
        try {
            rig.write(0, length, value).succeeded();
        } catch (StorageException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aSteadyTrickleAsksThePoolForMore() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            MemoryImage image = rig.image;
            writes(rig, 4096, 1);
            int before = image.asks;
            for (int i = 0; i < 80; i++) {
                writes(rig, Rig.SIZE, i);
                // There is always something to apply, so that nothing asks but what is admitted.
                image.beforeWrite = () -> {
                    image.beforeWrite = () -> {};
                    writes(rig, 4096, 7);
                };
                rig.engine.checkpoint();
            }
            int asks = image.asks - before;
            assertTrue(asks >= 3, "80 MiB are written, and it asked " + asks + " times");
            assertTrue(asks < 20, "it asked " + asks + " times");
            rig.verify();
        }
    }
}
