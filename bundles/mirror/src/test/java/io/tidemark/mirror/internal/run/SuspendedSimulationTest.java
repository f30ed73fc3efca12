package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.MirrorSimulationTest.copied;
import static io.tidemark.mirror.internal.run.MirrorSimulationTest.copiedSlowly;
import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.replica.HeadOrder;
import org.junit.jupiter.api.Test;

/** The store of a replica's image is away for a while: what was wished meanwhile is done, and nothing is said of it afterwards. */
class SuspendedSimulationTest {
    private static final int SEEDS = 4;

    @Test
    void aDelayThatWasWishedMeanwhileIsInForceAfterwards() {
        TwoNodes.play(1950, SEEDS, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            MemoryImage replica = nodes.b.image("disk");
            replica.suspended = true;
            OrdersSimulationTest.refused(Reason.UNAVAILABLE, () -> nodes.b.mirrors.delay("disk", 3600 * SECOND));
            nodes.machine.sleep(5 * SECOND);
            assertEquals(HeadOrder.LIVE, replica.order);
            replica.suspended = false;
            assertTrue(nodes.machine.awaitUntil(
                    () -> replica.order.equals(new HeadOrder.Follow(3600 * SECOND)), 10 * SECOND));
            nodes.b.mirrors.delay("disk", 0);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** Until the next event, which may be long. */
    @Test
    void aCopyThatWasSuspendedIsIdleWhenItIsThere() {
        TwoSites.play(1960, SEEDS, sites -> {
            sites.settings =
                    new MirrorSettings(1 << 18, 64 << 20, 2, 1 << 20, 5 * SECOND, SECOND / 10, SECOND, SECOND / 5);
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            sites.write(image, 20, 8192);
            sites.b.wish("disk");
            sites.b.boot();
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.b.image("disk") != null && sites.b.image("disk").copiedRanges > 0, 10 * SECOND));
            sites.b.image("disk").suspended = true;
            sites.machine.sleep(2 * SECOND);
            assertTrue(sites.b.state("disk").endsWith("is suspended"), sites.b.state("disk"));
            sites.b.image("disk").suspended = false;
            sites.awaitEqual("disk", 30 * SECOND);
            sites.machine.sleep(2 * SECOND);
            assertEquals("idle, has everything | ", sites.b.state("disk"));
        });
    }

    /** It stands where it was, and goes on there. */
    @Test
    void aSourceThatIsSuspendedKeepsNoOtherCopyWaiting() {
        TwoSites.play(1980, SEEDS, sites -> {
            copiedSlowly(sites, 256 << 10, "first", "second");
            assertTrue(sites.machine.awaitUntil(
                    () -> copied(sites, "first") > 0 || copied(sites, "second") > 0, 20 * SECOND));
            String one = copied(sites, "first") > 0 ? "first" : "second";
            sites.a.image(one).suspended = true;
            sites.awaitEqual(one.equals("first") ? "second" : "first", 30 * SECOND);
            sites.a.image(one).suspended = false;
            sites.awaitEqual(one, 60 * SECOND);
            long again = sites.b.image(one).copiedBytes - MemoryImage.SIZE_BYTES;
            assertTrue(again <= MemoryImage.SIZE_BYTES / 2, () -> again + " bytes were copied twice");
        });
    }

    @Test
    void eventsThatWaitedLeaveNoTrouble() {
        TwoSites.play(1970, SEEDS, sites -> {
            MemoryImage image = sites.following("disk");
            sites.b.image("disk").suspended = true;
            sites.write(image, 5, 8192);
            sites.machine.sleep(2 * SECOND);
            assertTrue(sites.b.state("disk").startsWith("waits: the image is suspended | "), sites.b.state("disk"));
            sites.b.image("disk").suspended = false;
            sites.awaitEqual("disk", 30 * SECOND);
            assertTrue(
                    sites.machine.awaitUntil(() -> sites.b.state("disk").equals("idle, has everything | "), 2 * SECOND),
                    () -> sites.b.state("disk"));
        });
    }
}
