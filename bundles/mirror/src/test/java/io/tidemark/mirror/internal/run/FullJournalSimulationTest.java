package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.Consistency;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** More is written during a copy than the replica's journal takes, and only the end of the copy makes room in that. */
class FullJournalSimulationTest {
    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 4 : 8);
    private static final int CHUNK_BYTES = BlockImage.LONG_BYTES;
    private static final long LIMIT_BYTES = 400_000;
    private static final ReplicaOptions SEEDED = new ReplicaOptions("", 0, Map.of(), true);

    /** A chunk takes a second; of the least window a chunk is more than all, and some events are more than a half. */
    private static MemoryImage copying(TwoSites sites, long windowBytes) throws Exception {
        sites.settings =
                new MirrorSettings(windowBytes, 64 << 20, 1, CHUNK_BYTES, 5 * SECOND, SECOND / 10, SECOND, SECOND / 5);
        MemoryImage image = sites.newImage("disk");
        sites.a.boot();
        byte[] data = new byte[CHUNK_BYTES];
        Arrays.fill(data, (byte) 7);
        for (int at = 0; at < MemoryImage.SIZE_BYTES; at += CHUNK_BYTES) {
            image.write(at, data, sites.a.process.clock().wallNanos());
        }
        sites.a.engine.wake();
        sites.b.wish("disk");
        sites.b.boot();
        assertTrue(sites.machine.awaitUntil(() -> sites.b.image("disk") != null, 20 * SECOND));
        sites.b.image("disk").journalLimitBytes = LIMIT_BYTES;
        return image;
    }

    private static void writeMuch(TwoSites sites, MemoryImage image) throws Exception {
        long before = image.journal.keptBytes();
        while (image.journal.keptBytes() < before + 3 * LIMIT_BYTES) {
            sites.write(image, 1 + sites.random.below(10), 1 << (10 + sites.random.below(9)));
            sites.machine.sleep(sites.random.below(SECOND / 20));
        }
    }

    private static void awaitFull(TwoSites sites) {
        assertTrue(
                sites.machine.awaitUntil(() -> sites.b.state("disk").contains("no room"), 5 * SECOND),
                () -> sites.b.state("disk"));
        assertEquals(Consistency.COPYING, sites.b.image("disk").consistency);
        assertTrue(sites.b.state("disk").startsWith("copies"), sites.b.state("disk"));
    }

    @Test
    void theCopyGoesOnBesideEventsThatFindNoRoom() {
        TwoSites.play(2100, 2 * SEEDS, sites -> {
            long window = sites.random.coin() ? MirrorSettings.LEAST_WINDOW_BYTES : 1 << 19;
            MemoryImage image = copying(sites, window);
            writeMuch(sites, image);
            awaitFull(sites);
            long ahead = image.journal.readBytes - sites.b.image("disk").offeredBytes;
            assertTrue(ahead <= window + SourceSide.QUANTUM_BYTES, ahead + " bytes are sent ahead");
            long kept = sites.network.keptBytes("b");
            assertTrue(kept <= 2 * window, kept + " bytes wait");
            sites.awaitEqual("disk", 30 * SECOND);
            sites.write(image, 20, 8192);
            sites.awaitEqual("disk", 5 * SECOND);
        });
    }

    /** What was not taken is sent again, and finds no room again. */
    @Test
    void soItDoesAfterACut() {
        TwoSites.play(2130, SEEDS, sites -> {
            MemoryImage image = copying(sites, MirrorSettings.LEAST_WINDOW_BYTES);
            writeMuch(sites, image);
            awaitFull(sites);
            switch (sites.random.below(3)) {
                case 0 -> sites.a.restart();
                case 1 -> sites.b.restart();
                default -> sites.network.reset("a", "b");
            }
            sites.write(image, 3, 8192);
            sites.awaitEqual("disk", 60 * SECOND);
        });
    }

    /** Epochs of the source keep their place between events. */
    @Test
    void epochsKeepTheirPlace() {
        TwoSites.play(2150, SEEDS, sites -> {
            MemoryImage image = copying(sites, 1 << 19);
            for (int epoch = 0; epoch < 3; epoch++) {
                writeMuch(sites, image);
                image.newEpoch(new UUID(21, epoch), "a");
            }
            sites.write(image, 3, 8192);
            sites.awaitEqual("disk", 60 * SECOND);
            assertEquals(
                    image.journal.epochs().stream().map(Epoch::identity).toList(),
                    sites.b.image("disk").journal.epochs().stream()
                            .map(Epoch::identity)
                            .toList());
        });
    }

    @Test
    void theEndOfTheChannelIsHeard() {
        TwoSites.play(2170, SEEDS, sites -> {
            MemoryImage image = copying(sites, 1 << 19);
            writeMuch(sites, image);
            awaitFull(sites);
            JournalClient client = image.journal.clients().get(0);
            image.journal.putClient(new JournalClient(
                    client.id(), client.description(), client.commit(), JournalClient.State.EXPIRED, 0));
            assertTrue(
                    sites.machine.awaitUntil(() -> sites.b.state("disk").contains("no longer waits"), 20 * SECOND),
                    () -> sites.b.state("disk"));
            assertEquals(0, sites.network.keptBytes("b"));
        });
    }

    @Test
    void aSeedIsComparedAllTheSame() {
        TwoNodes.play(2190, SEEDS, nodes -> {
            nodes.write(nodes.a, 50);
            nodes.b.images.put("disk", new MemoryImage("disk", new UUID(5, 5), ImageHead.Role.PRIMARY, 0));
            nodes.a.mirrors.copies(1, CHUNK_BYTES / 2);
            nodes.a.mirrors.enable("disk", "b", SEEDED);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.image("disk").consistency == Consistency.COPYING, 20 * SECOND));
            nodes.b.image("disk").journalLimitBytes = 20_000;
            for (int round = 0; round < 10; round++) {
                nodes.write(nodes.a, 10);
                nodes.machine.sleep(SECOND / 20);
            }
            assertEquals(Consistency.COPYING, nodes.b.image("disk").consistency);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }
}
