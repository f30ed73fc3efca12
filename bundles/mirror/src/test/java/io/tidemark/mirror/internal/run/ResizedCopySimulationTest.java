package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.MirrorSimulationTest.copied;
import static io.tidemark.mirror.internal.run.MirrorSimulationTest.copiedSlowly;
import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.ReplicaOptions;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The source gets another size while it is copied: nothing in front of its new end is sent again by any event. */
class ResizedCopySimulationTest {
    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 4 : 8);
    /** As a copy reads it. */
    private static final int CHUNK_BYTES = BlockImage.LONG_BYTES;

    private static final int UNIT_BYTES = 64 << 10;

    /** Inside of the second half. */
    private static int oddBytes(TwoSites sites) {
        return MemoryImage.SIZE_BYTES / 2 + 512 * (1 + sites.random.below(MemoryImage.SIZE_BYTES / 1024 - 1));
    }

    @Test
    void aChunkOverTheNewEndIsCopiedUpToIt() {
        TwoSites.play(1410, SEEDS, sites -> {
            MemoryImage image = copiedSlowly(sites, CHUNK_BYTES, "disk");
            assertTrue(sites.machine.awaitUntil(() -> copied(sites, "disk") >= CHUNK_BYTES, 20 * SECOND));
            image.resize(oddBytes(sites), sites.a.process.clock().wallNanos());
            sites.a.engine.wake();
            sites.awaitEqual("disk", 60 * SECOND);
            assertEquals(image.sizeBytes, sites.b.image("disk").sizeBytes);
        });
    }

    /** What was cut off is zeros when it is there again. */
    @Test
    void itMayGrowAgainMeanwhile() {
        TwoSites.play(1420, SEEDS, sites -> {
            MemoryImage image = copiedSlowly(sites, CHUNK_BYTES, "disk");
            for (int i = 0; i < 4; i++) {
                sites.machine.sleep(sites.random.below(SECOND));
                int size = sites.random.coin() ? MemoryImage.SIZE_BYTES : oddBytes(sites);
                image.resize(size, sites.a.process.clock().wallNanos());
                sites.a.engine.wake();
            }
            sites.awaitEqual("disk", 60 * SECOND);
            assertEquals(image.sizeBytes, sites.b.image("disk").sizeBytes);
        });
    }

    /** Between a map of what has data and the digests of a piece of that. */
    @Test
    void aPieceOverTheNewEndIsComparedUpToIt() {
        TwoNodes.play(1430, SEEDS, nodes -> {
            nodes.a.mirrors.copies(1, CHUNK_BYTES);
            MemoryImage image = nodes.a.image("disk");
            byte[] bytes = new byte[MemoryImage.SIZE_BYTES];
            Arrays.fill(bytes, (byte) 7);
            // Two extents of seven units, with a hole between them.
            for (int hole : new int[] {0, 8 * UNIT_BYTES}) {
                Arrays.fill(bytes, hole, hole + UNIT_BYTES, (byte) 0);
            }
            image.write(0, bytes, nodes.a.process.clock().wallNanos());
            nodes.a.engine.wake();
            MemoryImage seed = new MemoryImage("disk", new UUID(5, 5), ImageHead.Role.PRIMARY, 0);
            System.arraycopy(bytes, 9 * UNIT_BYTES, seed.bytes, 9 * UNIT_BYTES, 7 * UNIT_BYTES);
            nodes.b.images.put("disk", seed);
            nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("", 0, Map.of(), true));
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.image("disk") != seed && nodes.b.image("disk").copiedBytes > 0, 20 * SECOND));
            int size = MemoryImage.SIZE_BYTES - 512 * (1 + nodes.random.below(5 * UNIT_BYTES / 512));
            image.resize(size, nodes.a.process.clock().wallNanos());
            nodes.acknowledged.add(new TwoNodes.Written(0, image.bytes.clone()));
            nodes.a.engine.wake();
            nodes.awaitEqual(nodes.a, nodes.b);
            assertEquals(7 * UNIT_BYTES, nodes.b.image("disk").copiedBytes, "what is equal is not sent");
        });
    }
}
