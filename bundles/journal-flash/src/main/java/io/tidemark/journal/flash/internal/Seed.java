package io.tidemark.journal.flash.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.zip.CRC32C;

/** What is put in front of the checksums of a segment: identities, so that nothing is valid in another one. */
final class Seed {
    private static final int BYTES = 32;

    private final byte[] bytes;

    Seed(UUID journal, UUID segment) {
        ByteBuffer seed = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Checksums.putUuid(seed, 0, journal);
        Checksums.putUuid(seed, 16, segment);
        bytes = seed.array();
    }

    void feed(CRC32C crc) {
        crc.update(bytes, 0, BYTES);
    }
}
