package io.tidemark.image.file;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import java.nio.BufferOverflowException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32C;

/** The bytes of one slot of a head file. Described in docs/formats/file-image.md; a test compares the two. */
final class HeadCodec {
    /** Bytes of a slot; also the bound for everything that a head may hold. */
    static final int SLOT_BYTES = 16 << 10;

    /** The version that this code writes, and the only one that it reads. */
    static final int VERSION = 1;

    private static final long MAGIC = ByteBuffer.wrap("TIDEHEAD".getBytes(StandardCharsets.US_ASCII))
            .order(ByteOrder.LITTLE_ENDIAN)
            .getLong();
    private static final int PRIMARY = 1;
    private static final int REPLICA = 2;

    /** Fields at fixed places, in their order. */
    enum Field {
        MAGIC(0, 8),
        VERSION(8, 4),
        LENGTH(12, 4),
        GENERATION(16, 8),
        IMAGE_IDENTITY(24, 16),
        SIZE(40, 8),
        BLOCK_SIZE(48, 4),
        ROLE(52, 4),
        JOURNAL_IDENTITY(56, 16),
        EPOCH_IDENTITY(72, 16),
        CHECKPOINTED_EPOCH(88, 8),
        CHECKPOINTED_SEQUENCE(96, 8),
        JOURNAL_POOL(104, -1);

        private final int offset;
        private final int bytes;

        Field(int offset, int bytes) {
            this.offset = offset;
            this.bytes = bytes;
        }

        /** Where it begins in the slot. */
        int offset() {
            return offset;
        }

        /** How long it is; -1 when that varies. */
        int bytes() {
            return bytes;
        }
    }

    /**
     * What a slot holds.
     *
     * @param generation counts replacements; the slot's number is its lowest bit
     * @param head the head
     */
    record Slot(long generation, ImageHead head) {}

    /** A slot is intact, but written by a version that this one does not know. */
    static final class UnsupportedVersionException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        UnsupportedVersionException(int version) {
            super("its format has version " + version + ", this is version " + VERSION);
        }
    }

    private HeadCodec() {}

    static ByteBuffer encode(String imageName, Slot slot) throws StorageException {
        ByteBuffer out = ByteBuffer.allocate(SLOT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ImageHead head = slot.head();
        try {
            out.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(slot.generation());
            put(out, head.imageIdentity());
            out.putLong(head.sizeBytes()).putInt(head.blockSizeBytes());
            out.putInt(head.role() == ImageHead.Role.PRIMARY ? PRIMARY : REPLICA);
            put(out, head.journalIdentity());
            put(out, head.epochIdentity());
            out.putLong(head.checkpointed().epoch()).putLong(head.checkpointed().sequence());
            put(out, head.journalPool());
            out.putInt(head.properties().size());
            for (Map.Entry<String, String> property : new TreeMap<>(head.properties()).entrySet()) {
                put(out, property.getKey());
                put(out, property.getValue());
            }
            out.putInt(Field.LENGTH.offset(), out.position() + Integer.BYTES);
            out.putInt(checksum(out, out.position()));
        } catch (BufferOverflowException e) {
            throw new StorageException(
                    Reason.INVALID, "image " + imageName + ": its head is larger than " + SLOT_BYTES + " bytes", "", e);
        }
        // The rest of the slot is zeros, so that a slot has the same bytes whatever was in it before.
        return out.clear();
    }

    /**
     * Reads a slot.
     *
     * @throws UnsupportedVersionException when it is intact but of another version
     * @throws IllegalArgumentException when it is not intact
     */
    static Slot decode(ByteBuffer bytes) {
        ByteBuffer in = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() < Field.JOURNAL_POOL.offset() || in.getLong() != MAGIC) {
            throw new IllegalArgumentException("not the head of an image");
        }
        int version = in.getInt();
        int length = in.getInt();
        if (length < Field.JOURNAL_POOL.offset() || length > in.limit()) {
            throw new IllegalArgumentException("length " + length + " is impossible");
        }
        if (in.getInt(length - Integer.BYTES) != checksum(in, length - Integer.BYTES)) {
            throw new IllegalArgumentException("the checksum is wrong");
        }
        if (version != VERSION) {
            throw new UnsupportedVersionException(version);
        }
        try {
            return body(in.limit(length - Integer.BYTES));
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("a length inside it is impossible", e);
        }
    }

    private static Slot body(ByteBuffer in) {
        long generation = in.getLong();
        UUID imageIdentity = uuid(in);
        long sizeBytes = in.getLong();
        int blockSizeBytes = in.getInt();
        int role = in.getInt();
        if (role != PRIMARY && role != REPLICA) {
            throw new IllegalArgumentException("role " + role + " is unknown");
        }
        UUID journalIdentity = uuid(in);
        UUID epochIdentity = uuid(in);
        Position checkpointed = new Position(in.getLong(), in.getLong());
        String journalPool = text(in);
        int count = in.getInt();
        Map<String, String> properties = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            String key = text(in);
            properties.put(key, text(in));
        }
        ImageHead head = new ImageHead(
                imageIdentity,
                sizeBytes,
                blockSizeBytes,
                journalPool,
                journalIdentity,
                epochIdentity,
                checkpointed,
                role == PRIMARY ? ImageHead.Role.PRIMARY : ImageHead.Role.REPLICA,
                properties);
        return new Slot(generation, head);
    }

    private static int checksum(ByteBuffer slot, int end) {
        CRC32C crc = new CRC32C();
        crc.update(slot.duplicate().position(0).limit(end));
        return (int) crc.getValue();
    }

    /** An identity's bytes stand in the order in which it is written for people. */
    private static void put(ByteBuffer out, UUID identity) {
        out.putLong(Long.reverseBytes(identity.getMostSignificantBits()));
        out.putLong(Long.reverseBytes(identity.getLeastSignificantBits()));
    }

    private static UUID uuid(ByteBuffer in) {
        return new UUID(Long.reverseBytes(in.getLong()), Long.reverseBytes(in.getLong()));
    }

    private static void put(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.putInt(bytes.length).put(bytes);
    }

    private static String text(ByteBuffer in) {
        int length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new IllegalArgumentException("text of " + length + " bytes is impossible");
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
