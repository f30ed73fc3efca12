package io.tidemark.console.internal.endpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;

/** The file by which {@code ./tm} finds the node: port and token, for its owner's eyes only. */
final class TmFile {
    private static final int TOKEN_BYTES = 32;

    /** What the file of a node says that takes no commands any more: its lock outlives the command port by its last checkpoints. */
    private static final String STOPPING = "stopping\n";

    private final Path path;
    private final String content;

    private TmFile(Path path, String content) {
        this.path = path;
        this.content = content;
    }

    /**
     * A new secret.
     *
     * @return 64 lower-case hexadecimal digits
     */
    static String newToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /**
     * Writes the file in one step: nobody ever sees half of it, or one that others may read.
     *
     * @param path of the file
     * @param port that the node listens on
     * @param token that callers have to know
     * @return the written file
     * @throws IOException when it cannot be written
     */
    static TmFile write(Path path, int port, String token) throws IOException {
        String content = port + " " + token + "\n";
        replace(path, content);
        return new TmFile(path, content);
    }

    private static void replace(Path path, String content) throws IOException {
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Has the file say that the node stops, unless another process has written its own meanwhile.
     *
     * @throws IOException when that cannot be written; then there is no file
     */
    void close() throws IOException {
        if (Files.exists(path)
                && Files.readString(path, StandardCharsets.ISO_8859_1).equals(content)) {
            try {
                replace(path, STOPPING);
            } catch (IOException e) {
                Files.delete(path);
                throw e;
            }
        }
    }
}
