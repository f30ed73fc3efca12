package io.tidemark.itests.nodes.load;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What the load writes: each sector of 512 bytes says which one it is, which generation of writes it comes from, and ends
 * with a checksum over all of it. So a sector read back is one known write as a whole, zeros, or damaged.
 */
final class Sectors {
    static final int BYTES = 512;
    static final int ZERO = 0;
    static final int DAMAGED = -1;
    private static final int CHECKED_BYTES = BYTES - 4;

    private final long identity;

    Sectors(long identity) {
        this.identity = identity | 1;
    }

    /** Fills a buffer from its position to its limit with consecutive sectors of one generation. */
    void fill(ByteBuffer buffer, long firstSector, int generation) {
        CRC32C crc = new CRC32C();
        long sector = firstSector;
        while (buffer.hasRemaining()) {
            int start = buffer.position();
            buffer.putLong(identity).putLong(sector).putInt(generation);
            long filler = (sector * 0x9E3779B97F4A7C15L) ^ (generation * 0xC2B2AE3D27D4EB4FL);
            while (buffer.position() < start + CHECKED_BYTES) {
                buffer.putLong(filler ^ (filler >>> 29));
                filler = filler * 0x5851F42D4C957F2DL + identity;
            }
            crc.reset();
            crc.update(buffer.duplicate().position(start).limit(start + CHECKED_BYTES));
            buffer.putInt((int) crc.getValue());
            sector++;
        }
    }

    /** The generation that a sector holds, {@link #ZERO} or {@link #DAMAGED}. */
    int generation(ByteBuffer buffer, int start, long sector) {
        if (buffer.getLong(start) == identity) {
            CRC32C crc = new CRC32C();
            crc.update(buffer.duplicate().position(start).limit(start + CHECKED_BYTES));
            boolean whole = buffer.getInt(start + CHECKED_BYTES) == (int) crc.getValue();
            return whole && buffer.getLong(start + 8) == sector ? buffer.getInt(start + 16) : DAMAGED;
        }
        for (int at = start; at < start + BYTES; at += 8) {
            if (buffer.getLong(at) != 0) {
                return DAMAGED;
            }
        }
        return ZERO;
    }
}
