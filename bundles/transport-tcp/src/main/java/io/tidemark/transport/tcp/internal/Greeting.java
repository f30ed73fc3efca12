package io.tidemark.transport.tcp.internal;

import io.tidemark.transport.tcp.internal.Wire.GreetingFields;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** What a side says first. */
final class Greeting {
    private final int leastVersion;
    private final int version;
    private final boolean compression;
    private final long windowBytes;
    private final int maxFrameBytes;
    private final byte[] nonce;

    /**
     * A greeting.
     *
     * @param leastVersion of the protocol that it speaks
     * @param version the highest one
     * @param compression whether it understands compressed frames
     * @param windowBytes credit that it gives to begin with
     * @param maxFrameBytes the longest frame that it takes
     * @param nonce random, of this link
     */
    Greeting(int leastVersion, int version, boolean compression, long windowBytes, int maxFrameBytes, byte[] nonce) {
        this.leastVersion = leastVersion;
        this.version = version;
        this.compression = compression;
        this.windowBytes = windowBytes;
        this.maxFrameBytes = maxFrameBytes;
        this.nonce = nonce.clone();
    }

    static Greeting own(long windowBytes, boolean compression, byte[] nonce) {
        return new Greeting(Wire.LEAST_VERSION, Wire.VERSION, compression, windowBytes, Wire.MAX_FRAME_BYTES, nonce);
    }

    int version() {
        return version;
    }

    boolean compression() {
        return compression;
    }

    long windowBytes() {
        return windowBytes;
    }

    byte[] nonce() {
        return nonce.clone();
    }

    byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(GreetingFields.SIZE).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(GreetingFields.MAGIC, GreetingFields.MAGIC_VALUE);
        bytes.putShort(GreetingFields.LEAST_VERSION, (short) leastVersion);
        bytes.putShort(GreetingFields.VERSION, (short) version);
        bytes.putInt(GreetingFields.FLAGS, compression ? GreetingFields.FLAG_COMPRESSION : 0);
        bytes.putLong(GreetingFields.WINDOW_BYTES, windowBytes);
        bytes.putInt(GreetingFields.MAX_FRAME_BYTES, maxFrameBytes);
        bytes.put(GreetingFields.NONCE, nonce);
        bytes.putInt(GreetingFields.CHECKSUM, checksum(bytes.array()));
        return bytes.array();
    }

    /** Whether so much of a greeting may become one: garbage is refused at its first bytes. */
    static boolean plausible(byte[] encoded, int have) {
        for (int i = 0; i < Math.min(have, Long.BYTES); i++) {
            if (encoded[i] != (byte) (GreetingFields.MAGIC_VALUE >>> (8 * i))) {
                return false;
            }
        }
        return true;
    }

    static Greeting decode(byte[] encoded) throws Violation {
        ByteBuffer bytes = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.getLong(GreetingFields.MAGIC) != GreetingFields.MAGIC_VALUE) {
            throw Violation.mismatch(
                    "it is no Tidemark node: it does not greet like one", "check the address, and tls on both nodes");
        }
        if (bytes.getInt(GreetingFields.CHECKSUM) != checksum(encoded)) {
            throw Violation.corrupt("its greeting is damaged");
        }
        byte[] nonce = new byte[GreetingFields.NONCE_BYTES];
        bytes.get(GreetingFields.NONCE, nonce);
        return new Greeting(
                Short.toUnsignedInt(bytes.getShort(GreetingFields.LEAST_VERSION)),
                Short.toUnsignedInt(bytes.getShort(GreetingFields.VERSION)),
                (bytes.getInt(GreetingFields.FLAGS) & GreetingFields.FLAG_COMPRESSION) != 0,
                bytes.getLong(GreetingFields.WINDOW_BYTES),
                bytes.getInt(GreetingFields.MAX_FRAME_BYTES),
                nonce);
    }

    /** Whether both can talk; each side finds out by itself, from the same two greetings. */
    void check() throws Violation {
        if (leastVersion > Wire.VERSION || version < Wire.LEAST_VERSION) {
            String theirs =
                    leastVersion == version ? "version " + version : "versions " + leastVersion + " to " + version;
            throw Violation.mismatch(
                    "it speaks " + theirs + " of the protocol, this node " + Wire.LEAST_VERSION + " to " + Wire.VERSION,
                    "update the node with the lower version");
        }
        if (maxFrameBytes < Wire.MAX_FRAME_BYTES) {
            throw Violation.mismatch(
                    "it takes frames of at most " + maxFrameBytes + " bytes, and " + Wire.MAX_FRAME_BYTES
                            + " are needed",
                    "update it");
        }
        // What it released and did not announce yet may be a quarter.
        if (windowBytes < 2 * Wire.cost(Wire.MAX_FRAME_BYTES) || windowBytes > Long.MAX_VALUE / 4) {
            throw Violation.mismatch(
                    "its window of " + windowBytes + " bytes does not hold two frames", "raise its window");
        }
    }

    private static int checksum(byte[] encoded) {
        CRC32C crc = new CRC32C();
        crc.update(encoded, 0, GreetingFields.CHECKSUM);
        return (int) crc.getValue();
    }
}
