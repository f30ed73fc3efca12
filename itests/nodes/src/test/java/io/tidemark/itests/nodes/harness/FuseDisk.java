package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** An NBD export as a file, through nbdfuse. */
public final class FuseDisk implements AutoCloseable {
    private final Scratch scratch;
    private final Path file;
    private final Command.Running process;
    private boolean closed;

    private FuseDisk(Scratch scratch, Path file, Command.Running process) {
        this.scratch = scratch;
        this.file = file;
        this.process = process;
    }

    /**
     * Attaches an export.
     *
     * @param scratch of the test
     * @param uri of the export
     * @return the attached disk, ready
     */
    public static FuseDisk attach(Scratch scratch, String uri) {
        Root.needed("a FUSE mount");
        try {
            Path file = Files.createFile(scratch.newFile("fuse.img"));
            Path ready = scratch.newFile("fuse.pid");
            Command.Running process = Command.of(scratch, Tool.NBDFUSE, "-P", ready.toString(), file.toString(), uri)
                    .start();
            FuseDisk disk = new FuseDisk(scratch, file, process);
            scratch.defer(file + " (nbdfuse)", disk::close);
            Await.until(() -> "nbdfuse on " + uri + ": " + process.errors(), Duration.ofSeconds(30), () -> {
                if (!process.alive()) {
                    throw new AssertionError("nbdfuse ended: " + process.errors());
                }
                return Files.exists(ready) && Files.size(ready) > 0;
            });
            return disk;
        } catch (IOException e) {
            throw new AssertionError("cannot attach " + uri, e);
        }
    }

    /**
     * The file that is the disk.
     *
     * @return its path
     */
    public Path file() {
        return file;
    }

    /** Detaches. Does nothing the second time. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Command.of(scratch, Tool.FUSERMOUNT, "-u", file.toString()).run();
        if (process.alive() && !ends(Duration.ofSeconds(5))) {
            Command.of(scratch, Tool.UMOUNT, "-l", file.toString()).run();
            process.kill();
        }
    }

    private boolean ends(Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        while (process.alive() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        return !process.alive();
    }
}
