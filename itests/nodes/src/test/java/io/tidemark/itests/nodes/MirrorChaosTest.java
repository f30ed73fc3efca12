package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.node.TwoSites;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Verified writes on the primary, while one of both nodes is killed with -9 or the link between them is cut, stalled, slowed, or
 * spoilt. After healing the replica has everything, byte by byte, and was never copied a second time. {@code
 * -Dtidemark.mirror.seconds=N} makes it longer; beyond four minutes it needs {@code
 * -Djunit.jupiter.execution.timeout.testable.method.default=1h}, too.
 */
@ExtendWith(ScratchExtension.class)
class MirrorChaosTest {
    private static final String DISK = "disk";
    private static final long BYTES = 24L << 20;
    private static final int SECONDS = Seeds.rounds("tidemark.mirror.seconds", 120);
    private static final int HARMS = 7;

    private final long seed = Seeds.choose("MirrorChaosTest");
    private final RandomGenerator random = Seeds.random(seed, 1);

    @Test
    void theReplicaIsItsPrimaryWheneverAllIsWellAgain(Scratch scratch) throws Exception {
        TwoSites sites = TwoSites.create(scratch);
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
        for (; System.nanoTime() < end; rounds++) {
            loads.start(sites.a.node(), seed + rounds);
            for (int harms = 1 + random.nextInt(3); harms > 0; harms--) {
                loads.run(Duration.ofMillis(random.nextInt(300)));
                harm(sites, loads, seed + 1000 + rounds * 10L + harms);
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

    /** While the replica does not follow, the journal fills up with what it lacks, and then writes are held. */
    private void harm(TwoSites sites, Loads loads, long loadSeed) throws Exception {
        switch (random.nextInt(HARMS)) {
            case 0 -> {
                sites.b.node().kill();
                loads.endure(Duration.ofMillis(random.nextInt(500)));
                sites.restartB();
            }
            case 1 -> {
                sites.a.node().kill();
                loads.ended();
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
