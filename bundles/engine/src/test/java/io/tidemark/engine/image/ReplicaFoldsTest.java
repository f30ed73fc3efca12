package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import org.junit.jupiter.api.Test;

/** What is overwritten while a replica gathers reaches its image once, as on a primary: the newest of it. */
class ReplicaFoldsTest {
    private static final int OVERWRITES = 100;
    private static final long HOUR = 3_600_000_000_000L;

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

    /** Who keeps up gathers, since much of it is overwritten; for who catches up time counts, and the device would wait. */
    @Test
    void aReplicaThatLacksMuchAppliesEarlier() throws Exception {
        try (ReplicaRig rig = ReplicaRig.consistent()) {
            rig.settings = new ImageSettings(
                    8L << 20, 64L << 20, 1024, 1L << 30, HOUR, HOUR, ImageSettings.JournalFull.HOLD, 0.8, HOUR);
            rig.start();
            discards(rig, 470);
            Rig.eventually(() -> rig.progress().replayed() > 0, "it has gathered enough");
            // Nothing came in meanwhile: the next batch may start later.
            long before = rig.progress().replayed();
            discards(rig, 490);
            rig.awaitHead(960);
            rig.replica.sourceDurable(970);
            discards(rig, 1);
            rig.awaitHead(961);
            assertEquals(before, rig.progress().replayed());
            rig.replica.sourceDurable(1961);
            discards(rig, 1);
            Rig.eventually(() -> rig.progress().replayed() >= 961, "it is applied");
        }
    }

    private static void discards(ReplicaRig rig, int count) throws StorageException {
        for (int i = 0; i < count; i++) {
            rig.event(EventKind.DISCARD, 1024L * rig.last(), 512);
            // Nobody looks at what it was, and each is as large as the image.
            rig.states.set((int) rig.last() - 1, null);
        }
        rig.sendAll();
    }
}
