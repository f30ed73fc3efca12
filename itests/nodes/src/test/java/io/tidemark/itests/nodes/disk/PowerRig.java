package io.tidemark.itests.nodes.disk;

import io.tidemark.itests.nodes.harness.FuseDisk;
import io.tidemark.itests.nodes.harness.MountedFs;
import io.tidemark.itests.nodes.harness.Root;
import io.tidemark.itests.nodes.harness.Scratch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.random.RandomGenerator;

/**
 * A mounted file system whose disk can lose its power: a loop mount over a file of nbdfuse over a {@link LossyDisk}. So
 * the kernel's own page cache, file system and flushes lie between the node under test and the loss.
 */
public final class PowerRig {
    private final Scratch scratch;
    private final MountedFs.Kind kind;
    private final String mountOptions;
    private final Path point;
    private final LossyDisk disk;
    private DiskServer server;
    private FuseDisk fuse;
    private MountedFs fs;

    private PowerRig(Scratch scratch, MountedFs.Kind kind, String mountOptions, LossyDisk disk) {
        this.scratch = scratch;
        this.kind = kind;
        this.mountOptions = mountOptions;
        this.point = scratch.newDirectory("disk");
        this.disk = disk;
    }

    /**
     * Makes an empty file system and mounts it.
     *
     * @param scratch of the test
     * @param kind of the file system
     * @param sizeBytes of the disk; XFS wants at least 300 MiB
     * @param mountOptions may be empty
     * @return the rig
     * @throws IOException when the disk cannot be made
     */
    public static PowerRig create(Scratch scratch, MountedFs.Kind kind, long sizeBytes, String mountOptions)
            throws IOException {
        Root.needed("a file system on a disk that loses its power");
        LossyDisk disk = LossyDisk.create(scratch.newFile("lossy.img"), sizeBytes);
        scratch.defer("lossy disk", disk::close);
        PowerRig rig = new PowerRig(scratch, kind, mountOptions, disk);
        rig.serve();
        kind.make(scratch, rig.fuse.file());
        rig.mount();
        return rig;
    }

    private void serve() throws IOException {
        server = DiskServer.start(disk, scratch.newSocket("disk.sock"));
        scratch.defer("disk server", server::close);
        fuse = FuseDisk.attach(scratch, server.uri());
    }

    private void mount() {
        fs = MountedFs.mount(scratch, kind, fuse.file(), point, mountOptions);
    }

    /**
     * Where the file system is mounted; always the same place.
     *
     * @return a directory
     */
    public Path directory() {
        return point;
    }

    /**
     * The disk.
     *
     * @return below the file system
     */
    public LossyDisk disk() {
        return disk;
    }

    /**
     * Cuts the power. From now on every request to the disk fails; the file system may still be mounted.
     *
     * @param random decides what survives
     * @return what happened, for people
     * @throws IOException when the disk's file fails
     */
    public String cut(RandomGenerator random) throws IOException {
        return disk.powerOff(random);
    }

    /**
     * Takes the dead file system away, and mounts what survived, as a machine does that starts again. Nobody may use the
     * directory.
     *
     * @throws IOException when the disk cannot be served
     */
    public void restart() throws IOException {
        fs.close();
        fuse.close();
        server.close();
        disk.powerOn();
        serve();
        mount();
    }

    /**
     * Unmounts in order, checks the file system, and mounts it again.
     *
     * @throws IOException when the disk cannot be served
     */
    public void check() throws IOException {
        fs.close();
        kind.check(scratch, fuse.file());
        mount();
    }
}
