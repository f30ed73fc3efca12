package io.tidemark.transport.tcp.internal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** What one thread needs to work on any link: memory that no link keeps. */
final class Scratch implements AutoCloseable {
    static final int READ_BYTES = 256 << 10;

    /** Fastest level: it has to keep up with networks. */
    private static final int LEVEL = 1;

    final ByteBuffer in = ByteBuffer.allocateDirect(READ_BYTES);
    private Deflater deflater;
    private Inflater inflater;
    private byte[] deflated;

    /** The content compressed, or null when that does not make it shorter by a sixteenth. */
    Content deflate(Content plain) {
        if (deflater == null) {
            deflater = new Deflater(LEVEL, true);
            deflated = new byte[Wire.MAX_FRAME_BYTES];
        }
        deflater.reset();
        deflater.setInput(plain.bytes(), 0, plain.length());
        deflater.finish();
        int length = deflater.deflate(deflated, 0, plain.length() - plain.length() / 16);
        return deflater.finished() ? Content.of(Arrays.copyOf(deflated, length)) : null;
    }

    /** Fills the second one. */
    void inflate(Content content, Content plain) throws Violation {
        if (inflater == null) {
            inflater = new Inflater(true);
        }
        inflater.reset();
        inflater.setInput(content.bytes(), 0, content.length());
        try {
            int length = inflater.inflate(plain.bytes(), 0, plain.length());
            // The end may need a call of its own, which must not give more.
            if (length == plain.length() && !inflater.finished() && inflater.inflate(new byte[1]) > 0) {
                throw Violation.corrupt("a frame is longer than it says");
            }
            if (length != plain.length() || !inflater.finished() || inflater.getRemaining() > 0) {
                throw Violation.corrupt("a frame is not compressed as it says");
            }
        } catch (DataFormatException e) {
            throw Violation.corrupt("a frame cannot be decompressed");
        }
    }

    @Override
    public void close() {
        if (deflater != null) {
            deflater.end();
        }
        if (inflater != null) {
            inflater.end();
        }
    }
}
