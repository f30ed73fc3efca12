package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.FileTree;
import io.tidemark.itests.nodes.harness.FuseDisk;
import io.tidemark.itests.nodes.harness.MountedFs;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.node.NodeProcess;
import io.tidemark.itests.nodes.node.NodeSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ext4 and XFS on an image, with some thousand files; the node is killed while they are written. */
@ExtendWith(ScratchExtension.class)
class RealFileSystemTest {
    private static final int ROUNDS = Seeds.rounds("tidemark.fs.rounds", 2);
    private static final int STEPS = 3_000;
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final long seed = Seeds.choose("RealFileSystemTest");

    @ParameterizedTest
    @CsvSource({"EXT4,journal", "XFS,journal", "EXT4,volatile"})
    void whatWasSyncedIsThereAfterAKill(MountedFs.Kind kind, String commit, Scratch scratch) throws Exception {
        RandomGenerator random = Seeds.random(seed, kind.ordinal());
        FileTree tree = new FileTree(scratch, random);
        NodeSettings settings = new NodeSettings(scratch.newDirectory("images"), scratch.newDirectory("journals"))
                .set("journal.limit", "128MiB")
                .image("disk", 768L << 20, "commit=" + commit);
        Path point = scratch.newDirectory("mnt");
        NodeProcess node = NodeProcess.start(scratch, settings);
        FuseDisk disk = FuseDisk.attach(scratch, node.uri("disk"));
        kind.make(scratch, disk.file());
        int files = 0;
        for (int round = 0; round < ROUNDS; round++) {
            MountedFs fs = MountedFs.mount(scratch, kind, disk.file(), point, "");
            writeUntilKilled(node, fs, tree, STEPS / 3 + random.nextInt(STEPS / 2));
            fs.close();
            disk.close();
            node = NodeProcess.start(scratch, settings);
            disk = FuseDisk.attach(scratch, node.uri("disk"));
            files = verify(scratch, kind, disk, point, tree);
        }
        MountedFs fs = MountedFs.mount(scratch, kind, disk.file(), point, "");
        assertTrue(tree.write(fs.directory(), STEPS / 3, () -> {}), "the file system failed on a healthy node");
        files = Math.max(files, tree.verify(fs.directory()));
        fs.close();
        kind.check(scratch, disk.file());
        assertTrue(files >= 2_000, "only " + files + " files");
    }

    private static void writeUntilKilled(NodeProcess node, MountedFs fs, FileTree tree, int steps) throws Exception {
        Semaphore done = new Semaphore(0);
        CompletableFuture<Boolean> writing =
                CompletableFuture.supplyAsync(() -> tree.write(fs.directory(), Integer.MAX_VALUE, done::release));
        if (!done.tryAcquire(steps, PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("after " + PATIENCE.toSeconds() + " s not even " + steps + " files are written");
        }
        node.kill();
        writing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Mounting replays the file system's own journal; after that it must be without any fault. */
    private static int verify(Scratch scratch, MountedFs.Kind kind, FuseDisk disk, Path point, FileTree tree) {
        MountedFs fs = MountedFs.mount(scratch, kind, disk.file(), point, "");
        int files = tree.verify(fs.directory());
        fs.close();
        kind.check(scratch, disk.file());
        return files;
    }
}
