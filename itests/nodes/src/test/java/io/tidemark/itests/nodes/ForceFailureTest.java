package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A force fails once under load, and takes what it was to make durable out of the page cache, as Linux does. The node
 * must not trust that file again, clients see a pause and no error, and nothing acknowledged is lost.
 */
@ExtendWith(ScratchExtension.class)
class ForceFailureTest {
    private static final long IMAGE_BYTES = 16L << 20;
    private static final int FAILURES = Seeds.rounds("tidemark.eio.rounds", 2);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final long seed = Seeds.choose("ForceFailureTest");

    @ParameterizedTest
    @EnumSource(Part.class)
    void aFailedForceCostsNothing(Part part, Scratch scratch) throws Exception {
        NodeSettings settings = settings(scratch.newDirectory("images"), scratch.newDirectory("journals"))
                .set("faults", "true");
        Loads loads = loads();
        for (int round = 0; round < FAILURES; round++) {
            NodeProcess node = NodeProcess.start(scratch, settings);
            loads.verify(node);
            loads.start(node, seed + round);
            loads.run(Duration.ofMillis(200));
            node.tell("fault", part.name(), ForgetfulFiles.Force.FAILS_ONCE.name());
            if (part == Part.IMAGE_DIRECTORY) {
                // Forced only where an image is made; who makes one is told, and can make it then.
                String answer = node.ask("create", "more", Long.toString(IMAGE_BYTES), "commit=journal");
                assertTrue(answer.startsWith("error IO"), answer);
                node.tell("create", "more", Long.toString(IMAGE_BYTES), "commit=journal");
                node.tell("delete", "more");
            }
            loads.run(Duration.ofMillis(800));
            Await.until("a force of " + part + " to fail", PATIENCE, () -> node.tell("armed", part.name())
                    .equals("false"));
            Await.until(() -> "the image to serve: " + node.refused(), PATIENCE, () -> node.refused() == null);
            loads.run(Duration.ofMillis(200));
            assertEquals(0, loads.errors(), "clients were told of a failure that the node could mend");
            if (round % 2 == 0) {
                loads.stop();
                loads.verify(node);
                node.stop();
            } else {
                node.kill();
                loads.ended();
            }
        }
        loads.verify(NodeProcess.start(scratch, settings));
    }

    /** The disk itself fails a flush. ext4 then gives up the file system, so the node cannot go on; but it loses nothing. */
    @Test
    void aFlushThatTheDiskFailsCostsNothingThatWasAcknowledged(Scratch scratch) throws Exception {
        PowerRig rig = PowerRig.create(scratch, MountedFs.Kind.EXT4, 400L << 20, "");
        NodeSettings settings = settings(
                Files.createDirectory(rig.directory().resolve("images")),
                Files.createDirectory(rig.directory().resolve("journals")));
        Loads loads = loads();
        for (int round = 0; round < FAILURES; round++) {
            NodeProcess node = NodeProcess.start(scratch, settings);
            loads.verify(node);
            loads.start(node, seed + round);
            loads.run(Duration.ofMillis(300));
            rig.disk().failFlushes(1);
            Await.until("the disk to fail a flush", PATIENCE, () -> rig.disk().failingFlushes() == 0);
            node.kill();
            loads.ended();
            rig.restart();
        }
        loads.verify(NodeProcess.start(scratch, settings));
    }

    private Loads loads() {
        return new Loads()
                .add("plain", new Ledger(IMAGE_BYTES, seed, false), new Mix(2, 8, 4, 4, 5, 10, 1 << 20))
                .add("cached", new Ledger(IMAGE_BYTES, seed + 1, true), Mix.CACHED);
    }

    private static NodeSettings settings(Path images, Path journals) {
        return new NodeSettings(images, journals)
                .set("journal.limit", "24MiB")
                .set("segment", "2MiB")
                .set("checkpoint.bytes", "2MiB")
                .set("checkpoint.interval", "100ms")
                .image("plain", IMAGE_BYTES, "commit=journal")
                .image("cached", IMAGE_BYTES, "commit=volatile");
    }
}
