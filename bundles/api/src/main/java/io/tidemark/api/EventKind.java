package io.tidemark.api;

/** What an event is. The code is what journals store; codes are never reused. */
public enum EventKind {
    /** Bytes were written to an extent. */
    WRITE(1),
    /** An extent was discarded; it reads as zeros. */
    DISCARD(2),
    /** An extent was zeroed and may have to stay provisioned. */
    ZERO(3),
    /** A client's FLUSH: a barrier. */
    FLUSH(4),
    /** The image has a new size; {@code length} of the event is the new size in bytes. */
    RESIZE(5),
    /** A user named this position, and it is a barrier: a mark for what knows snapshots only, as Ceph's tools do. */
    SNAPSHOT(6),
    /** This owner took the image over. */
    PROMOTE(7),
    /** This owner gave the image up. */
    DEMOTE(8),
    /** A user named this position. */
    MARK(9),
    /** The owner's wall clock stepped by more than a second. */
    CLOCK_STEP(10),
    /** The local head was checkpointed; written by the owner, replayed by nobody. */
    CHECKPOINT(11);

    private final int code;

    EventKind(int code) {
        this.code = code;
    }

    /**
     * The number that stands for this kind on disk.
     *
     * @return 1 to 255
     */
    public int code() {
        return code;
    }

    /**
     * Whether the event changes bytes of the image.
     *
     * @return true for write, discard and zero
     */
    public boolean changesData() {
        return this == WRITE || this == DISCARD || this == ZERO;
    }

    /**
     * Whether the event may use the part of a full journal that is reserved, because what would free the journal
     * depends on it.
     *
     * @return true for everything that is not caused by a client's data
     */
    public boolean isControl() {
        return !changesData() && this != FLUSH && this != RESIZE;
    }

    /**
     * The kind with a code.
     *
     * @param code as stored
     * @return the kind, or null when this version knows none
     */
    public static EventKind ofCode(int code) {
        for (EventKind kind : values()) {
            if (kind.code == code) {
                return kind;
            }
        }
        return null;
    }
}
