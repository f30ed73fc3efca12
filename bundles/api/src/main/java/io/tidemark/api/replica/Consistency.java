package io.tidemark.api.replica;

/** Whether a replica's bytes are a position of its source. */
public enum Consistency {
    /** They are, exactly: it may be read, held and promoted. */
    CONSISTENT,
    /** Its bytes are being copied. Nobody reads it, and its head does not move. */
    COPYING,
    /**
     * They are copied, from different moments; the head is on its way to the position from which on they are one. Nobody
     * reads it, and no delay counts until then, because the bytes show parts of that position already.
     */
    REPLAYING
}
