package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of somebody else that takes the space of a file system. */
public final class Ballast {
    private final Path file;

    /**
     * No ballast yet.
     *
     * @param directory in the file system
     */
    public Ballast(Path directory) {
        this.file = directory.resolve("ballast");
    }

    /**
     * Takes space until little is left.
     *
     * @param leaveBytes how much to leave, about
     */
    public void fill(long leaveBytes) {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            ByteBuffer chunk = ByteBuffer.allocateDirect(256 << 10);
            while (Files.getFileStore(file).getUsableSpace() > leaveBytes) {
                if (channel.write(chunk.clear()) < chunk.capacity()) {
                    return;
                }
            }
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).contains("No space left")) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Gives the space back. */
    public void drop() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
