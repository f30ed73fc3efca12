package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.SEEDS;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.parted;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Copies that send only what differs: from a copy that lies there, and where one side gives its own up. */
class SeedSimulationTest {
    /** An older copy: as it was some writes ago, with three parts that differ from what the source ever was. */
    private static MemoryImage seed(TwoNodes nodes) {
        MemoryImage seed = new MemoryImage("disk", new UUID(5, 5), ImageHead.Role.PRIMARY, 0);
        System.arraycopy(nodes.a.image("disk").bytes, 0, seed.bytes, 0, seed.bytes.length);
        for (int part : new int[] {0, 7, 15}) {
            seed.bytes[(part << 16) + nodes.random.below(1 << 16)] ^= 1;
        }
        nodes.b.images.put("disk", seed);
        return seed;
    }

    private static final ReplicaOptions SEEDED = new ReplicaOptions("", 0, Map.of(), true);

    @Test
    void ofASeedOnlyWhatDiffersIsSent() {
        TwoNodes.play(1310, SEEDS, nodes -> {
            nodes.write(nodes.a, 200);
            refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.enable("disk", "b", SEEDED));
            assertEquals(List.of(), nodes.b.mirrors.status());
            seed(nodes);
            refused(Reason.EXISTS, () -> nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS));
            nodes.a.mirrors.enable("disk", "b", SEEDED);
            assertEquals(
                    new UUID(5, 5).toString(),
                    nodes.b.keys("io.tidemark.mirror.replica-disk.cfg").get("seed"));
            nodes.awaitEqual(nodes.a, nodes.b);
            assertEquals(3 << 16, nodes.b.image("disk").copiedBytes, "as much as differs, and no more");
            // However short the parts are: past a page cache images are read in long pieces.
            assertEquals(BlockImage.LONG_BYTES, nodes.a.image("disk").longestRead);
            assertEquals(BlockImage.LONG_BYTES, nodes.b.image("disk").longestRead);
            // The wish is for one use: what has become of the image since is safe from it.
            nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            nodes.b.restart();
            nodes.write(nodes.b, 3);
            nodes.awaitEqual(nodes.b, nodes.a);
            assertTrue(nodes.b.isPrimary("disk"));
        });
    }

    @Test
    void aSeedBecomesEqualWhateverIsCutAndWrittenMeanwhile() {
        TwoNodes.play(1320, SEEDS, nodes -> {
            nodes.write(nodes.a, 200);
            seed(nodes);
            nodes.a.mirrors.enable("disk", "b", SEEDED);
            for (int i = 0; i < 4; i++) {
                nodes.write(nodes.a, 1 + nodes.random.below(5));
                nodes.machine.sleep(nodes.random.below(SECOND / 2));
                switch (nodes.random.below(4)) {
                    case 0 -> nodes.network.reset("a", "b");
                    case 1 -> nodes.a.restart();
                    case 2 -> nodes.b.restart();
                    default -> nodes.write(nodes.a, 2);
                }
            }
            nodes.awaitLinked();
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** Both have written a little since they parted, and most is the same. */
    @Test
    void aResyncSendsOnlyWhatDiffers() {
        TwoNodes.play(1340, 2 * SEEDS, nodes -> {
            nodes.write(nodes.a, 200);
            parted(nodes, 2, 1);
            nodes.acknowledged.clear();
            nodes.acknowledged.add(
                    new TwoNodes.Written(0, nodes.b.image("disk").bytes.clone()));
            GivenUp given = nodes.random.coin() ? GivenUp.KEPT : GivenUp.LOST;
            nodes.a.mirrors.resync("disk", "b", given);
            if (nodes.random.coin()) {
                nodes.machine.sleep(nodes.random.below(SECOND / 4));
                switch (nodes.random.below(3)) {
                    case 0 -> nodes.network.reset("a", "b");
                    case 1 -> nodes.a.restart();
                    default -> nodes.b.restart();
                }
                nodes.awaitLinked();
            }
            nodes.awaitEqual(nodes.b, nodes.a);
            // Three writes of at most 4 KiB, each in one or two parts of 64 KiB, and a cut may have them sent once
            // more.
            long copied = nodes.a.image("disk").copiedBytes;
            assertTrue(copied > 0 && copied <= 2 * 6 << 16, () -> copied + " bytes");
            // It is for one use.
            UUID journal = nodes.a.image("disk").journal.identity();
            nodes.a.restart();
            nodes.write(nodes.b, 3);
            nodes.awaitEqual(nodes.b, nodes.a);
            assertEquals(journal, nodes.a.image("disk").journal.identity());
        });
    }

    @Test
    void aResyncCopiesAllOfItByOrderOrWhereItCannotCompare() {
        TwoNodes.play(1350, SEEDS, nodes -> {
            nodes.write(nodes.a, 200);
            mirrored(nodes);
            boolean order = nodes.random.coin();
            nodes.b.engine.resized = !order;
            nodes.b.mirrors.resync("disk", "a", GivenUp.REFUSED, order);
            nodes.awaitEqual(nodes.a, nodes.b);
            assertTrue(nodes.b.image("disk").copiedBytes > MemoryImage.SIZE_BYTES / 2);
            assertEquals("", nodes.b.keys("io.tidemark.mirror.replica-disk.cfg").getOrDefault("seed", ""));
        });
    }

    /** The wish was there before, of an image that is gone. */
    @Test
    void aSeedThatIsRefusedIsNoneLater() {
        TwoNodes.play(1360, 3, nodes -> {
            mirrored(nodes);
            nodes.b.engine.close("disk");
            nodes.b.images.remove("disk");
            nodes.b.engine.open("disk");
            MemoryImage seed = seed(nodes);
            seed.clients = List.of("192.0.2.1:4711");
            refused(Reason.BUSY, () -> nodes.a.mirrors.enable("disk", "b", SEEDED));
            assertEquals(Map.of("peer", "a"), nodes.b.keys("io.tidemark.mirror.replica-disk.cfg"));
            seed.clients = List.of();
            nodes.machine.sleep(60 * SECOND);
            assertSame(seed, nodes.b.image("disk"));
        });
    }

    /** What is mirrored from the peer would be given up there, and what follows somebody is no seed. */
    @Test
    void whatIsInUseIsNoSeed() {
        TwoNodes.play(1330, 3, nodes -> {
            nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS);
            nodes.awaitEqual(nodes.a, nodes.b);
            nodes.a.images.put("other", new MemoryImage("other", new UUID(6, 6), ImageHead.Role.PRIMARY, 0));
            nodes.a.image("other").newEpoch(new UUID(6, 7), "a");
            StorageException used = refused(
                    Reason.BUSY,
                    () -> nodes.a.mirrors.enable("other", "b", new ReplicaOptions("disk", 0, Map.of(), true)));
            assertTrue(used.getMessage().contains("follows disk of a"), used.getMessage());
        });
    }
}
