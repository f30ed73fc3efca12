package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.node.Contents;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Replicas of replicas in three processes, and images of one process that follow each other. */
@ExtendWith(ScratchExtension.class)
class CascadeTest {
    private static final String DISK = "disk";
    private static final long BYTES = 16L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final long seed = Seeds.choose("CascadeTest");
    private final Loads loads = new Loads().add(DISK, new Ledger(BYTES, seed, false), Mix.MIRRORED);
    private int runs;

    private void write(Site primary, Duration duration) throws Exception {
        loads.start(primary.node(), seed + runs++);
        loads.run(duration);
        loads.stop();
        assertEquals(0, loads.errors());
    }

    /** What the replica {@code there} shows is what the primary shows, byte by byte. */
    private static void awaitSame(Site primary, Site replica, String there) throws Exception {
        Await.until(
                () -> there + " to have everything: "
                        + primary.node().status(DISK).get("durable") + ", "
                        + replica.node().status(there) + "\n" + replica.node().log(),
                PATIENCE,
                () -> {
                    Map<String, String> now = replica.node().status(there);
                    String durable = primary.node().status(DISK).get("durable");
                    return now.get("state").equals("SERVING")
                            && now.get("applied").equals(durable);
                });
        assertEquals(Contents.of(primary.node(), DISK, BYTES), Contents.of(replica.node(), there, BYTES));
    }

    @Test
    void aReplicaIsTheSourceOfAnotherOneAndTakesOver(Scratch scratch) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        sites.a.settings().image(DISK, BYTES, "commit=journal");
        sites.start();
        Site c = new Site(scratch, "c").start();
        c.order("peer", "b", "-", sites.b.order("key"));
        c.awaitAddress();
        sites.b.order(
                "peer", "c", c.address().getHostString() + ":" + c.address().getPort(), c.order("key"));
        c.awaitLinked();
        write(sites.a, Duration.ofMillis(300));
        sites.a.order("enable", DISK, "b", "0s");
        TwoSites.awaitEqual(sites.a, sites.b, DISK);

        // Copied from the middle while the first one writes.
        loads.start(sites.a.node(), seed + 50);
        sites.b.order("enable", DISK, "c", "0s");
        loads.run(Duration.ofMillis(500));
        loads.stop();
        awaitSame(sites.a, c, DISK);

        // The middle is killed and misses some.
        loads.start(sites.a.node(), seed + 51);
        sites.b.node().kill();
        loads.run(Duration.ofMillis(300));
        loads.stop();
        sites.restartB();
        awaitSame(sites.a, c, DISK);
        assertTrue(c.refused("promote", DISK).contains("is a replica itself"), "its source is none");

        // The first one is gone, the middle takes over, and the last one goes on with it.
        sites.a.node().kill();
        sites.b.order("promote!", DISK);
        write(sites.b, Duration.ofMillis(300));
        awaitSame(sites.b, c, DISK);
        loads.verify(c.node());
    }

    @Test
    void aReplicaWithoutARelayIsWholeAfterKillsAndKeepsLittle(Scratch scratch) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
        sites.a.settings().image(DISK, BYTES, "commit=journal");
        sites.start();
        write(sites.a, Duration.ofMillis(300));
        assertTrue(sites.a.refused("enable", DISK, "b", "1h", "relay=off").contains("delay: "), "a contradiction");
        sites.a.order("enable", DISK, "b", "0s", "relay=off");
        for (int i = 0; i < 3; i++) {
            loads.start(sites.a.node(), seed + 70 + i);
            loads.run(Duration.ofMillis(300));
            sites.b.node().kill();
            loads.run(Duration.ofMillis(200));
            sites.restartB();
            loads.stop();
            assertEquals(0, loads.errors());
            awaitSame(sites.a, sites.b, DISK);
        }
        Await.until(() -> "b to keep little: " + sites.b.node().status(DISK), PATIENCE, () -> {
            Map<String, String> now = sites.b.node().status(DISK);
            return now.get("checkpointed").equals(now.get("durable"))
                    && Long.parseLong(now.get("journalUsedBytes")) <= 64L << 20;
        });
        assertTrue(sites.b.refused("hold", DISK).contains("relay: "), "it has nothing to wait in");
        assertTrue(sites.b.refused("delay", DISK, "1h").contains("relay: "), "it has nothing to wait in");
        assertTrue(
                sites.b.refused("enable", DISK, "a", "0s").contains("nothing can follow it"), "nor anything to send");
        write(sites.a, Duration.ofMillis(200));
        awaitSame(sites.a, sites.b, DISK);
        loads.verify(sites.b.node());
    }

    @Test
    void anImageFollowsAnotherOneOfTheSameProcessOverKills(Scratch scratch) throws Exception {
        Site a = new Site(scratch, "a");
        a.settings().image(DISK, BYTES, "commit=journal");
        a.start();
        a.order("local", "here");
        write(a, Duration.ofMillis(300));
        loads.start(a.node(), seed + 60);
        a.order("follow", DISK, "here", "copy");
        loads.run(Duration.ofMillis(500));
        loads.stop();
        awaitSame(a, a, "copy");
        loads.start(a.node(), seed + 61);
        loads.run(Duration.ofMillis(300));
        a.node().kill();
        loads.ended();
        a.start();
        loads.verify(a.node());
        awaitSame(a, a, "copy");
        write(a, Duration.ofMillis(300));
        awaitSame(a, a, "copy");
    }
}
