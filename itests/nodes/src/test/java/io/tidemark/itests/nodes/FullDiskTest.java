package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Ballast;
import io.tidemark.itests.nodes.harness.MountedFs;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The file system of the journal, or of journal and thin image together, becomes really full under load; the node is
 * killed; and what was acknowledged is there, first without space if the node can serve so, and certainly with space.
 */
@ExtendWith(ScratchExtension.class)
class FullDiskTest {
    /** As NBD has it. */
    private static final int NO_SPACE = 28;

    private static final int ROUNDS = Seeds.rounds("tidemark.full.rounds", 13);

    /** Each such round, and the last one, goes on for long when it is full, and is followed by a further kill and start. */
    private static final int LONG_PART = 4;

    private static final long DISK_BYTES = 64L << 20;
    private static final long IMAGE_BYTES = 24L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final long seed = Seeds.choose("FullDiskTest");

    @ParameterizedTest
    @CsvSource({"false,hold", "false,fail", "true,hold", "true,fail"})
    void nothingAcknowledgedIsLost(boolean imageToo, String whenFull, Scratch scratch) throws Exception {
        MountedFs fs = MountedFs.ofSize(scratch, DISK_BYTES);
        Ballast ballast = new Ballast(fs.directory());
        Path images = imageToo ? Files.createDirectory(fs.directory().resolve("i")) : scratch.newDirectory("images");
        NodeSettings settings = new NodeSettings(
                        images, Files.createDirectory(fs.directory().resolve("j")))
                // Far more than there is: what the journal may take is bounded by what the image needs.
                .set("journal.limit", "1GiB")
                .set("segment", "4MiB")
                .set("journal.full", whenFull)
                .image("disk", IMAGE_BYTES, "commit=journal");
        Ledger ledger = new Ledger(IMAGE_BYTES, seed, false);
        Loads loads = new Loads().add("disk", ledger, new Mix(2, 16, 2, 3, 5, 10, 512 << 10));
        RandomGenerator random = Seeds.random(seed, whenFull.hashCode() + (imageToo ? 1 : 0));
        int full = 0;
        int unserved = 0;
        Set<Integer> errors = new HashSet<>();
        NodeProcess node = NodeProcess.start(scratch, settings);
        for (int round = 0; round < ROUNDS; round++) {
            loads.start(node, seed + round);
            loads.run(Duration.ofMillis(20 + random.nextInt(150)));
            ballast.fill((long) random.nextInt(6) << 19);
            Duration time = Duration.ofMillis(200 + random.nextInt(600));
            // On a slow disk all rounds may end before it is full: the last one goes on until it has been, and has been
            // noticed.
            boolean last = round == ROUNDS - 1;
            boolean longPart = last || round % LONG_PART == 0;
            Duration timeFull = Duration.ofMillis(longPart ? 300 + random.nextInt(1500) : random.nextInt(100));
            boolean failed = last && whenFull.equals("fail") && errors.isEmpty();
            full += runUntilFull(node, loads, time, timeFull, last && full == 0, failed) ? 1 : 0;
            node.kill();
            loads.ended();
            if (whenFull.equals("hold")) {
                assertTrue(loads.errors() == 0, "requests failed, but were to be held");
            }
            errors.addAll(loads.errorNumbers());
            // It goes on under load when it has space: the next kill is in what this start has made of the journal.
            node = NodeProcess.start(scratch, settings);
            unserved += verifyWithoutSpace(node, loads, ballast) ? 1 : 0;
            if (longPart) {
                // What it made of the journal without space is read by one that had space from the beginning.
                node.kill();
                node = NodeProcess.start(scratch, settings);
                loads.verify(node);
            }
        }
        System.out.println("FullDiskTest: " + whenFull + (imageToo ? ", image too" : "") + ": full in " + full + " of "
                + ROUNDS + " rounds, in " + unserved + " not served without space");
        assertTrue(full > 0, "it was never full: this tests nothing");
        if (whenFull.equals("fail")) {
            assertEquals(Set.of(NO_SPACE), errors, "the numbers with which requests failed");
        }
    }

    /**
     * Whether the image said that it is full within the time; the round goes on for a further time then. It need not be: applying
     * may free as much as is written.
     */
    private static boolean runUntilFull(
            NodeProcess node, Loads loads, Duration time, Duration timeFull, boolean needed, boolean failedNeeded) {
        long end = System.nanoTime() + time.toNanos();
        long[] endFull = {Long.MAX_VALUE};
        Await.until("the end of a round", PATIENCE, () -> {
            String state = node.status("disk").get("state");
            long now = System.nanoTime();
            if (endFull[0] == Long.MAX_VALUE && (!state.equals("SERVING") || loads.errors() > 0)) {
                endFull[0] = now + timeFull.toNanos();
            }
            boolean full = endFull[0] != Long.MAX_VALUE;
            return (full ? now - endFull[0] >= 0 : now - end > 0 && !needed) && (loads.errors() > 0 || !failedNeeded);
        });
        return endFull[0] != Long.MAX_VALUE;
    }

    /**
     * Whether a node that has just started could not serve. Where it does, everything has to be there; where it does not, it
     * says why, and goes on by itself as soon as there is space.
     */
    private static boolean verifyWithoutSpace(NodeProcess node, Loads loads, Ballast ballast) throws IOException {
        String refused = node.refused();
        boolean served = refused == null || refused.contains("HOLDING") || refused.contains("FAILING");
        if (served) {
            loads.verify(node);
        } else {
            assertTrue(refused.contains("space"), "not served, but not for lack of space: " + refused);
            System.out.println("FullDiskTest: without space: " + refused);
        }
        ballast.drop();
        Await.until(() -> "the image to serve: " + node.refused(), PATIENCE, () -> node.refused() == null);
        loads.verify(node);
        return !served;
    }
}
