package io.tidemark.itests.nodes;

import static io.tidemark.itests.nodes.MirroredDisk.BYTES;
import static io.tidemark.itests.nodes.MirroredDisk.DISK;
import static io.tidemark.itests.nodes.MirroredDisk.PATIENCE;
import static io.tidemark.itests.nodes.MirroredDisk.content;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.load.NbdConnection;
import io.tidemark.itests.nodes.node.Contents;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What operators do to mirrored images in the course of time: delete them, make them again, change roles and sizes, stop nodes. */
@ExtendWith(ScratchExtension.class)
class MirrorScenariosTest {
    private static final int NO_ENTRY_PERMITTED = 1;

    private static void awaitContent(Site site, String image, ByteBuffer wanted) {
        Await.until(
                () -> image + " to be the same: " + site.node().log(),
                PATIENCE,
                () -> site.mirrored(image).get("consistency").equals("CONSISTENT")
                        && Contents.of(site.node(), image, BYTES).equals(wanted));
    }

    @Test
    void aDeletedReplicaIsCopiedAnewAndADeletedSourceTakesNothingWithIt(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorScenariosTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        disk.load(a);
        delete(b);
        disk.loads.run(Duration.ofMillis(200));
        disk.loads.stop();
        disk.equal(a, b);

        ByteBuffer before = content(b);
        delete(a);
        disk.sites.link.drop();
        MirroredDisk.awaitSaid(b, "trouble", "there_is_no_image_disk");
        assertEquals("REFUSED", b.mirrored(DISK).get("state"));
        assertEquals(before, content(b), "what its source was is still there");

        // Another image of the same name: nobody takes it for the one that was followed.
        a.node().tell("create", DISK, Long.toString(BYTES), "commit=journal");
        MirroredDisk.writeOne(a, 8192, 42);
        disk.sites.link.drop();
        MirroredDisk.awaitSaid(b, "trouble", "nothing_in_common");
        assertEquals(before, content(b));
        b.awaitLinked();
        assertTrue(b.refused("resync", DISK, "a").startsWith("BUSY"), "nothing is lost without an order");
        b.order("lose", DISK, "a");
        awaitContent(b, DISK, content(a));
        assertNotEquals(before, content(b));
        MirroredDisk.writeOne(a, 0, 43);
        TwoSites.awaitEqual(a, b, DISK);
        assertEquals(content(a), content(b));
    }

    @Test
    void anImageOfTheSameNameAtThePeerIsNotTouched(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorScenariosTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        assertEquals("true", a.order("disable", DISK, "b"), "b was told");
        assertEquals(content(a), content(b), "it stays as it is");
        assertEquals(NO_ENTRY_PERMITTED, MirroredDisk.refusedWrite(b), "EPERM: and is a replica");
        delete(b);
        b.node().tell("create", DISK, Long.toString(BYTES), "commit=journal");
        MirroredDisk.writeOne(b, 4096, 17);
        ByteBuffer own = content(b);

        String refused = a.refused("enable", DISK, "b", "0s");
        assertTrue(refused.startsWith("EXISTS") && refused.contains("choose another name"), refused);
        assertEquals(own, content(b));
        a.order("follow", DISK, "b", "disk-of-a");
        disk.write(a);
        awaitContent(b, "disk-of-a", content(a));
        assertEquals(own, content(b));

        refused = b.refused("enable", DISK, "a", "0s");
        assertTrue(refused.startsWith("BUSY") && refused.contains("disk-of-a"), refused);
        disk.write(a);
        awaitContent(b, "disk-of-a", content(a));
        assertEquals(own, content(b));

        // A restart takes neither for the other.
        b.node().stop();
        disk.write(a);
        disk.sites.restartB();
        awaitContent(b, "disk-of-a", content(a));
        assertEquals(own, content(b));
    }

    @Test
    void rolesThatComeBackToTheSameSideAndMarksAndSizesGoInOrder(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorScenariosTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        a.order("demote", DISK);
        assertEquals(NO_ENTRY_PERMITTED, MirroredDisk.refusedWrite(a), "EPERM");
        a.order("promote", DISK);
        disk.write(a);
        disk.equal(a, b);
        // Without the other side: it was handed over to nobody.
        b.node().kill();
        a.order("demote", DISK);
        a.order("promote", DISK);
        disk.write(a);
        disk.sites.restartB();
        disk.equal(a, b);

        disk.load(a);
        List<String> marks = IntStream.range(0, 20)
                .mapToObj(number -> named(a, number % 2 == 0 ? "mark" : "snapshot", "moment-" + number))
                .toList();
        disk.loads.run(Duration.ofMillis(50));
        disk.loads.stop();
        disk.equal(a, b);
        assertEquals(String.join(" ", marks), b.node().tell("marks", DISK));

        for (long bytes : new long[] {BYTES + (4 << 20), BYTES}) {
            a.node().tell("resize", DISK, Long.toString(bytes));
            MirroredDisk.writeOne(a, bytes - 4096, 99);
            TwoSites.awaitEqual(a, b, DISK);
            assertEquals(Contents.of(a.node(), DISK, bytes), Contents.of(b.node(), DISK, bytes));
            try (NbdConnection client = b.node().dial(DISK)) {
                assertEquals(bytes, client.sizeBytes());
            }
        }
        b.wasNeverCopiedAnew();
    }

    /** As a journal lists it. */
    private static String named(Site site, String kind, String name) {
        String prefix = kind.equals("snapshot") ? "snapshot:" : "";
        return prefix + name + "=" + site.node().tell(kind, DISK, name);
    }

    @Test
    void nodesStopAndStartInAnyOrderAndACopyAnewNeedsItsSource(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorScenariosTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        b.node().stop();
        disk.write(a);
        a.node().stop();
        a.start();
        disk.sites.restartB();
        disk.equal(a, b);
        disk.write(a);
        a.node().stop();
        b.node().stop();
        disk.sites.restartB();
        String refused = b.refused("resync", DISK, "a");
        assertTrue(refused.startsWith("UNAVAILABLE"), refused);
        a.start();
        disk.equal(a, b);
        b.wasNeverCopiedAnew();

        // A whole replica begins anew when that is ordered, and is the same then: compared, while it was held, and
        // copied.
        b.awaitLinked();
        anew(b, "resync", "'disk' begins anew with what it has");
        disk.equal(a, b);
        b.order("hold", DISK);
        disk.write(a);
        b.awaitState(DISK, "HELD");
        anew(b, "resync", "'disk' begins anew with what it has");
        disk.equal(a, b);
        anew(b, "full", "'disk' was deleted here, to be copied anew");
        disk.equal(a, b);

        // Ended while the replica's node is stopped: it is told when it asks, and keeps what it has.
        b.node().stop();
        assertEquals("false", a.order("disable", DISK, "b"), "b was not told");
        ByteBuffer before = content(a);
        disk.write(a);
        disk.sites.restartB();
        MirroredDisk.awaitSaid(b, "trouble", "is_not_for_the_peer");
        assertEquals(before, content(b));
        b.order("disable", DISK, "a");
        assertTrue(b.refused("status", DISK).contains("is not mirrored"), "it has ended here, too");
        assertEquals(before, content(b));
    }

    private static void delete(Site site) {
        whenClientsHaveGone(site, "delete", DISK);
    }

    /** The replica does what is ordered, and does not merely say that it is well as it is. */
    private static void anew(Site replica, String order, String says) {
        int before = replica.node().log().length();
        whenClientsHaveGone(replica, "mirror", order, DISK, "a");
        Await.until(
                () -> "to hear " + says + ": " + replica.node().log().substring(before),
                PATIENCE,
                () -> replica.node().log().indexOf(says, before) >= 0);
    }

    /** The last one's goodbye may still be on its way. */
    private static void whenClientsHaveGone(Site site, String... words) {
        Await.until(() -> String.join(" ", words) + " at " + site, PATIENCE, () -> {
            String answer = site.node().ask(words);
            assertTrue(answer.startsWith("ok") || answer.contains("BUSY"), answer);
            return answer.startsWith("ok");
        });
    }
}
