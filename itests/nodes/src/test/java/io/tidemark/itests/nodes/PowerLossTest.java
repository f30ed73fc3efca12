package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.tidemark.api.StorageException;
import io.tidemark.itests.nodes.disk.PowerRig;
import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.MountedFs;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.node.ForgetfulFiles;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import io.tidemark.itests.nodes.node.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The power goes while clients write. Journal and image lie on a file system of the kernel, on a disk that loses and
 * reorders what was not flushed; so, other than with kill -9, a force that is missing costs data. Then forces are left out
 * one sort at a time, and each time the loss has to be seen: that is what proves the loop. {@code
 * -Dtidemark.power.rounds=N} makes it longer.
 */
@ExtendWith(ScratchExtension.class)
class PowerLossTest {
    private static final int ROUNDS = Seeds.rounds("tidemark.power.rounds", 3);
    /** Ended by the first loss; some sorts of forces cost something only where the power goes just then. */
    private static final int ROUNDS_WITH_FAULT = 50;

    /** An eighth of a journal. */
    private static final int MOST_MIB = 6;

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long DISK_BYTES = 400L << 20;
    private static final long IMAGE_BYTES = 16L << 20;
    private static final long FRESH_BYTES = 4L << 20;

    private final long seed = Seeds.choose("PowerLossTest");

    @ParameterizedTest
    @EnumSource(MountedFs.Kind.class)
    void nothingAcknowledgedIsLost(MountedFs.Kind kind, Scratch scratch) throws Exception {
        PowerRig rig = PowerRig.create(scratch, kind, DISK_BYTES, "");
        play(new Rounds(scratch, rig, List.of(rig), kind.ordinal(), 1));
    }

    /** On the rig on which forces are left out: what is noticed there is not the rig's. */
    @Test
    void nothingAcknowledgedIsLostOnDisksOfTheirOwn(Scratch scratch) throws Exception {
        play(apart(scratch, 50));
    }

    private static void play(Rounds rounds) throws IOException {
        for (int round = 0; round < ROUNDS; round++) {
            assertNull(rounds.next(), "round " + round);
        }
        assertNull(rounds.next(), "after the last round");
    }

    @ParameterizedTest
    @EnumSource(Part.class)
    void aForceThatIsLeftOutIsNoticed(Part part, Scratch scratch) throws Exception {
        Rounds rounds = apart(scratch, 100 + part.ordinal());
        rounds.settings.set("fault." + part, ForgetfulFiles.Force.SKIPPED.name());
        String noticed = null;
        for (int round = 0; round < ROUNDS_WITH_FAULT && noticed == null; round++) {
            noticed = rounds.next();
        }
        assertNotNull(noticed, "forces of " + part + " were left out, and nothing was lost: this loop cannot see them");
        String shown = noticed.replaceAll("\\s+", " ");
        System.out.println(
                "PowerLossTest: without forces of " + part + ": " + shown.substring(0, Math.min(shown.length(), 240)));
    }

    /**
     * Images on one disk, and a journal striped over two others.
     *
     * <p>The kernel writes back and commits by itself each few seconds; a long interval leaves that to the product. Several, because
     * a force of a new file commits all that happened in its file system before. What lies beside the segments is in the first
     * directory of a journal; in the second one little is forced but names.
     */
    private Rounds apart(Scratch scratch, int stream) throws Exception {
        PowerRig images = PowerRig.create(scratch, MountedFs.Kind.EXT4, DISK_BYTES / 2, "commit=300");
        List<PowerRig> journals = List.of(
                PowerRig.create(scratch, MountedFs.Kind.EXT4, DISK_BYTES / 2, "commit=300"),
                PowerRig.create(scratch, MountedFs.Kind.EXT4, DISK_BYTES / 2, "commit=300"));
        return new Rounds(scratch, images, journals, stream, 4);
    }

    /** A node on a rig, from power loss to power loss. In each round an image is made, and the one before it deleted. */
    private final class Rounds {
        private final Scratch scratch;
        private final Set<PowerRig> rigs = new LinkedHashSet<>();
        private final RandomGenerator random;
        private final NodeSettings settings;
        private final Loads loads = new Loads()
                .add("plain", new Ledger(IMAGE_BYTES, seed, false), new Mix(2, 8, 4, 4, 5, 10, 1 << 20))
                .add("cached", new Ledger(IMAGE_BYTES, seed + 1, true), Mix.CACHED)
                .add("both", new Ledger(FRESH_BYTES, seed + 2, false), Mix.SMALL);
        private final int leastMib;
        private String fresh;
        private int round;

        /** Checkpoints come after so many MiB or some more: trimming forces files, and the names in their file system. */
        Rounds(Scratch scratch, PowerRig images, List<PowerRig> journals, int stream, int leastMib) throws IOException {
            this.scratch = scratch;
            this.leastMib = leastMib;
            rigs.add(images);
            rigs.addAll(journals);
            Path[] directories = new Path[journals.size()];
            for (int i = 0; i < directories.length; i++) {
                directories[i] =
                        Files.createDirectory(journals.get(i).directory().resolve("journals"));
            }
            this.random = Seeds.random(seed, stream);
            this.settings = new NodeSettings(
                            Files.createDirectory(images.directory().resolve("images")), directories)
                    .set("journal.limit", "48MiB")
                    // As small as they may be, so that many are used again under another name.
                    .set("segment", "1088KiB")
                    // Less memory than backlog, as images have that are not small: small batches then go through the
                    // page cache and large ones past it, in one segment. The others' all go past it.
                    .image("plain", IMAGE_BYTES, "commit=journal", "payload.limit=4MiB")
                    .image("cached", IMAGE_BYTES, "commit=volatile")
                    .image("both", FRESH_BYTES, "commit=journal+image");
        }

        /** Starts the node, verifies, writes and cuts the power. Answers what was lost, or null. */
        String next() throws IOException {
            settings.set("checkpoint.bytes", Long.toString((long) random.nextInt(leastMib, MOST_MIB + 1) << 20))
                    .set("checkpoint.interval", (20 + random.nextInt(2000)) + "ms");
            NodeProcess node;
            try {
                node = NodeProcess.start(scratch, settings);
            } catch (AssertionError e) {
                // Only what the node says of an image counts: one that is silent or slow has seen nothing.
                if (!e.getMessage().contains(StorageException.class.getName())) {
                    throw e;
                }
                return "the node does not start: " + e.getMessage();
            }
            String lost = node.refused();
            lost = lost == null ? loads.compare(node) : lost;
            if (lost == null) {
                renew(node);
                writeAndCut(node);
            }
            return lost;
        }

        /** What a command reported as done is to survive, too. */
        private void renew(NodeProcess node) {
            if (fresh != null) {
                String old = fresh;
                // The last client's goodbye may still be on its way.
                Await.until("deleting " + old, PATIENCE, () -> !node.ask("delete", old)
                        .contains("BUSY"));
                settings.withoutImage(fresh);
                loads.remove(fresh);
            }
            fresh = "fresh" + ++round;
            node.tell("create", fresh, Long.toString(FRESH_BYTES), "checkpoint.interval=1h", "journal.limit=48MiB");
            settings.image(fresh, FRESH_BYTES);
            loads.add(fresh, new Ledger(FRESH_BYTES, seed + 100 + round, false), Mix.SMALL);
        }

        private void writeAndCut(NodeProcess node) throws IOException {
            loads.start(node, random.nextLong());
            loads.run(Duration.ofMillis(random.nextInt(3) == 0 ? random.nextInt(50) : 200 + random.nextInt(1000)));
            loads.freeze();
            for (PowerRig rig : rigs) {
                System.out.println("PowerLossTest: round " + round + ": " + rig.cut(random));
            }
            node.kill();
            loads.abort();
            for (PowerRig rig : rigs) {
                rig.restart();
            }
        }
    }
}
