package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.FioVerify;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * Round after round: verified loads and fio with its own checksums write, the node is killed with -9 at a random instant, starts
 * again, and has to hold everything that it had acknowledged. Two of three rounds are on plain Felix; without it a node starts
 * sooner. {@code -Dtidemark.kill.rounds=N} makes it longer.
 */
abstract class KillLoop {
    private static final int ROUNDS = Seeds.rounds("tidemark.kill.rounds", 50);
    private static final long IMAGE_BYTES = 12L << 20;
    private static final long FIO_BYTES = 256L << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final long seed = Seeds.choose(getClass().getSimpleName());

    /** Half of the rounds. */
    void run(int journalDirectories, Scratch scratch) throws Exception {
        RandomGenerator random = Seeds.random(seed, 1000 + journalDirectories);
        Loads loads = new Loads()
                .add("plain", new Ledger(IMAGE_BYTES, seed, false), Mix.ALL.inBursts(8 + random.nextInt(56)))
                .add("cached", new Ledger(IMAGE_BYTES, seed + 1, true), Mix.CACHED.inBursts(8 + random.nextInt(56)))
                .add("both", new Ledger(IMAGE_BYTES, seed + 2, false), new Mix(1, 4, 5, 2, 5, 10, 64 << 10));
        NodeSettings settings = settings(scratch, journalDirectories);
        FioVerify fio = null;
        int verified = 0;
        int written = 0;
        long writes = 0;
        int rounds = ROUNDS / 2;
        // After the last kill there is a start that only verifies.
        for (int round = 0; round <= rounds; round++) {
            settings.set("checkpoint.bytes", Long.toString(1L << (20 + random.nextInt(4))))
                    .set("checkpoint.interval", (20 + random.nextInt(2000)) + "ms");
            boolean onFelix = round % 3 < 2;
            NodeProcess node =
                    onFelix ? NodeProcess.startFelix(scratch, settings) : NodeProcess.start(scratch, settings);
            long more = verify(node, loads, fio);
            writes += more;
            verified += more > 0 ? 1 : 0;
            if (round == rounds) {
                break;
            }
            fio = new FioVerify(scratch, seed + round, FIO_BYTES, 1 + random.nextInt(2));
            fio.start(node.uri("fio"), node.pid());
            // It takes its time to start, and what it has not written it cannot verify.
            Await.until(
                    "fio to write",
                    PATIENCE,
                    () -> Long.parseLong(node.status("fio").get("writes")) > 0);
            loads.start(node, seed + 31L * round);
            long before = loads.acknowledged();
            loads.run(Duration.ofMillis(50 + random.nextInt(600)));
            fio = kill(node, fio);
            loads.ended();
            written += loads.acknowledged() > before ? 1 : 0;
            assertEquals(0, loads.errors(), "requests failed before the kill");
        }
        System.out.println(
                getClass().getSimpleName() + ": " + loads.acknowledged() + " writes acknowledged, fio verified "
                        + writes + " more in " + verified + " of " + rounds + " rounds");
        assertTrue(written > rounds / 2, "of only " + written + " loads anything was acknowledged: they test little");
        assertTrue(
                verified > rounds / 2,
                "fio was ready before the kill or wrote nothing in most rounds: they test little");
    }

    private static NodeSettings settings(Scratch scratch, int journalDirectories) {
        java.nio.file.Path[] journals = new java.nio.file.Path[journalDirectories];
        for (int index = 0; index < journalDirectories; index++) {
            journals[index] = scratch.newDirectory("journals");
        }
        return new NodeSettings(scratch.newDirectory("images"), journals)
                .set("journal.limit", "64MiB")
                .set("segment", "4MiB")
                .image("plain", IMAGE_BYTES, "commit=journal")
                .image("cached", IMAGE_BYTES, "commit=volatile")
                .image("both", IMAGE_BYTES, "commit=journal+image")
                .image("fio", FIO_BYTES, "commit=journal");
    }

    /** fio reads one block after the other, so the loads are compared meanwhile; returns what fio verified. */
    private static long verify(NodeProcess node, Loads loads, FioVerify fio) throws Exception {
        CompletableFuture<Long> verified =
                CompletableFuture.supplyAsync(() -> fio == null ? 0L : fio.verify(node.uri("fio")));
        try {
            loads.verify(node);
        } finally {
            // Also where the loads differ: what it uses goes with the test.
            verified.exceptionally(e -> 0L).join();
        }
        return verified.get();
    }

    /** fio kills, so that it knows what was acknowledged; where it was ready before, there is nothing left but to do it. */
    private static FioVerify kill(NodeProcess node, FioVerify fio) {
        fio.pull();
        boolean noted = fio.await();
        node.kill();
        return noted ? fio : null;
    }
}
