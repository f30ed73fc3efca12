package io.tidemark.itests.nodes;

import static io.tidemark.itests.nodes.MirroredDisk.DISK;
import static io.tidemark.itests.nodes.MirroredDisk.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.VerifiedLoad;
import io.tidemark.itests.nodes.node.Site;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What writes of a primary wait for when its replicas are slow or gone, and what they do not wait for: as its keys say. */
@ExtendWith(ScratchExtension.class)
class MirrorWaitsTest {
    private static final Duration A_MOMENT = Duration.ofMillis(300);

    /** Nothing is acknowledged, although clients have requests under way all the time. */
    private static void stays(Loads loads) {
        long before = loads.acknowledged();
        loads.endure(A_MOMENT);
        assertEquals(before, loads.acknowledged(), "writes are held");
    }

    /** While there is something to trim, a full journal has room again in a moment; this is when there is not. */
    private static void fills(Site primary, Loads loads) {
        Await.until(() -> "a full journal: " + MirroredDisk.told(primary), PATIENCE, () -> {
            long before = loads.acknowledged();
            loads.endure(A_MOMENT);
            return loads.acknowledged() == before
                    && primary.node().status(DISK).get("state").equals("HOLDING");
        });
        String detail = primary.node().status(DISK).get("detail");
        assertTrue(detail.startsWith("journal_full"), detail);
        awaitWarning(primary, "the_journal_fills_with_what");
    }

    private static void goesOn(Site primary, Loads loads) {
        long before = loads.acknowledged();
        Await.until(
                () -> "writes to be acknowledged: " + MirroredDisk.told(primary) + "\n"
                        + primary.node().log(),
                PATIENCE,
                () -> loads.acknowledged() > before + 200);
    }

    private static void awaitWarning(Site site, String words) {
        Await.until(
                () -> "to be warned that " + words + ": " + MirroredDisk.told(site),
                PATIENCE,
                () -> site.node().status(DISK).get("warnings").contains(words));
    }

    @Test
    void aFullJournalHoldsWritesUntilTheReplicaIsBackOrIsGivenUp(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorWaitsTest", "journal.limit=32MiB", "peer.slow=hold");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        disk.load(a);
        disk.sites.link.stall();
        fills(a, disk.loads);
        disk.sites.link.heal();
        MirroredDisk.awaitImage(a, "SERVING");
        goesOn(a, disk.loads);
        disk.loads.stop();
        assertEquals(0, disk.loads.errors());
        disk.equal(a, b);
        b.wasNeverCopiedAnew();

        // Its node is gone now, and somebody decides that the clients are more important.
        b.node().kill();
        disk.load(a);
        fills(a, disk.loads);
        a.node().tell("configure", DISK, "peer.slow=expire", "peer.slow.size=8MiB");
        MirroredDisk.awaitImage(a, "SERVING");
        goesOn(a, disk.loads);
        disk.loads.stop();
        assertEquals(0, disk.loads.errors());
        disk.sites.restartB();
        MirroredDisk.awaitSaid(b, "trouble", "mirror:resync");
        b.awaitLinked();
        b.order("resync", DISK, "a");
        disk.equal(a, b);
    }

    @Test
    void aWarningHoldsNobodyUpAndEndsWithItsReason(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(
                scratch, "MirrorWaitsTest", "journal.limit=1GiB", "peer.slow=warn", "peer.slow.size=7MiB");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        disk.sites.link.stall();
        disk.load(a);
        Await.until(
                () -> "the replica to lack enough: " + MirroredDisk.told(a),
                PATIENCE,
                () -> Long.parseLong(a.node().status(DISK).get("journalUsedBytes")) > 32L << 20);
        // Replicas are looked at every ten seconds, and when a configuration comes.
        a.node().tell("configure", DISK, "peer.slow.size=8MiB");
        awaitWarning(a, "lacks_more_than_8_MiB");
        goesOn(a, disk.loads);
        Map<String, String> status = a.node().status(DISK);
        assertEquals("SERVING", status.get("state"));
        assertTrue(status.get("warnings").contains("bring_it_back"), status.get("warnings"));
        disk.loads.stop();
        assertEquals(0, disk.loads.errors());
        disk.sites.link.heal();
        disk.equal(a, b);
        a.node().tell("configure", DISK, "peer.slow.size=9MiB");
        Await.until(
                () -> "no warning: " + MirroredDisk.told(a),
                PATIENCE,
                () -> a.node().status(DISK).get("warnings").isEmpty());
        b.wasNeverCopiedAnew();
    }

    /** One primary, two replicas: as many as the rule asks for are waited for, and the rest is as {@code peer.missing} says. */
    @Test
    void whatWaitsForTwoReplicasIsAtBothWhenThePrimaryIsLost(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorWaitsTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        Site c = new Site(scratch, "c").start();
        a.order("peer", "c", "-", c.order("key"));
        a.awaitAddress();
        c.order("peer", "a", a.address().getHostString() + ":" + a.address().getPort(), a.order("key"));
        c.awaitLinked();
        a.order("enable", DISK, "c", "0s");
        disk.equal(a, c);

        a.node().tell("configure", DISK, "commit=replica-durable", "peer.count=2", "peer.timeout=300ms");
        disk.load(a);
        disk.loads.run(A_MOMENT);
        c.node().kill();
        MirroredDisk.awaitImage(a, "HOLDING");
        stays(disk.loads);
        String detail = a.node().status(DISK).get("detail");
        assertTrue(detail.contains("asks_for_2_replicas") && detail.contains("c_is_not_linked"), detail);
        // One is enough for another rule, and for that one nobody is missing.
        a.node().tell("configure", DISK, "peer.count=1");
        MirroredDisk.awaitImage(a, "SERVING");
        goesOn(a, disk.loads);
        a.node().tell("configure", DISK, "peer.count=2", "peer.missing=journal");
        awaitWarning(a, "acknowledging_writes_when_this_node's_journal_has_them");
        goesOn(a, disk.loads);
        assertEquals(0, disk.loads.errors());
        a.node().tell("configure", DISK, "peer.missing=fail");
        MirroredDisk.awaitImage(a, "FAILING");
        Await.until("writes to fail", PATIENCE, () -> disk.loads.errors() > 10);
        a.node().tell("configure", DISK, "commit=replica-arrived", "peer.missing=hold");
        MirroredDisk.awaitImage(a, "HOLDING");
        stays(disk.loads);
        c.start();
        MirroredDisk.awaitImage(a, "SERVING");
        goesOn(a, disk.loads);
        a.node().tell("configure", DISK, "commit=replica-durable");
        goesOn(a, disk.loads);

        a.node().kill();
        disk.loads.ended();
        // Clients of a replica read what it has applied; everything that was acknowledged was received before.
        for (Site replica : new Site[] {b, c}) {
            Await.until(
                    () -> "all that was received to be applied: " + replica.mirrored(DISK),
                    PATIENCE,
                    () -> replica.mirrored(DISK)
                            .get("head")
                            .equals(replica.mirrored(DISK).get("received")));
            assertTrue(VerifiedLoad.undamaged(disk.ledger, () -> replica.node().dial(DISK)), "what was acknowledged");
        }
        c.order("promote!", DISK);
        disk.loads.verify(c.node());
    }

    @Test
    void whatHasArrivedAtAReplicaOutlivesThePrimary(Scratch scratch) throws Exception {
        MirroredDisk disk = MirroredDisk.start(scratch, "MirrorWaitsTest");
        Site a = disk.sites.a;
        Site b = disk.sites.b;
        a.node().tell("configure", DISK, "commit=replica-arrived", "peer.timeout=300ms", "peer.missing=fail");
        disk.load(a);
        disk.loads.run(A_MOMENT);
        assertEquals(0, disk.loads.errors());
        disk.sites.link.cut();
        MirroredDisk.awaitImage(a, "FAILING");
        Await.until("writes to fail", PATIENCE, () -> disk.loads.errors() > 10);
        disk.sites.link.heal();
        MirroredDisk.awaitImage(a, "SERVING");
        goesOn(a, disk.loads);
        a.node().kill();
        disk.loads.ended();
        b.order("promote!", DISK);
        disk.loads.verify(b.node());
        disk.write(b);
    }
}
