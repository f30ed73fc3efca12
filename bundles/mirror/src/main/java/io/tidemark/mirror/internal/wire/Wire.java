package io.tidemark.mirror.internal.wire;

import io.tidemark.api.mirror.Verification;
import io.tidemark.api.transport.Link;

/** Numbers of the protocol, little-endian. The same as docs/formats/mirror-protocol.md; a test compares. */
public final class Wire {
    /** What this node speaks. */
    public static final int LEAST_VERSION = 2;

    /** The highest version that it speaks. */
    public static final int VERSION = 2;

    /** TIDEMIRR. */
    public static final long MAGIC = 0x5252494D45444954L;

    /** Type and channel, before every message. */
    public static final int HEADER_BYTES = 5;

    /** A public key of Ed25519. */
    public static final int KEY_BYTES = 32;

    /** What each side adds to a session so that none is like another. */
    public static final int NONCE_BYTES = 32;

    /** A signature of Ed25519. */
    public static final int SIGNATURE_BYTES = 64;

    /** The channel of messages that concern the link as a whole. */
    public static final int LINK_CHANNEL = 0;

    /** Longest name of a node, an image or an owner, in bytes of UTF-8. */
    public static final int MAX_NAME_BYTES = 255;

    /** Longest text for people, in bytes of UTF-8. */
    public static final int MAX_WORDS_BYTES = 1024;

    /** Most keys of a configuration. */
    public static final int MAX_PROPERTIES = 64;

    /** Most parts of an image in one order, and its answer. */
    public static final int MAX_PARTS = 1024;

    /** Bytes of a part that a seed is compared by. */
    public static final int SEED_PART_BYTES = 64 << 10;

    /** Most parts of a seed in one message. */
    public static final int MAX_SEED_PARTS = 256;

    /** Longest part, in bytes. */
    public static final int MAX_PART_BYTES = 1 << 26;

    /** Most differences that are named. */
    public static final int MAX_EXTENTS = Verification.MOST_DIFFERENCES;

    /** A digest of SHA-256. */
    public static final int DIGEST_BYTES = 32;

    /** Bytes of what a part comes to. */
    public static final int SUM_BYTES = 40;

    /** Most epochs in a list: the newest ones. */
    public static final int MAX_EPOCHS = 1024;

    /** Longest body of an event: what a journal takes. */
    public static final int MAX_BODY_BYTES = (1 << 20) + 4096;

    /** Most bytes in a range of a copy. */
    public static final int MAX_RANGE_BYTES = 1 << 20;

    /** Longest frame of any message. */
    public static final int MAX_FRAME_BYTES = Link.LEAST_MAX_FRAME_BYTES;

    /** Longest frame that is looked at before the peer has proven who it is. */
    public static final int MAX_STRANGER_FRAME_BYTES = 1024;

    /** Bytes of an event without its body. */
    public static final int EVENT_BYTES = 33;

    /** Bytes of an epoch without its owner's name. */
    public static final int EPOCH_BYTES = 74;

    /** Bytes of a point. */
    public static final int POINT_BYTES = 32;

    private Wire() {}
}
