package io.tidemark.transport.tcp.internal;

import io.tidemark.transport.tcp.internal.Wire.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The checksums of one direction of a link. They cover, beside header and content, what both sides know: the two nonces, the
 * direction, and how many frames went before. So a frame of another session, or one that is missing, repeated or out of order,
 * is as wrong as a damaged one.
 */
final class Checksum {
    private static final int KNOWN_BYTES = Integer.BYTES + Long.BYTES;

    private final CRC32C crc = new CRC32C();
    private final ByteBuffer prefix =
            ByteBuffer.allocate(KNOWN_BYTES + Header.CHECKSUM).order(ByteOrder.LITTLE_ENDIAN);
    private long number;

    /**
     * Of frames that the initiator sends, or of those that it receives.
     *
     * @param initiator nonce
     * @param acceptor nonce
     * @param fromInitiator direction
     */
    Checksum(byte[] initiator, byte[] acceptor, boolean fromInitiator) {
        crc.update(initiator);
        crc.update(acceptor);
        crc.update(fromInitiator ? 0 : 1);
        prefix.putInt(0, (int) crc.getValue());
    }

    /** The checksum of the next frame. */
    int next(byte[] header, byte[] content, int length) {
        begin(header);
        add(content, 0, length);
        return value();
    }

    /** Begins the next frame. What it has is added piece by piece, best while it is in the processor's cache. */
    void begin(byte[] header) {
        prefix.putLong(Integer.BYTES, number++);
        prefix.put(KNOWN_BYTES, header, 0, Header.CHECKSUM);
        crc.reset();
        crc.update(prefix.array());
    }

    void add(byte[] content, int from, int length) {
        crc.update(content, from, length);
    }

    /** Of the frame that was begun, with what was added. */
    int value() {
        return (int) crc.getValue();
    }
}
