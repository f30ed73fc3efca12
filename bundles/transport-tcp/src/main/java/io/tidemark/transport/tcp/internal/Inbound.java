package io.tidemark.transport.tcp.internal;

import io.tidemark.transport.tcp.internal.Wire.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** From bytes to frames. Everything is checked before memory is taken for it, and before it has an effect. For one thread at a time. */
final class Inbound {
    /** Is told what comes. */
    interface Sink {
        /** A frame of so many bytes begins. */
        void admit(int plainBytes) throws Violation;

        void data(Content plain, boolean compressed);

        void credit(long releasedBytes) throws Violation;

        void ping(long token);

        void pong(long token);

        void closedByPeer(String reason);
    }

    private final Checksum checksum;
    private final int maxFrameBytes;
    private final boolean compression;
    private final Sink sink;
    private final FrameMemory memory;
    private final byte[] header = new byte[Header.SIZE];
    private final ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    private int have;
    private Content content;
    private int filled;

    Inbound(Checksum checksum, int maxFrameBytes, boolean compression, FrameMemory memory, Sink sink) {
        this.checksum = checksum;
        this.maxFrameBytes = maxFrameBytes;
        this.compression = compression;
        this.memory = memory;
        this.sink = sink;
    }

    void take(ByteBuffer in, Scratch scratch) throws Violation {
        while (in.hasRemaining()) {
            if (content == null) {
                int some = Math.min(in.remaining(), Header.SIZE - have);
                in.get(header, have, some);
                have += some;
                if (have < Header.SIZE) {
                    return;
                }
                begin();
            }
            int some = Math.min(in.remaining(), content.length() - filled);
            in.get(content.bytes(), filled, some);
            checksum.add(content.bytes(), filled, some);
            filled += some;
            if (filled == content.length()) {
                finish(scratch);
            }
        }
    }

    private void begin() throws Violation {
        int contentBytes = fields.getInt(Header.CONTENT_BYTES);
        int plainBytes = fields.getInt(Header.PLAIN_BYTES);
        int type = header[Header.TYPE];
        int flags = header[Header.FLAGS];
        boolean compressed = flags == Header.FLAG_COMPRESSED && type == Header.TYPE_DATA && compression;
        boolean lengths = contentBytes >= 0 && (compressed ? contentBytes < plainBytes : contentBytes == plainBytes);
        if (!lengths || (flags != 0 && !compressed) || fields.getShort(Header.RESERVED) != 0) {
            throw Violation.corrupt("a frame's header makes no sense");
        }
        switch (type) {
            case Header.TYPE_DATA -> {
                if (plainBytes > maxFrameBytes) {
                    throw Violation.corrupt(
                            "a frame of " + plainBytes + " bytes is longer than the " + maxFrameBytes + " allowed");
                }
                sink.admit(plainBytes);
            }
            case Header.TYPE_CREDIT, Header.TYPE_PING, Header.TYPE_PONG -> expect(contentBytes == Long.BYTES);
            case Header.TYPE_CLOSE -> expect(contentBytes <= Wire.MAX_REASON_BYTES);
            default -> throw Violation.corrupt("a frame is of the unknown type " + (type & 0xFF));
        }
        content = memory.take(contentBytes);
        filled = 0;
        checksum.begin(header);
    }

    private static void expect(boolean length) throws Violation {
        if (!length) {
            throw Violation.corrupt("a frame has a length that its type does not have");
        }
    }

    private void finish(Scratch scratch) throws Violation {
        Content whole = content;
        content = null;
        have = 0;
        if (checksum.value() != fields.getInt(Header.CHECKSUM)) {
            throw Violation.corrupt("a frame has a wrong checksum: it is damaged, or of another session");
        }
        switch (header[Header.TYPE]) {
            case Header.TYPE_DATA -> {
                boolean compressed = header[Header.FLAGS] != 0;
                sink.data(compressed ? inflate(whole, scratch) : whole, compressed);
            }
            case Header.TYPE_CREDIT -> sink.credit(number(whole.bytes()));
            case Header.TYPE_PING -> sink.ping(number(whole.bytes()));
            case Header.TYPE_PONG -> sink.pong(number(whole.bytes()));
            default -> sink.closedByPeer(readable(whole.bytes()));
        }
    }

    private Content inflate(Content compressed, Scratch scratch) throws Violation {
        Content plain = memory.take(fields.getInt(Header.PLAIN_BYTES));
        scratch.inflate(compressed, plain);
        memory.give(compressed);
        return plain;
    }

    private static long number(byte[] content) {
        return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    /** For logs: nothing in it moves a terminal's cursor. */
    private static String readable(byte[] text) {
        return new String(text, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
    }
}
