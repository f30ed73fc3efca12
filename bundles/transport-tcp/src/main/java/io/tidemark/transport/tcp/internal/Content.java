package io.tidemark.transport.tcp.internal;

/** What is in a frame: the first so many bytes of an array that may be longer. */
record Content(byte[] bytes, int length) {
    /** All of an array. */
    static Content of(byte[] bytes) {
        return new Content(bytes, bytes.length);
    }
}
