package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** A file system in a file, through a loop device. */
public final class MountedFs implements AutoCloseable {
    private final Scratch scratch;
    private final Path point;
    private final String loop;
    private boolean mounted = true;
    private boolean attached = true;

    /** Sorts of file systems. */
    public enum Kind {
        /** ext4. */
        EXT4,
        /** XFS. */
        XFS;

        /**
         * Makes a new file system.
         *
         * @param scratch of the test
         * @param file or device
         */
        public void make(Scratch scratch, Path file) {
            if (this == EXT4) {
                Command.of(scratch, Tool.MKFS_EXT4, "-q", "-F", file.toString())
                        .run()
                        .ok();
            } else {
                Command.of(scratch, Tool.MKFS_XFS, "-q", "-f", file.toString())
                        .run()
                        .ok();
            }
        }

        /**
         * Fails unless the file system is without any fault. It must not be mounted, and its log must be replayed.
         *
         * @param scratch of the test
         * @param file or device
         */
        public void check(Scratch scratch, Path file) {
            if (this == EXT4) {
                Command.of(scratch, Tool.E2FSCK, "-fn", file.toString()).run().ok();
            } else {
                Command.of(scratch, Tool.XFS_REPAIR, "-n", "-f", file.toString())
                        .run()
                        .ok();
            }
        }

        /**
         * The name for mount.
         *
         * @return lower case
         */
        public String type() {
            return this == EXT4 ? "ext4" : "xfs";
        }
    }

    private MountedFs(Scratch scratch, Path point, String loop) {
        this.scratch = scratch;
        this.point = point;
        this.loop = loop;
    }

    /**
     * A new ext4 of a given size.
     *
     * @param scratch of the test
     * @param bytes that its file has
     * @return the mounted file system
     * @throws IOException when its file cannot be made
     */
    public static MountedFs ofSize(Scratch scratch, long bytes) throws IOException {
        Path file = scratch.newFile("small.img");
        try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
            made.setLength(bytes);
        }
        Kind.EXT4.make(scratch, file);
        return mount(scratch, Kind.EXT4, file, scratch.newDirectory("small"), "");
    }

    /**
     * Mounts.
     *
     * @param scratch of the test
     * @param kind of the file system
     * @param file that holds it
     * @param point an empty directory
     * @param options for mount; may be empty
     * @return the mounted file system
     */
    public static MountedFs mount(Scratch scratch, Kind kind, Path file, Path point, String options) {
        Root.needed("a loop mount");
        String loop = Command.of(scratch, Tool.LOSETUP, "--find", "--show", file.toString())
                .run()
                .ok()
                .out()
                .strip();
        MountedFs fs = new MountedFs(scratch, point, loop);
        fs.mounted = false;
        scratch.defer(point + " on " + loop, fs::close);
        String given = options.isEmpty() ? "rw" : "rw," + options;
        Command.of(scratch, Tool.MOUNT, "-t", kind.type(), "-o", given, loop, point.toString())
                .run()
                .ok();
        fs.mounted = true;
        return fs;
    }

    /**
     * Where it is mounted.
     *
     * @return a directory
     */
    public Path directory() {
        return point;
    }

    /** Unmounts, by force where it does not go otherwise, and lets go of the loop device. Does nothing the second time. */
    @Override
    public void close() {
        if (mounted) {
            mounted = false;
            if (Command.of(scratch, Tool.UMOUNT, point.toString()).run().exit() != 0) {
                Command.of(scratch, Tool.UMOUNT, "-l", point.toString()).run();
            }
        }
        if (attached) {
            attached = false;
            Command.of(scratch, Tool.LOSETUP, "--detach", loop).run();
        }
    }
}
