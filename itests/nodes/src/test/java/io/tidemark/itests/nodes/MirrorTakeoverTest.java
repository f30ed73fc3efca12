package io.tidemark.itests.nodes;

import static io.tidemark.itests.nodes.MirroredDisk.DISK;
import static io.tidemark.itests.nodes.MirroredDisk.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Changes of roles while clients write: planned, disturbed by a kill, and by force beside a primary that is alive. */
@ExtendWith(ScratchExtension.class)
class MirrorTakeoverTest {
    private static final int NOT_PERMITTED = 1;

    /** When one of both nodes is killed in a planned change: as soon as a node says so in its log. */
    private enum Moment {
        /** The one that was primary has just ended writing. */
        DEMOTED("is a replica here, it ends at", true),
        /** The other one has just begun. */
        PROMOTED("is primary here, as", false);

        private final String line;
        private final boolean atSource;

        Moment(String line, boolean atSource) {
            this.line = line;
            this.atSource = atSource;
        }

        private String log(MirroredDisk disk) {
            return (atSource ? disk.sites.a : disk.sites.b).node().log();
        }

        /** To be called before the order is given. */
        Runnable next(MirroredDisk disk) {
            int before = log(disk).length();
            return () -> Await.until(
                    () -> "a node to say that it " + line + ": " + log(disk).substring(before),
                    PATIENCE,
                    () -> log(disk).indexOf(line, before) >= 0);
        }
    }

    private static boolean isPrimary(Site site) {
        return site.mirrored(DISK).get("role").equals("PRIMARY");
    }

    @Test
    void aPlannedChangeUnderLoadLosesNothing(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorTakeoverTest");
        Site from = disk.sites.a;
        Site to = disk.sites.b;
        for (int round = 0; round < 4; round++) {
            disk.load(from);
            disk.loads.run(Duration.ofMillis(150));
            assertEquals(0, disk.loads.errors());
            from.order("switch", DISK, round % 2 == 0 ? "b" : "a");
            // Its clients have to go to the other one.
            disk.loads.ended();
            disk.equal(to, from);
            Site primary = to;
            to = from;
            from = primary;
            disk.write(from);
        }
        disk.equal(from, to);
        from.wasNeverCopiedAnew();
        to.wasNeverCopiedAnew();
    }

    /** Whoever dies, at whichever moment: nothing is lost, at most one node is primary, and the next order ends what was begun. */
    @Test
    void aPlannedChangeInWhichANodeIsKilledIsEndedByAnOrder(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorTakeoverTest", "peer.ask.timeout=10s");
        for (Moment moment : Moment.values()) {
            for (boolean source : new boolean[] {true, false}) {
                killedInAChange(disk, moment, source);
                System.out.println(
                        "MirrorTakeoverTest: " + moment + ", " + (source ? "source" : "target") + " killed: a "
                                + disk.sites.a.mirrored(DISK).get("role") + ", b "
                                + disk.sites.b.mirrored(DISK).get("role"));
                settle(disk);
            }
        }
        disk.sites.a.wasNeverCopiedAnew();
        disk.sites.b.wasNeverCopiedAnew();
    }

    private static void killedInAChange(MirroredDisk disk, Moment moment, boolean source) throws Exception {
        NodeProcess a = disk.sites.a.node();
        NodeProcess b = disk.sites.b.node();
        Runnable next = moment.next(disk);
        disk.load(disk.sites.a);
        disk.loads.run(Duration.ofMillis(100));
        CompletableFuture<String> order = CompletableFuture.supplyAsync(() -> {
            try {
                return a.ask("mirror", "switch", DISK, "b");
            } catch (AssertionError e) {
                return "killed";
            }
        });
        next.run();
        (source ? a : b).kill();
        disk.loads.ended();
        if (source) {
            disk.sites.a.start();
        } else {
            disk.sites.restartB();
        }
        String answer = order.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (!source) {
            boolean done = answer.startsWith("ok");
            assertTrue(
                    done || answer.contains("is primary here again") || answer.contains("run mirror:promote"), answer);
        }
        disk.sites.a.awaitLinked();
        disk.sites.b.awaitLinked();
        assertTrue(!isPrimary(disk.sites.a) || !isPrimary(disk.sites.b), "two primaries");
    }

    /** The same order again, or the other half of it; then back to where it began. */
    private static void settle(MirroredDisk disk) throws Exception {
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        if (isPrimary(a)) {
            a.order("switch", DISK, "b");
        } else if (!isPrimary(b)) {
            TwoSites.awaitEqual(a, b, DISK);
            b.order("promote", DISK);
        }
        disk.loads.verify(b.node());
        disk.write(b);
        TwoSites.awaitEqual(b, a, DISK);
        b.order("switch", DISK, "a");
        disk.write(a);
        disk.equal(a, b);
    }

    @Test
    void aLivePrimaryThatWasReplacedEndsWritingAtContact(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorTakeoverTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        disk.load(a);
        disk.sites.link.cut();
        b.order("promote!", DISK);
        MirroredDisk.writeOne(b, MirroredDisk.BYTES - 4096, 77);
        // It knows nothing of that yet.
        disk.loads.run(Duration.ofMillis(200));
        assertEquals(0, disk.loads.errors());
        disk.sites.link.heal();
        Await.until(
                () -> "its writes to fail: " + MirroredDisk.told(a) + "\n"
                        + a.node().log(),
                PATIENCE,
                () -> disk.loads.errors() > 10);
        // What it had taken before is still answered.
        long[] acknowledged = {-1};
        Await.until("the last answers", PATIENCE, () -> {
            long before = acknowledged[0];
            disk.loads.endure(Duration.ofMillis(100));
            acknowledged[0] = disk.loads.acknowledged();
            return acknowledged[0] == before;
        });
        long errors = disk.loads.errors();
        Await.until("more errors", PATIENCE, () -> disk.loads.errors() > errors + 1000);
        assertEquals(acknowledged[0], disk.loads.acknowledged(), "nothing is acknowledged any more");
        disk.loads.stop();
        assertEquals(NOT_PERMITTED, MirroredDisk.refusedWrite(a), "EPERM");

        // Whoever looks is told by whom, and what to do.
        assertEquals("FAILING", a.node().status(DISK).get("state"));
        String detail = a.node().status(DISK).get("detail");
        assertTrue(detail.contains("fenced_by_b") && detail.contains("mirror:resync"), detail);
        a.awaitState(DISK, "REFUSED");
        String words = a.mirrored(DISK).get("words");
        assertTrue(words.contains("fenced_by_b") && words.contains("mirror:resync"), words);
        assertEquals("SERVING", b.node().status(DISK).get("state"));

        // Both stop, and the one that took over starts beside the one that it has replaced.
        ByteBuffer taken = MirroredDisk.content(b);
        b.node().stop();
        a.node().stop();
        disk.sites.restartB();
        a.start();
        a.awaitLinked();
        fenced(a, "b");
        MirroredDisk.awaitImage(b, "SERVING");
        assertEquals(taken, MirroredDisk.content(b));
        MirroredDisk.writeOne(b, 0, 76);

        // All that it acknowledged is still there, until somebody decides.
        disk.loads.verify(a.node());
        assertTrue(a.refused("resync", DISK, "b").length() > 0, "nothing is lost without an order");
        a.order("lose", DISK, "b");
        TwoSites.awaitEqual(b, a, DISK);
        assertEquals(MirroredDisk.content(b), MirroredDisk.content(a));
        MirroredDisk.writeOne(b, 0, 78);
        TwoSites.awaitEqual(b, a, DISK);
        assertEquals(MirroredDisk.content(b), MirroredDisk.content(a));
    }

    /** The source was alive, and only the link was gone: the one that was promoted gives up what was written there meanwhile. */
    @Test
    void whoTookOverByMistakeGivesUpAndTheSourceIsWrittenAgain(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorTakeoverTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        disk.sites.link.cut();
        b.order("promote!", DISK);
        MirroredDisk.writeOne(b, MirroredDisk.BYTES - 4096, 77);
        disk.write(a);
        disk.sites.link.heal();
        fenced(a, "b");
        b.order("demote", DISK);
        MirroredDisk.awaitSaid(b, "trouble", "split_brain");
        assertEquals("REFUSED", b.mirrored(DISK).get("state"));
        assertTrue(b.order("splits", DISK).contains("fork="), b.order("splits", DISK));
        assertEquals(NOT_PERMITTED, MirroredDisk.refusedWrite(a), "nobody has decided yet");
        assertTrue(b.refused("resync", DISK, "a").startsWith("BUSY"), "nothing is lost without an order");
        b.order("resync!", DISK, "a");
        assertTrue(b.order("branches").startsWith("disk."), "what was written there is kept");
        MirroredDisk.awaitImage(a, "SERVING");
        disk.write(a);
        disk.equal(a, b);
        b.order("promote!", DISK);
        fenced(a, "b");
    }

    /** The site of the one that took over is given up, and comes back all the same. */
    @Test
    void whoIsPromotedOverItsFenceIsWrittenAndFencesWhoReturns(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorTakeoverTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        b.order("promote!", DISK);
        MirroredDisk.writeOne(b, MirroredDisk.BYTES - 4096, 77);
        fenced(a, "b");
        b.node().kill();
        a.order("demote", DISK);
        a.order("promote!", DISK);
        disk.write(a);
        disk.sites.restartB();
        fenced(b, "a");
        disk.write(a);
        b.order("lose", DISK, "a");
        disk.equal(a, b);
    }

    private static void fenced(Site site, String by) throws Exception {
        MirroredDisk.awaitSaid(site, "words", "fenced_by_" + by);
        MirroredDisk.awaitImage(site, "FAILING");
        assertEquals(NOT_PERMITTED, MirroredDisk.refusedWrite(site), "EPERM");
    }
}
