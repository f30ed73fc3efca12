package io.tidemark.transport.tcp.internal;

/** What is in a frame: the first so many bytes of an array that may be longer. */
final class Content {
    private final byte[] bytes;
    private final int length;

    Content(byte[] bytes, int length) {
        this.bytes = bytes;
        this.length = length;
    }

    /** All of an array. */
    static Content of(byte[] bytes) {
        return new Content(bytes, bytes.length);
    }

    /** The array itself, which is not copied. */
    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }
}
