package io.tidemark.journal.flash.internal;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;

/** CRC32C as segments use it. One for each thread that computes. */
final class Checksums {
    private final CRC32C crc = new CRC32C();

    static void putUuid(ByteBuffer buffer, int at, UUID value) {
        buffer.putLong(at, value.getMostSignificantBits());
        buffer.putLong(at + 8, value.getLeastSignificantBits());
    }

    static UUID getUuid(ByteBuffer buffer, int at) {
        return new UUID(buffer.getLong(at), buffer.getLong(at + 8));
    }

    /** A seeded checksum of a range; the data is cleared then: position 0, limit at its capacity. */
    int seeded(Seed seed, ByteBuffer data, int from, int to) {
        crc.reset();
        seed.feed(crc);
        data.limit(to).position(from);
        crc.update(data);
        data.clear();
        return (int) crc.getValue();
    }

    /** Starts a checksum that {@link #add} continues and {@link #value} ends. */
    void start() {
        crc.reset();
    }

    void add(ByteBuffer data, int from, int to) {
        data.limit(to).position(from);
        crc.update(data);
        data.clear();
    }

    int value() {
        return (int) crc.getValue();
    }

    /** A plain checksum of a range; the data is cleared then: position 0, limit at its capacity. */
    int plain(ByteBuffer data, int from, int to) {
        crc.reset();
        data.limit(to).position(from);
        crc.update(data);
        data.clear();
        return (int) crc.getValue();
    }
}
