package io.tidemark.base.machine;

import com.sun.jna.LastErrorException;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;

/**
 * What Linux can do to a file and Java has no call for. Constants are those of the Linux headers. Bound directly, because
 * a call through a proxy for each write of a block shows in profiles.
 */
class LibC {
    /** open(2): read and write. */
    static final int O_RDWR = 2;

    /** open(2): not for child processes. */
    static final int O_CLOEXEC = 0x80000;

    /** open(2): every write is durable when it returns. */
    static final int O_DSYNC = 0x1000;

    /** open(2): past the page cache. The value of x86; see {@link #oDirect()}. */
    static final int O_DIRECT_X86 = 0x4000;

    /** open(2): past the page cache, on 64-bit ARM. */
    static final int O_DIRECT_ARM = 0x10000;

    /** errno: interrupted by a signal; again. */
    static final int EINTR = 4;

    /** fallocate(2). */
    static final int FALLOC_FL_KEEP_SIZE = 1;

    /** fallocate(2). */
    static final int FALLOC_FL_PUNCH_HOLE = 2;

    /** lseek(2). */
    static final int SEEK_DATA = 3;

    /** lseek(2). */
    static final int SEEK_HOLE = 4;

    /** posix_fadvise(2). */
    static final int POSIX_FADV_WILLNEED = 3;

    /** posix_fadvise(2). */
    static final int POSIX_FADV_DONTNEED = 4;

    /** flock(2): for one alone, and without waiting for it. */
    static final int LOCK_EX_NB = 2 | 4;

    /** flock(2). */
    static final int LOCK_UN = 8;

    /** mmap(2). */
    static final int PROT_READ = 1;

    /** mmap(2). */
    static final int PROT_WRITE = 2;

    /** mmap(2). */
    static final int MAP_SHARED = 1;

    /** mmap(2): with its pages at once. */
    static final int MAP_POPULATE = 0x8000;

    /** sync_file_range(2): wait for writing that is under way. */
    static final int SYNC_FILE_RANGE_WAIT_BEFORE = 1;

    /** sync_file_range(2): start writing. */
    static final int SYNC_FILE_RANGE_WRITE = 2;

    /** errno: not permitted. */
    static final int EPERM = 1;

    /** errno: the device failed. */
    static final int EIO = 5;

    /** errno: there is no data behind the offset. */
    static final int ENXIO = 6;

    /** errno: not now; of flock(2), that another has it. */
    static final int EAGAIN = 11;

    /** errno: too much is waiting. */
    static final int EBUSY = 16;

    /** errno: an argument that this kernel or file does not take. */
    static final int EINVAL = 22;

    /** errno: larger than a file may be here. */
    static final int EFBIG = 27;

    /** errno: this kernel does not have the call. */
    static final int ENOSYS = 38;

    /** errno. */
    static final int ENOSPC = 28;

    /** errno. */
    static final int EDQUOT = 122;

    LibC() {}

    native int open(String path, int flags) throws LastErrorException;

    native int close(int fd) throws LastErrorException;

    native int flock(int fd, int operation) throws LastErrorException;

    native int fallocate(int fd, int mode, long offset, long length) throws LastErrorException;

    native long lseek(int fd, long offset, int whence) throws LastErrorException;

    /** The count is a size_t and the result a ssize_t: both a long on the 64-bit machines that this runs on. */
    native long pwrite(int fd, ByteBuffer source, long count, long offset) throws LastErrorException;

    native long pread(int fd, ByteBuffer destination, long count, long offset) throws LastErrorException;

    native int sync_file_range(int fd, long offset, long length, int flags) throws LastErrorException;

    native Pointer mmap(Pointer address, long length, int protection, int flags, int fd, long offset)
            throws LastErrorException;

    native int munmap(Pointer address, long length);

    /** For what libc has no name for. All arguments are registers, so leaving the number of them open changes nothing. */
    native long syscall(long number, long a, long b, long c, long d, long e, long f) throws LastErrorException;

    /** In the language of the process and in its encoding, which need not be Java's default one. */
    native Pointer strerror(int error);

    native int posix_fadvise(int fd, long offset, long length, int advice);

    /** The flag for O_DIRECT on this processor; 0 where it is not known, and direct writing is not offered then. */
    static int oDirect() {
        if (Platform.ARCH.equals("x86-64")) {
            return O_DIRECT_X86;
        }
        return Platform.ARCH.equals("aarch64") ? O_DIRECT_ARM : 0;
    }

    /** The library, or null where it cannot be had: then files are used without holes. */
    static LibC load() {
        try {
            Native.register(LibC.class, "c");
            return new LibC();
        } catch (LinkageError e) {
            return null;
        }
    }
}
