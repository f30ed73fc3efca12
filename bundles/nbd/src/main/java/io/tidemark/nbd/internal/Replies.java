package io.tidemark.nbd.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes replies. With structured replies, errors carry a text, reads and block status come in chunks, and all other
 * successes stay simple replies, which are shorter.
 *
 * @param structured whether structured replies were negotiated
 */
record Replies(boolean structured) {
    /** Longest text of an error. */
    static final int MAX_TEXT_BYTES = 400;
    /** Room for any reply without data. */
    static final int MAX_BYTES = Nbd.CHUNK_HEADER_BYTES + Integer.BYTES + Short.BYTES + MAX_TEXT_BYTES + Long.BYTES;

    /** A success without data. For READ only when it read nothing. */
    void success(ByteBuffer out, Request request) {
        if (structured && request.command == Nbd.CMD_READ) {
            chunk(out, Nbd.CHUNK_FLAG_DONE, Nbd.CHUNK_NONE, request.cookie, 0);
        } else {
            simple(out, 0, request.cookie);
        }
    }

    void error(ByteBuffer out, long cookie, int error, String message) {
        if (!structured) {
            simple(out, error, cookie);
            return;
        }
        byte[] text = text(message);
        chunk(out, Nbd.CHUNK_FLAG_DONE, Nbd.CHUNK_ERROR, cookie, Integer.BYTES + Short.BYTES + text.length);
        out.putInt(error).putShort((short) text.length).put(text);
    }

    /** An error at an offset, which is the last chunk of a reply whose data could not be read any more. */
    void errorAtOffset(ByteBuffer out, long cookie, int error, String message, long offset) {
        byte[] text = text(message);
        int length = Integer.BYTES + Short.BYTES + text.length + Long.BYTES;
        chunk(out, Nbd.CHUNK_FLAG_DONE, Nbd.CHUNK_ERROR_OFFSET, cookie, length);
        out.putInt(error).putShort((short) text.length).put(text).putLong(offset);
    }

    /** The header of data that follows right behind it. */
    void dataHeader(ByteBuffer out, long cookie, long offset, int length, boolean last) {
        if (structured) {
            chunk(out, last ? Nbd.CHUNK_FLAG_DONE : 0, Nbd.CHUNK_OFFSET_DATA, cookie, Long.BYTES + length);
            out.putLong(offset);
        } else {
            simple(out, 0, cookie);
        }
    }

    int dataHeaderBytes() {
        return structured ? Nbd.CHUNK_HEADER_BYTES + Long.BYTES : Nbd.SIMPLE_REPLY_BYTES;
    }

    /** Ends a reply whose content chunks did not know that they were the last. */
    void endOfChunks(ByteBuffer out, long cookie) {
        chunk(out, Nbd.CHUNK_FLAG_DONE, Nbd.CHUNK_NONE, cookie, 0);
    }

    /** A part of a read that is all zeros. Only with structured replies. */
    void hole(ByteBuffer out, long cookie, long offset, int length, boolean last) {
        chunk(out, last ? Nbd.CHUNK_FLAG_DONE : 0, Nbd.CHUNK_OFFSET_HOLE, cookie, Long.BYTES + Integer.BYTES);
        out.putLong(offset).putInt(length);
    }

    /** The header of the one chunk that answers BLOCK_STATUS; extents follow. */
    void blockStatusHeader(ByteBuffer out, long cookie, int extents) {
        chunk(out, Nbd.CHUNK_FLAG_DONE, Nbd.CHUNK_BLOCK_STATUS, cookie, Integer.BYTES + extents * 2 * Integer.BYTES);
        out.putInt(Nbd.BASE_ALLOCATION_ID);
    }

    private static void simple(ByteBuffer out, int error, long cookie) {
        out.putInt(Nbd.SIMPLE_REPLY_MAGIC).putInt(error).putLong(cookie);
    }

    private static void chunk(ByteBuffer out, int flags, int type, long cookie, int length) {
        out.putInt(Nbd.STRUCTURED_REPLY_MAGIC)
                .putShort((short) flags)
                .putShort((short) type)
                .putLong(cookie)
                .putInt(length);
    }

    private static byte[] text(String message) {
        byte[] bytes = (message == null ? "" : message).getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= MAX_TEXT_BYTES) {
            return bytes;
        }
        int end = MAX_TEXT_BYTES;
        while (end > 0 && (bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return Arrays.copyOf(bytes, end);
    }
}
