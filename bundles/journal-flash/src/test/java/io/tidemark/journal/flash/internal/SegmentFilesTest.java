package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemark.api.StorageException;
import io.tidemark.faults.FaultPlan;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SegmentFilesTest {
    /** Whoever makes it tries again and again, and each time another one stayed open. */
    @Test
    void aFreshFileThatCannotBeReadIsClosed() {
        Scene scene = new Scene(1, 1);
        scene.run(() -> {
            Path directory = scene.directories.get(0);
            JournalPlaces places = JournalPlaces.in(scene.directories, Scene.NAME);
            scene.process.files().createDirectories(places.segment(1).getParent());
            SegmentFiles files = new SegmentFiles(
                    scene.process, places, new UUID(7, 7), FlashOptions.MIN_SEGMENT_BYTES, new Windows());
            long free = scene.machine.disk().freeBytes(directory);
            scene.machine
                    .disk()
                    .plan(FaultPlan.nth(FaultPlan.Operation.READ, "segment-", 0, 1, FaultPlan.Verdict.FAIL_IO));
            assertThrows(StorageException.class, () -> files.create(1, false, () -> false));
            scene.process.files().delete(places.segment(1));
            assertEquals(free, scene.machine.disk().freeBytes(directory), "a file that is open keeps its blocks");
        });
    }
}
