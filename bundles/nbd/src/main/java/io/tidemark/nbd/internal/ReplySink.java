package io.tidemark.nbd.internal;

import java.nio.ByteBuffer;

/** Bytes on their way to a client that negotiates: grows, because a list of exports has no fixed length. For one thread. */
final class ReplySink {
    private ByteBuffer bytes = ByteBuffer.allocate(1024);

    ReplySink putLong(long value) {
        room(Long.BYTES).putLong(value);
        return this;
    }

    ReplySink putInt(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    ReplySink putShort(int value) {
        room(Short.BYTES).putShort((short) value);
        return this;
    }

    ReplySink put(byte[] value) {
        room(value.length).put(value);
        return this;
    }

    ReplySink zeros(int count) {
        room(count);
        for (int i = 0; i < count; i++) {
            bytes.put((byte) 0);
        }
        return this;
    }

    /** Everything that was put since the last call. */
    ByteBuffer take() {
        ByteBuffer taken = bytes.flip();
        bytes = ByteBuffer.allocate(1024);
        return taken;
    }

    /** The same as an array. */
    byte[] takeBytes() {
        ByteBuffer taken = take();
        byte[] copy = new byte[taken.remaining()];
        taken.get(copy);
        return copy;
    }

    private ByteBuffer room(int count) {
        if (bytes.remaining() < count) {
            ByteBuffer larger = ByteBuffer.allocate(Math.max(bytes.capacity() * 2, bytes.position() + count));
            bytes = larger.put(bytes.flip());
        }
        return bytes;
    }
}
