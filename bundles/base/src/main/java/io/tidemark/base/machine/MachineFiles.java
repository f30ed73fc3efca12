package io.tidemark.base.machine;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** The file systems of the machine, through file channels, and through libc for what Java has no call for. */
public final class MachineFiles implements Files {
    private final LibC libc;
    private final Rings rings;
    private final FileFailures failures;
    /** Files that are claimed through this object. */
    private final Set<Path> claims = ConcurrentHashMap.newKeySet();
    /** By device. */
    private final Map<Object, SpaceBook> books = new ConcurrentHashMap<>();

    /** The files of this machine. */
    public MachineFiles() {
        this(LibC.load());
    }

    private MachineFiles(LibC libc) {
        this(libc, new Rings(libc));
    }

    /** With rings from elsewhere, or without. */
    MachineFiles(LibC libc, Rings rings) {
        this.libc = libc;
        this.rings = rings;
        this.failures = new FileFailures(libc);
    }

    @Override
    public StorageFile open(Path path, Mode mode) throws StorageException {
        Set<StandardOpenOption> options =
                switch (mode) {
                    case READ -> Set.of(StandardOpenOption.READ);
                    case WRITE -> Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
                    case CREATE ->
                        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
                };
        try {
            return new MachineFile(path, FileChannel.open(path, options), mode != Mode.READ, libc, rings, failures);
        } catch (IOException e) {
            throw failures.of("open", path, e);
        }
    }

    @Override
    public AutoCloseable claim(Path path) throws StorageException {
        Path claimed = canonical(path);
        // Asked first, because the kernel drops the lock of this process as soon as any descriptor of the file is
        // closed: a second attempt must not even open it.
        if (!claims.add(claimed)) {
            throw busy(path);
        }
        FileChannel channel = null;
        boolean locked = false;
        try {
            channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            locked = channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // Claimed through another object of this class in this process: answered below like a foreign holder.
        } catch (IOException e) {
            throw failures.of("claim", path, e);
        } finally {
            if (!locked) {
                closeQuietly(channel);
                claims.remove(claimed);
            }
        }
        if (!locked) {
            throw busy(path);
        }
        return new Claim(channel, claimed);
    }

    private static StorageException busy(Path path) {
        return new StorageException(
                Reason.BUSY, path + " is held by another user", "close it there first, or choose another name");
    }

    /** One name for a file, whatever way a path takes to it; its directory exists, or claiming it fails anyway. */
    private static Path canonical(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        try {
            return absolute.getParent().toRealPath().resolve(absolute.getFileName());
        } catch (IOException e) {
            return absolute;
        }
    }

    private final class Claim implements AutoCloseable {
        private final FileChannel channel;
        private final Path claimed;
        private final AtomicBoolean open = new AtomicBoolean(true);

        Claim(FileChannel channel, Path claimed) {
            this.channel = channel;
            this.claimed = claimed;
        }

        @Override
        public void close() {
            if (open.compareAndSet(true, false)) {
                closeQuietly(channel);
                claims.remove(claimed);
            }
        }
    }

    private static void closeQuietly(FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // Either the claim failed already, and that is what the caller hears of, or it ends here anyway.
            }
        }
    }

    @Override
    public List<String> list(Path directory) throws StorageException {
        if (!java.nio.file.Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = java.nio.file.Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw failures.of("list", directory, e);
        }
    }

    @Override
    public boolean exists(Path path) {
        return java.nio.file.Files.exists(path);
    }

    @Override
    public void createDirectories(Path directory) throws StorageException {
        try {
            java.nio.file.Files.createDirectories(directory);
        } catch (IOException e) {
            throw failures.of("create", directory, e);
        }
    }

    @Override
    public void delete(Path path) throws StorageException {
        try {
            java.nio.file.Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failures.of("delete", path, e);
        }
    }

    @Override
    public void rename(Path from, Path to) throws StorageException {
        try {
            java.nio.file.Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw failures.of("rename to " + to.getFileName(), from, e);
        }
    }

    @Override
    public void forceDirectory(Path directory) throws StorageException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw failures.of("force", directory, e);
        }
    }

    @Override
    public SpaceBook space(Path path) throws StorageException {
        try {
            Object device = java.nio.file.Files.getAttribute(path, "unix:dev");
            return books.computeIfAbsent(device, key -> new SpaceBook(this));
        } catch (IOException e) {
            throw failures.of("look at", path, e);
        }
    }

    @Override
    public long usableBytes(Path path) throws StorageException {
        // A single system call; a FileStore reads the table of mounts first.
        long usable = path.toFile().getUsableSpace();
        if (usable > 0) {
            return usable;
        }
        try {
            return java.nio.file.Files.getFileStore(path).getUsableSpace();
        } catch (IOException e) {
            throw failures.of("look at", path, e);
        }
    }

    @Override
    public long totalBytes(Path path) throws StorageException {
        try {
            return java.nio.file.Files.getFileStore(path).getTotalSpace();
        } catch (IOException e) {
            throw failures.of("look at", path, e);
        }
    }
}
