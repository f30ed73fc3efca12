package io.tidemark.api;

import java.util.Objects;

/**
 * What a journal knows of an event without reading its body.
 *
 * @param position where it stands
 * @param kind what it is
 * @param flags bit 0: {@link #FLAG_BARRIER}
 * @param timeNanos the owner's wall clock, nanoseconds since 1970, never less than the event before
 * @param offset first byte of the extent; 0 where the kind has none
 * @param length bytes of the extent; the new size for {@link EventKind#RESIZE}; 0 where the kind has none
 * @param bodyLength bytes of the body that the journal holds
 */
public record EventHeader(
        Position position, EventKind kind, int flags, long timeNanos, long offset, long length, int bodyLength) {
    /** The client asked for durability of this very event (FUA), or the event is a completed FLUSH: a barrier. */
    public static final int FLAG_BARRIER = 1;

    /** Checks for nulls. */
    public EventHeader {
        Objects.requireNonNull(position, "position");
        Objects.requireNonNull(kind, "kind");
    }

    /**
     * Whether a client was promised durability at this event.
     *
     * @return true when the event is a barrier
     */
    public boolean isBarrier() {
        return (flags & FLAG_BARRIER) != 0;
    }
}
