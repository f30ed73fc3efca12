package io.tidemark.transport.tcp.internal;

import io.tidemark.api.transport.Link;

/** Offsets and values of what goes over a link, little-endian. The same as docs/formats/transport-tcp.md; a test compares. */
final class Wire {
    /** What this node speaks. */
    static final int LEAST_VERSION = 1;

    static final int VERSION = 1;
    /** The longest frame that this node takes. */
    static final int MAX_FRAME_BYTES = Link.LEAST_MAX_FRAME_BYTES;
    /** What a frame costs in credit beyond its content: without it, empty frames would take memory without a bound. */
    static final int FRAME_COST_BYTES = 64;

    static final int MAX_REASON_BYTES = 512;

    private Wire() {}

    /** What a frame takes of the receiver's window. */
    static long cost(int plainBytes) {
        return (long) plainBytes + FRAME_COST_BYTES;
    }

    /** The first thing that each side sends. The same in all versions. */
    static final class GreetingFields {
        static final int MAGIC = 0;
        static final int LEAST_VERSION = 8;
        static final int VERSION = 10;
        static final int FLAGS = 12;
        static final int WINDOW_BYTES = 16;
        static final int MAX_FRAME_BYTES = 24;
        static final int RESERVED = 28;
        static final int NONCE = 32;
        static final int RESERVED_2 = 48;
        static final int CHECKSUM = 60;
        static final int SIZE = 64;

        /** TIDELINK. */
        static final long MAGIC_VALUE = 0x4B4E494C45444954L;

        static final int FLAG_COMPRESSION = 1;
        static final int NONCE_BYTES = 16;

        private GreetingFields() {}
    }

    /** Before the content of every frame. */
    static final class Header {
        static final int CONTENT_BYTES = 0;
        static final int PLAIN_BYTES = 4;
        static final int TYPE = 8;
        static final int FLAGS = 9;
        static final int RESERVED = 10;
        static final int CHECKSUM = 12;
        static final int SIZE = 16;

        static final int TYPE_DATA = 1;
        static final int TYPE_CREDIT = 2;
        static final int TYPE_PING = 3;
        static final int TYPE_PONG = 4;
        static final int TYPE_CLOSE = 5;

        static final int FLAG_COMPRESSED = 1;

        private Header() {}
    }
}
