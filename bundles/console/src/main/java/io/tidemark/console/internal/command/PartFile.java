package io.tidemark.console.internal.command;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears under its name when it is complete and durable. Until then it lies beside it under a name that nobody had:
 * what is there already is somebody else's, or another command's that writes the same file. For one thread.
 */
final class PartFile implements AutoCloseable {
    private static final String UNFINISHED = ".part";
    private static final int MOST_NAMES = 1000;

    private final Path file;
    private final Path part;
    private final FileChannel channel;
    private boolean there = true;

    private PartFile(Path file, Path part, FileChannel channel) {
        this.file = file;
        this.part = part;
        this.channel = channel;
    }

    /** Begins one; whoever does closes it. */
    static PartFile of(Path file) throws IOException {
        FileAlreadyExistsException taken = null;
        for (int number = 1; number <= MOST_NAMES; number++) {
            Path part = file.resolveSibling(file.getFileName() + (number == 1 ? "" : "-" + number) + UNFINISHED);
            try {
                FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                return new PartFile(file, part, channel);
            } catch (FileAlreadyExistsException e) {
                taken = e;
            }
        }
        throw new IOException(
                taken.getFile() + " and all before it are there already; remove what is left over", taken);
    }

    /** To write to. */
    FileChannel channel() {
        return channel;
    }

    /** Forces what was written, before it may be put in place. */
    void finish() throws IOException {
        channel.force(true);
    }

    /** Gives it its name, and makes that durable, too: what is then said to be there is there. */
    void putInPlace() throws IOException {
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        there = false;
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    /** Removes what is unfinished. */
    @Override
    public void close() throws IOException {
        channel.close();
        if (there) {
            Files.deleteIfExists(part);
        }
    }
}
