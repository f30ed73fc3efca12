package io.tidemark.base.machine;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The file systems of the machine, through file channels, and through libc for what Java has no call for. */
public final class MachineFiles implements Files {
    private final LibC libc = LibC.load();

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
            return new MachineFile(path, FileChannel.open(path, options), mode != Mode.READ, libc);
        } catch (IOException e) {
            throw failure("open", path, e);
        }
    }

    @Override
    public AutoCloseable claim(Path path) throws StorageException {
        FileChannel channel = null;
        try {
            channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // Somebody in this process holds it: answered below like a foreign holder.
        } catch (IOException e) {
            closeQuietly(channel);
            throw failure("claim", path, e);
        }
        closeQuietly(channel);
        throw new StorageException(
                Reason.BUSY, path + " is held by another user", "close it there first, or choose another name");
    }

    private static void closeQuietly(FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // The claim failed already; that is what the caller hears of.
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
            throw failure("list", directory, e);
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
            throw failure("create", directory, e);
        }
    }

    @Override
    public void delete(Path path) throws StorageException {
        try {
            java.nio.file.Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failure("delete", path, e);
        }
    }

    @Override
    public void rename(Path from, Path to) throws StorageException {
        try {
            java.nio.file.Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw failure("rename to " + to.getFileName(), from, e);
        }
    }

    @Override
    public void forceDirectory(Path directory) throws StorageException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw failure("force", directory, e);
        }
    }

    @Override
    public long usableBytes(Path path) throws StorageException {
        try {
            return java.nio.file.Files.getFileStore(path).getUsableSpace();
        } catch (IOException e) {
            throw failure("look at", path, e);
        }
    }

    @Override
    public long totalBytes(Path path) throws StorageException {
        try {
            return java.nio.file.Files.getFileStore(path).getTotalSpace();
        } catch (IOException e) {
            throw failure("look at", path, e);
        }
    }

    /** Java gives no error numbers: the texts are those of strerror, which the JDK asks in the C locale of its start. */
    static StorageException failure(String verb, Path path, IOException e) {
        String text = String.valueOf(e.getMessage());
        if (e instanceof NoSuchFileException) {
            return new StorageException(Reason.NOT_FOUND, "cannot " + verb + " " + path + ": it does not exist", "", e);
        }
        if (e instanceof FileAlreadyExistsException) {
            return new StorageException(Reason.EXISTS, "cannot " + verb + " " + path + ": it exists already", "", e);
        }
        if (e instanceof ClosedChannelException) {
            return new StorageException(Reason.CLOSED, "cannot " + verb + " " + path + ": it was closed", "", e);
        }
        if (text.contains("No space left on device") || text.contains("Disk quota exceeded")) {
            return new StorageException(
                    Reason.NO_SPACE,
                    "cannot " + verb + " " + path + ": no space left",
                    "free space in its file system, or move it to a larger one",
                    e);
        }
        return new StorageException(
                Reason.IO,
                "cannot " + verb + " " + path + ": " + text,
                "look at the kernel's log and the state of the disk",
                e);
    }
}
