package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Ballast;
import io.tidemark.itests.nodes.harness.MountedFs;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import java.nio.file.Files;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Verified writes on the primary, while one of both nodes is killed with -9, the link between them is cut, stalled, slowed, or
 * spoilt, or the file system of the replica's journal is full. After healing the replica has everything, byte by byte, and was
 * never copied a second time. {@code -Dtidemark.mirror.seconds=N} makes it longer; the README of these tests has the command.
 */
@ExtendWith(ScratchExtension.class)
class MirrorChaosTest {
    private static final String DISK = "disk";
    private static final long BYTES = 24L << 20;
    private static final int SECONDS = Seeds.rounds("tidemark.mirror.seconds", 120);
    private static final int HARMS = 8;
    private static final int FULL = 7;
    private static final long DISK_BYTES = 96L << 20;

    private final long seed = Seeds.choose("MirrorChaosTest");
    private final RandomGenerator random = Seeds.random(seed, 1);

    @Test
    void theReplicaIsItsPrimaryWheneverAllIsWellAgain(Scratch scratch) throws Exception {
        MountedFs small = MountedFs.ofSize(scratch, DISK_BYTES);
        Ballast ballast = new Ballast(small.directory());
        TwoSites sites =
                TwoSites.create(scratch, Files.createDirectory(small.directory().resolve("j")));
        sites.a
                .settings()
                .set("journal.limit", "256MiB")
                .set("segment", "4MiB")
                .set("checkpoint.interval", "200ms")
                .image(DISK, BYTES, "commit=journal", "peer.ask.timeout=500ms");
        sites.b.settings().set("segment", "4MiB");
        sites.start();
        Loads loads = new Loads().add(DISK, new Ledger(BYTES, seed, false), new Mix(2, 8, 4, 4, 5, 10, 256 << 10));
        sites.a.order("enable", DISK, "b", "0s");
        TwoSites.awaitEqual(sites.a, sites.b, DISK);
        long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        int rounds = 0;
        // Each of them once at least.
        int next = 0;
        for (; System.nanoTime() < end; rounds++) {
            loads.start(sites.a.node(), seed + rounds);
            for (int harms = 1 + random.nextInt(3); harms > 0; harms--) {
                loads.run(Duration.ofMillis(random.nextInt(300)));
                int which = next < HARMS ? next++ : random.nextInt(HARMS);
                if (which == FULL) {
                    fillUp(sites.b, ballast, loads);
                } else {
                    harm(which, sites, loads, seed + 1000 + rounds * 10L + harms);
                }
            }
            loads.run(Duration.ofMillis(random.nextInt(300)));
            loads.stop();
            assertEquals(0, loads.errors(), "the primary failed requests");
            sites.link.heal();
            TwoSites.awaitEqual(sites.a, sites.b, DISK);
            loads.verify(sites.b.node());
        }
        loads.verify(sites.a.node());
        sites.b.wasNeverCopiedAnew();
        System.out.println("MirrorChaosTest: " + rounds + " rounds, " + loads.acknowledged() + " writes acknowledged");
    }

    /** The replica is held, so that its journal keeps all, and cannot take any more when there is no space left. */
    private static void fillUp(Site replica, Ballast ballast, Loads loads) throws Exception {
        replica.awaitLinked();
        replica.order("hold", DISK);
        ballast.fill(0);
        loads.endure(Duration.ofMillis(300));
        Await.until(
                () -> "the replica's journal to be full: " + replica.mirrored(DISK) + "\n"
                        + replica.node().log(),
                Duration.ofSeconds(60),
                () -> {
                    loads.endure(Duration.ofMillis(50));
                    return replica.node().log().contains("no further segment can be prepared");
                });
        ballast.drop();
        replica.order("release", DISK);
    }

    /** While the replica does not follow, the journal fills up with what it lacks, and then writes are held. */
    private void harm(int which, TwoSites sites, Loads loads, long loadSeed) throws Exception {
        switch (which) {
            case 0 -> {
                sites.b.node().kill();
                loads.endure(Duration.ofMillis(random.nextInt(500)));
                sites.restartB();
            }
            case 1 -> {
                sites.a.node().kill();
                loads.ended();
                assertEquals(0, loads.errors(), "the primary failed requests");
                sites.a.start();
                loads.verify(sites.a.node());
                loads.start(sites.a.node(), loadSeed);
            }
            case 2 -> {
                sites.link.cut();
                loads.endure(Duration.ofMillis(random.nextInt(500)));
                sites.link.heal();
            }
            case 3 -> {
                sites.link.stall();
                loads.endure(Duration.ofMillis(random.nextInt(500)));
                sites.link.heal();
            }
            case 4 -> {
                sites.link.slow(1 << 20);
                loads.endure(Duration.ofMillis(random.nextInt(500)));
                sites.link.heal();
            }
            case 5 -> sites.link.repeatOne();
            default -> sites.link.swapTwo();
        }
    }
}
