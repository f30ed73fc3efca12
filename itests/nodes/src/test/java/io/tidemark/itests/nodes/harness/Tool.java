package io.tidemark.itests.nodes.harness;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The programs that these tests drive, each with the Debian package that brings it. A missing one is a failure. */
public enum Tool {
    FIO("fio", "fio"),
    NBDKIT("nbdkit", "nbdkit"),
    NBDINFO("nbdinfo", "libnbd-bin"),
    NBDCOPY("nbdcopy", "libnbd-bin"),
    NBDFUSE("nbdfuse", "libnbd-bin"),
    NBDSH("nbdsh", "python3-libnbd"),
    QEMU_IMG("qemu-img", "qemu-utils"),
    QEMU_IO("qemu-io", "qemu-utils"),
    MKFS_EXT4("mkfs.ext4", "e2fsprogs"),
    E2FSCK("e2fsck", "e2fsprogs"),
    MKFS_XFS("mkfs.xfs", "xfsprogs"),
    XFS_REPAIR("xfs_repair", "xfsprogs"),
    MOUNT("mount", "mount"),
    UMOUNT("umount", "mount"),
    LOSETUP("losetup", "mount"),
    FUSERMOUNT("fusermount3", "fuse3"),
    OPENSSL("openssl", "openssl"),
    KEYTOOL("keytool", "openjdk-17-jre-headless"),
    BASH("bash", "bash");

    /** Where Debian puts programs: nbdsh runs the python3 that it finds first, and only Debian's has the nbd module. */
    static final String SEARCH_PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/usr/local/sbin";

    private final String program;
    private final String debianPackage;

    Tool(String program, String debianPackage) {
        this.program = program;
        this.debianPackage = debianPackage;
    }

    /**
     * Where the program is.
     *
     * @return its absolute path
     */
    public String path() {
        for (String directory : List.of(SEARCH_PATH.split(":"))) {
            Path candidate = Path.of(directory, program);
            if (Files.isExecutable(candidate)) {
                return candidate.toString();
            }
        }
        throw new AssertionError(program + " is missing: apt-get install " + debianPackage);
    }
}
