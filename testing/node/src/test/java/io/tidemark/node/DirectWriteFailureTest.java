package io.tidemark.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.admin.ImageStatus.State;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many runs of a batch go to the image at once and past the page cache, and the device fails some of them. */
class DirectWriteFailureTest {
    private static final String NAME = "disk";
    private static final int BLOCK = 4096;
    private static final int WRITES = 256;

    @TempDir
    Path data;

    @Test
    void theImageIsOpenedAgainAndHasEverything() throws Exception {
        try (Place place = new Place(data)) {
            // Nothing is applied before the fault is there.
            place.directory.create(NAME, Place.SIZE, Map.of("apply.idle", "1h", "checkpoint.interval", "1h"));
            try (Place.Client client = place.client(NAME)) {
                write(client, 0);
                place.directory.checkpoint(NAME);
                write(client, WRITES);
                place.files.failNext("direct data");
                Place.await(() -> checkpoints(place), () -> "no checkpoint: " + place.directory.images());
                place.awaitState(NAME, State.SERVING);
                assertEquals(1L, place.status(NAME).counters().get("suspensions"), "no set of writes failed");
                verify(client);
                assertTrue(client.write(0, BLOCK, WRITES).await() == null, "it does not go on");
            }
        }
        try (FileChannel image = FileChannel.open(data.resolve("images/disk/data"))) {
            for (int i = 0; i < WRITES; i++) {
                ByteBuffer found = ByteBuffer.allocate(BLOCK);
                image.read(found, offset(i));
                assertEquals(Place.Client.content(BLOCK, WRITES + i), found.flip(), "block of write " + i);
            }
        }
        try (Place again = new Place(data)) {
            again.wish(NAME, Map.of());
            again.awaitState(NAME, State.SERVING);
            try (Place.Client client = again.client(NAME)) {
                verify(client);
            }
        }
    }

    /** A checkpoint that was asked for before its image was suspended is refused. */
    private static boolean checkpoints(Place place) {
        try {
            place.directory.checkpoint(NAME);
            return true;
        } catch (java.io.IOException e) {
            return false;
        }
    }

    /** Blocks with gaps between them, so that nothing becomes one run. */
    private static long offset(int index) {
        return 3L * BLOCK * index;
    }

    private static void write(Place.Client client, int firstNumber) throws Exception {
        for (int i = 0; i < WRITES; i++) {
            client.write(offset(i), BLOCK, firstNumber + i).succeeded();
        }
    }

    private static void verify(Place.Client client) throws Exception {
        for (int i = 0; i < WRITES; i++) {
            assertTrue(client.holds(offset(i), BLOCK, WRITES + i), "block of write " + i);
        }
    }
}
