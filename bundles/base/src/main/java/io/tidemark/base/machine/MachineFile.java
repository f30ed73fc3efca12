package io.tidemark.base.machine;

import com.sun.jna.LastErrorException;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.context.StorageFile;
import io.tidemark.base.text.Sizes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A file of the machine. The channel does reading, writing and forcing; further descriptors, opened when they are
 * first needed, do what only libc can. All name the same open inode because files are renamed only while they are closed.
 */
final class MachineFile implements StorageFile {
    private static final int NOT_OPENED = -1;
    private static final int CANNOT = -2;

    private final Path path;
    private final FileChannel channel;
    private final boolean writable;
    private final LibC libc;
    private final Rings rings;
    private final FileFailures failures;

    /** Made when it is first needed. Whoever uses it takes it out. */
    private final AtomicReference<Ring> idleRing = new AtomicReference<>();

    private final Object descriptorLock = new Object();

    /** Held for reading while a descriptor number is in use: closed too early, the number may be another file's. */
    private final ReentrantReadWriteLock inUse = new ReentrantReadWriteLock();

    private int descriptor = NOT_OPENED;
    private int directDescriptor = NOT_OPENED;
    private int throughDescriptor = NOT_OPENED;
    private boolean closed;

    MachineFile(Path path, FileChannel channel, boolean writable, LibC libc, Rings rings, FileFailures failures) {
        this.path = path;
        this.channel = channel;
        this.writable = writable;
        this.libc = libc;
        this.rings = rings;
        this.failures = failures;
    }

    @Override
    public int read(ByteBuffer destination, long offset) throws StorageException {
        int total = 0;
        try {
            while (destination.hasRemaining()) {
                int count = channel.read(destination, offset + total);
                if (count < 0) {
                    break;
                }
                total += count;
            }
            return total;
        } catch (IOException e) {
            throw failures.of("read", path, e);
        }
    }

    @Override
    public int readDirect(ByteBuffer destination, long offset) throws StorageException {
        inUse.readLock().lock();
        try {
            // The descriptor is shared with writes: what these are durable by does not matter to a read.
            int fd = directDescriptor(LibC.O_DSYNC);
            if (fd == CANNOT) {
                return -1;
            }
            int total = 0;
            int count = DIRECT_ALIGNMENT_BYTES;
            // What ends elsewhere than at a block ends at the end of the file.
            while (destination.hasRemaining() && count > 0 && count % DIRECT_ALIGNMENT_BYTES == 0) {
                count = readDirect(fd, destination, offset + total);
                destination.position(destination.position() + count);
                total += count;
            }
            return total;
        } finally {
            inUse.readLock().unlock();
        }
    }

    private int readDirect(int fd, ByteBuffer destination, long at) throws StorageException {
        while (true) {
            try {
                return (int) libc.pread(fd, destination.slice(), destination.remaining(), at);
            } catch (LastErrorException e) {
                if (e.getErrorCode() != LibC.EINTR) {
                    throw failures.of("read", path, e.getErrorCode());
                }
            }
        }
    }

    @Override
    public void write(ByteBuffer source, long offset) throws StorageException {
        long at = offset;
        try {
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        } catch (IOException e) {
            throw failures.of("write", path, e);
        }
    }

    @Override
    public void force() throws StorageException {
        try {
            // fdatasync: it forces the size too where it changed, and leaves out the times, which nobody needs.
            channel.force(false);
        } catch (IOException e) {
            throw failures.of("force", path, e);
        }
    }

    @Override
    public boolean writeDirect(ByteBuffer source, long offset) throws StorageException {
        return writePast(source, offset, 0);
    }

    @Override
    public boolean writeThrough(ByteBuffer source, long offset) throws StorageException {
        return writePast(source, offset, LibC.O_DSYNC);
    }

    @Override
    public PendingWrite startWriteDirect(ByteBuffer source, long[] offsets, int[] lengths, int count)
            throws StorageException {
        // Held until it was awaited: the descriptor stays open for so long.
        inUse.readLock().lock();
        PendingWrite pending = null;
        try {
            int fd = directDescriptor(0);
            Ring ring = fd == CANNOT ? null : takeRing();
            if (ring != null) {
                start(ring, fd, source, offsets, lengths, count);
                source.position(source.limit());
                pending = () -> end(ring);
            }
            return pending;
        } finally {
            if (pending == null) {
                inUse.readLock().unlock();
            }
        }
    }

    private static void start(Ring ring, int fd, ByteBuffer source, long[] offsets, int[] lengths, int count) {
        boolean begun = false;
        try {
            ring.start(fd, source, offsets, lengths, count);
            begun = true;
        } finally {
            if (!begun) {
                ring.close();
            }
        }
    }

    private void end(Ring ring) throws StorageException {
        boolean ended = false;
        try {
            int error = ring.await();
            ended = true;
            if (error != 0) {
                throw failures.of("write", path, error);
            }
        } finally {
            if (ended) {
                giveBack(ring);
            } else {
                ring.close();
            }
            inUse.readLock().unlock();
        }
    }

    private Ring takeRing() {
        Ring idle = idleRing.getAndSet(null);
        return idle != null ? idle : rings.open();
    }

    private void giveBack(Ring ring) {
        if (!idleRing.compareAndSet(null, ring)) {
            ring.close();
        }
    }

    private boolean writePast(ByteBuffer source, long offset, int durability) throws StorageException {
        inUse.readLock().lock();
        try {
            int fd = directDescriptor(durability);
            if (fd == CANNOT) {
                return false;
            }
            long at = offset;
            while (source.hasRemaining()) {
                int count = writeDirect(fd, source, at);
                source.position(source.position() + count);
                at += count;
            }
            return true;
        } finally {
            inUse.readLock().unlock();
        }
    }

    private int writeDirect(int fd, ByteBuffer source, long at) throws StorageException {
        while (true) {
            try {
                // A slice, because libc is handed the address of the buffer's first byte.
                int count = (int) libc.pwrite(fd, source.slice(), source.remaining(), at);
                if (count <= 0) {
                    throw failures.of("write", path, new IOException("wrote nothing"));
                }
                return count;
            } catch (LastErrorException e) {
                if (e.getErrorCode() != LibC.EINTR) {
                    throw failures.of("write", path, e.getErrorCode());
                }
            }
        }
    }

    /** One descriptor for writes that are durable when they return, one for those that wait for a force. */
    private int directDescriptor(int durability) throws StorageException {
        synchronized (descriptorLock) {
            if (closed) {
                throw new StorageException(Reason.CLOSED, path + " was closed", "");
            }
            if (durability == 0) {
                return exclusiveDescriptor();
            }
            if (throughDescriptor == NOT_OPENED) {
                throughDescriptor = openDirect(durability);
            }
            return throughDescriptor;
        }
    }

    /**
     * What is under way through a ring outlives a process that is killed, unlike its claims. A lock of flock(2) belongs to the
     * open file itself, which lives until the last of its requests has ended: so it is locked for as long as it is used.
     */
    private int exclusiveDescriptor() {
        if (directDescriptor == NOT_OPENED) {
            int fd = openDirect(0);
            int error = fd < 0 ? 0 : lock(fd);
            if (error == LibC.EAGAIN) {
                libc.close(fd);
                return CANNOT;
            }
            directDescriptor = error == 0 ? fd : CANNOT;
            if (error != 0) {
                libc.close(fd);
            }
        }
        return directDescriptor;
    }

    /** 0 when the file is locked for this descriptor, or an error number: EAGAIN when it is for another one. */
    private int lock(int fd) {
        try {
            libc.flock(fd, LibC.LOCK_EX_NB);
            return 0;
        } catch (LastErrorException e) {
            return e.getErrorCode() == LibC.EINTR ? LibC.EAGAIN : e.getErrorCode();
        }
    }

    @Override
    public boolean claimDirectWrites() throws StorageException {
        if (libc == null || !writable) {
            return true;
        }
        synchronized (descriptorLock) {
            if (closed) {
                throw new StorageException(Reason.CLOSED, path + " was closed", "");
            }
            if (exclusiveDescriptor() >= 0) {
                return true;
            }
            // Where direct writing is not to be had now, it may have been for whoever was here before.
            return directDescriptor == CANNOT && lock(descriptor()) != LibC.EAGAIN;
        }
    }

    /** Many file systems cannot (tmpfs, FUSE in part): asked once for each file. */
    private int openDirect(int durability) {
        int direct = LibC.oDirect();
        if (libc == null || !writable || direct == 0) {
            return CANNOT;
        }
        try {
            return libc.open(path.toString(), LibC.O_RDWR | LibC.O_CLOEXEC | durability | direct);
        } catch (LastErrorException e) {
            return CANNOT;
        }
    }

    @Override
    public long size() throws StorageException {
        try {
            return channel.size();
        } catch (IOException e) {
            throw failures.of("look at", path, e);
        }
    }

    @Override
    public void setSize(long size) throws StorageException {
        try {
            long now = channel.size();
            if (size < now) {
                channel.truncate(size);
            } else if (size > now) {
                // One zero byte at the end makes the hole before it.
                channel.write(ByteBuffer.allocate(1), size - 1);
            }
        } catch (IOException e) {
            throw failures.ofResize(path, e);
        }
    }

    @Override
    public boolean allocate(long offset, long length) throws StorageException {
        return fallocate(LibC.FALLOC_FL_KEEP_SIZE, offset, length);
    }

    @Override
    public boolean punch(long offset, long length) throws StorageException {
        return fallocate(LibC.FALLOC_FL_KEEP_SIZE | LibC.FALLOC_FL_PUNCH_HOLE, offset, length);
    }

    private boolean fallocate(int mode, long offset, long length) throws StorageException {
        if (libc == null || !writable || length <= 0) {
            return length <= 0;
        }
        inUse.readLock().lock();
        try {
            libc.fallocate(descriptor(), mode, offset, length);
            return true;
        } catch (LastErrorException e) {
            if (e.getErrorCode() == LibC.ENOSPC || e.getErrorCode() == LibC.EDQUOT) {
                throw new StorageException(
                        Reason.NO_SPACE,
                        "cannot reserve " + Sizes.format(length) + " in " + path + ": no space left",
                        "free space in its file system, or move it to a larger one",
                        e);
            }
            // The file system cannot: the caller writes zeros instead. A real disk error shows itself there.
            return false;
        } finally {
            inUse.readLock().unlock();
        }
    }

    @Override
    public long seek(long offset, boolean hole) throws StorageException {
        long size = size();
        if (libc == null || offset >= size) {
            return hole ? size : Math.min(offset, size);
        }
        inUse.readLock().lock();
        try {
            return libc.lseek(descriptor(), offset, hole ? LibC.SEEK_HOLE : LibC.SEEK_DATA);
        } catch (LastErrorException e) {
            if (e.getErrorCode() == LibC.ENXIO) {
                return size;
            }
            return hole ? size : offset;
        } finally {
            inUse.readLock().unlock();
        }
    }

    @Override
    public void startWriteBack(long offset, long length) {
        if (libc == null) {
            return;
        }
        inUse.readLock().lock();
        try {
            int flags = LibC.SYNC_FILE_RANGE_WAIT_BEFORE | LibC.SYNC_FILE_RANGE_WRITE;
            libc.sync_file_range(descriptor(), offset, length, flags);
        } catch (LastErrorException | StorageException e) {
            // The kernel reports an error of writing once to each open descriptor: the channel's force still sees it.
        } finally {
            inUse.readLock().unlock();
        }
    }

    @Override
    public void startRead(long offset, long length) {
        advise(offset, length, LibC.POSIX_FADV_WILLNEED);
    }

    @Override
    public void dropCache(long offset, long length) {
        advise(offset, length, LibC.POSIX_FADV_DONTNEED);
    }

    private void advise(long offset, long length, int advice) {
        if (libc != null) {
            inUse.readLock().lock();
            try {
                libc.posix_fadvise(descriptor(), offset, length, advice);
            } catch (StorageException e) {
                // Advice only: the file does without.
            } finally {
                inUse.readLock().unlock();
            }
        }
    }

    private int descriptor() throws StorageException {
        synchronized (descriptorLock) {
            if (closed) {
                throw new StorageException(Reason.CLOSED, path + " was closed", "");
            }
            if (descriptor < 0) {
                try {
                    descriptor = libc.open(path.toString(), LibC.O_CLOEXEC | (writable ? LibC.O_RDWR : 0));
                } catch (LastErrorException e) {
                    throw new StorageException(Reason.IO, "cannot open " + path + ": " + e.getMessage(), "", e);
                }
            }
            return descriptor;
        }
    }

    @Override
    public void close() throws StorageException {
        inUse.writeLock().lock();
        try {
            closeDescriptors();
            Ring ring = idleRing.getAndSet(null);
            if (ring != null) {
                ring.close();
            }
        } finally {
            inUse.writeLock().unlock();
        }
        try {
            channel.close();
        } catch (IOException e) {
            throw failures.of("close", path, e);
        }
    }

    private void closeDescriptors() {
        synchronized (descriptorLock) {
            closed = true;
            descriptor = closed(unlocked(descriptor));
            directDescriptor = closed(unlocked(directDescriptor));
            throughDescriptor = closed(throughDescriptor);
        }
    }

    /** A child that is just being started may have the descriptor for a moment longer, and the lock with it. */
    private int unlocked(int fd) {
        if (fd >= 0) {
            try {
                libc.flock(fd, LibC.LOCK_UN);
            } catch (LastErrorException e) {
                // Then it was not locked.
            }
        }
        return fd;
    }

    private int closed(int fd) {
        if (fd >= 0) {
            libc.close(fd);
        }
        return NOT_OPENED;
    }
}
