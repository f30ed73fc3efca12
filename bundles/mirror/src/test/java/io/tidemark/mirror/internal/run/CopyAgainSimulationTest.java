package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.MirrorSimulationTest.copied;
import static io.tidemark.mirror.internal.run.MirrorSimulationTest.copiedSlowly;
import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.mirror.internal.wire.Point;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A copy goes on from another site than the one that it began with. Site a plays both. */
class CopyAgainSimulationTest {
    /** As a copy reads it. */
    private static final int CHUNK_BYTES = BlockImage.LONG_BYTES;

    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 4 : 8);
    private static final int AHEAD = 3;

    /** A part was copied, by a site that was ahead by events that only it had; the link is cut. */
    private static MemoryImage cut(TwoSites sites) throws Exception {
        MemoryImage image = copiedSlowly(sites, CHUNK_BYTES, "disk");
        awaitPart(sites, 3);
        sites.network.cut("a", "b");
        sites.machine.sleep(SECOND);
        MemoryImage copy = sites.b.image("disk");
        assertEquals(image.journal.durable(), copy.shown.sequence());
        copy.shown = Point.in(image.newestEpoch(), image.journal.durable() + AHEAD);
        Arrays.fill(copy.bytes, 0, CHUNK_BYTES, (byte) 99);
        return image;
    }

    /** Or all of it, when the rest came at once behind a cut. */
    private static void awaitPart(TwoSites sites, int chunks) {
        assertTrue(
                sites.machine.awaitUntil(
                        () -> copied(sites, "disk") >= (long) chunks * CHUNK_BYTES
                                && (sites.b.image("disk").nextOffset >= (chunks - 1L) * CHUNK_BYTES
                                        || sites.b.image("disk").consistency != Consistency.COPYING),
                        20 * SECOND),
                () -> sites.b.state("disk"));
    }

    /** All was copied, when the first site was ahead. */
    private static void whole(MemoryImage image, MemoryImage copy) {
        System.arraycopy(image.bytes, CHUNK_BYTES, copy.bytes, CHUNK_BYTES, image.bytes.length - CHUNK_BYTES);
        copy.consistency = Consistency.REPLAYING;
        copy.nextOffset = 0;
        copy.consistentAt = copy.shown.sequence();
    }

    private static void promote(TwoSites sites, MemoryImage image) throws Exception {
        image.promote(new UUID(3, 15), "c", sites.a.process.clock().wallNanos());
    }

    /** The other site takes the place of the first one, whose last events it lacked. */
    @Test
    void allIsCopiedAgainBehindAPromotion() {
        TwoSites.play(315, SEEDS, sites -> {
            MemoryImage image = cut(sites);
            MemoryImage copy = sites.b.image("disk");
            if (sites.random.coin()) {
                whole(image, copy);
            }
            promote(sites, image);
            sites.network.heal("a", "b");
            sites.write(image, 5, 512);
            sites.awaitEqual("disk", 60 * SECOND);
            assertEquals(Consistency.CONSISTENT, copy.consistency);
        });
    }

    /** It is followed before it does so. */
    @Test
    void soItIsWhenThePromotionComesOverTheLink() {
        TwoSites.play(335, SEEDS, sites -> {
            MemoryImage image = cut(sites);
            MemoryImage copy = sites.b.image("disk");
            if (sites.random.coin()) {
                whole(image, copy);
            }
            sites.network.heal("a", "b");
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.a.mirror.channels(any -> true).size() == 1, 20 * SECOND));
            sites.machine.sleep(sites.random.below(SECOND));
            assertTrue(copy.consistency != Consistency.CONSISTENT);
            image.newEpoch(new UUID(3, 16), "c");
            sites.write(image, AHEAD + 2, 512);
            sites.awaitEqual("disk", 60 * SECOND);
        });
    }

    /** The promotion comes behind many events, and until then nothing else says where the bytes are from. */
    @Test
    void cutsBehindThePromotionCostNoMoreThanOthers() {
        TwoSites.play(355, SEEDS, sites -> {
            MemoryImage image = cut(sites);
            image.journal.withhold();
            sites.write(image, AHEAD - 1, 512);
            promote(sites, image);
            MemoryImage copy = sites.b.image("disk");
            copy.copiedBytes = 0;
            sites.network.heal("a", "b");
            for (int cuts = 1; cuts <= 2; cuts++) {
                awaitPart(sites, cuts + 1);
                long noted = copy.nextOffset;
                sites.network.reset("a", "b");
                sites.machine.sleep(SECOND / 2);
                assertTrue(copy.nextOffset >= noted || copy.consistency != Consistency.COPYING, "it begins anew");
            }
            assertTrue(sites.machine.awaitUntil(() -> copy.consistency == Consistency.REPLAYING, 20 * SECOND));
            sites.network.reset("a", "b");
            sites.machine.sleep(2 * SECOND);
            assertSame(Consistency.REPLAYING, copy.consistency);
            image.journal.giveAll();
            sites.awaitEqual("disk", 60 * SECOND);
            long again = copy.copiedBytes - MemoryImage.SIZE_BYTES;
            assertTrue(again <= 3 * CHUNK_BYTES, () -> again + " bytes were copied once more");
        });
    }

    /** The other site is a replica, too, and lags. */
    @Test
    void whatTwoSitesShowIsConsistentWhenAllOfItIsThere() {
        TwoSites.play(375, SEEDS, sites -> {
            MemoryImage image = cut(sites);
            MemoryImage copy = sites.b.image("disk");
            image.role = ImageHead.Role.REPLICA;
            sites.network.heal("a", "b");
            assertTrue(sites.machine.awaitUntil(() -> copy.consistency == Consistency.REPLAYING, 30 * SECOND));
            sites.machine.sleep(5 * SECOND);
            assertSame(Consistency.REPLAYING, copy.consistency);
            image.role = ImageHead.Role.PRIMARY;
            sites.write(image, AHEAD - 1, 512);
            // The last of what it was ahead by, which the first chunk shows already.
            image.write(
                    0,
                    Arrays.copyOf(copy.bytes, CHUNK_BYTES),
                    sites.a.process.clock().wallNanos());
            sites.a.engine.wake();
            sites.awaitEqual("disk", 30 * SECOND);
        });
    }

    /** Nobody would send what lies between that and the events that the replica has. */
    @Test
    void olderBytesAreNotTaken() {
        TwoSites.play(395, SEEDS, sites -> {
            MemoryImage image = copiedSlowly(sites, CHUNK_BYTES, "disk");
            awaitPart(sites, 3);
            sites.network.cut("a", "b");
            sites.machine.sleep(SECOND);
            MemoryImage copy = sites.b.image("disk");
            long before = copy.copiedBytes;
            image.role = ImageHead.Role.REPLICA;
            image.head = copy.head - 1;
            image.order = new HeadOrder.Hold(new Position(1, image.head));
            sites.network.heal("a", "b");
            assertTrue(
                    sites.machine.awaitUntil(() -> sites.b.state("disk").contains("whose head is behind"), 20 * SECOND),
                    () -> sites.b.state("disk"));
            sites.machine.sleep(5 * SECOND);
            assertEquals(before, copy.copiedBytes);
            image.order = HeadOrder.LIVE;
            sites.a.engine.wake();
            sites.awaitEqual("disk", 30 * SECOND);
        });
    }
}
