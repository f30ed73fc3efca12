package io.tidemark.itests.nodes.node;

import io.tidemark.itests.nodes.load.NbdConnection;
import java.io.IOException;
import java.nio.ByteBuffer;

/** All bytes of an image, as a client sees them. */
public final class Contents {
    private static final int PIECE_BYTES = 1 << 20;

    private Contents() {}

    /**
     * Reads an image.
     *
     * @param node that serves it
     * @param image its name
     * @param bytes its size, whole MiB
     * @return its bytes
     * @throws IOException when it cannot be read
     */
    public static ByteBuffer of(Node node, String image, long bytes) throws IOException {
        return of(node, image, 0, bytes);
    }

    /**
     * Reads a part of an image.
     *
     * @param node that serves it
     * @param image its name
     * @param offset where it begins
     * @param bytes its length, whole MiB
     * @return its bytes
     * @throws IOException when it cannot be read
     */
    public static ByteBuffer of(Node node, String image, long offset, long bytes) throws IOException {
        ByteBuffer all = ByteBuffer.allocate((int) bytes);
        try (NbdConnection connection = node.dial(image)) {
            while (all.hasRemaining()) {
                ByteBuffer piece = all.slice().limit(PIECE_BYTES);
                connection.call(NbdConnection.READ, 0, offset + all.position(), piece.remaining(), piece);
                all.position(all.position() + PIECE_BYTES);
            }
        }
        return all.flip();
    }
}
