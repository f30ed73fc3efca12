package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What is overwritten while a replica gathers reaches its image once, as on a primary: the newest of it. */
class ReplicaFoldsTest {
    private static final int OVERWRITES = 100;

    private static void overwrite(ReplicaRig rig, int block) throws Exception {
        for (int i = 1; i <= OVERWRITES; i++) {
            rig.write(block, i);
        }
        rig.sendAll();
        rig.awaitHead(rig.last());
    }

    private static void checkpoint(ReplicaRig rig, long imageBytes) throws Exception {
        rig.engine.checkpoint();
        assertEquals(rig.last(), rig.engine.watermarks().checkpointed());
        assertEquals(imageBytes, rig.image.writtenBytes);
        rig.verifyAt(rig.last());
    }

    @Test
    void whatIsOverwrittenInOneBatchReachesTheImageOnce() throws Exception {
        try (ReplicaRig rig = ReplicaRig.lazy()) {
            rig.start();
            overwrite(rig, 5);
            assertEquals(0, rig.image.writtenBytes, "it gathers");
            overwrite(rig, 9);
            checkpoint(rig, 2 * ReplicaRig.BLOCK);
            // And once more in the next batch.
            overwrite(rig, 5);
            checkpoint(rig, 3 * ReplicaRig.BLOCK);
        }
    }

    /** Read from the journal, as what a replica has received while it was held or down. */
    @Test
    void soDoesWhatIsReadFromTheJournalAfterACrash() throws Exception {
        try (ReplicaRig rig = ReplicaRig.lazy()) {
            rig.start();
            overwrite(rig, 5);
            rig.crash(0);
            rig.awaitHead(OVERWRITES);
            checkpoint(rig, ReplicaRig.BLOCK);
        }
    }
}
