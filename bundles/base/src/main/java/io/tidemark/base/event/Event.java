package io.tidemark.base.event;

import io.tidemark.api.EventKind;
import java.nio.ByteBuffer;

/**
 * A decoded event.
 *
 * @param kind what it is; null when it is of a type that this version does not know and that is to be skipped
 * @param type the number in the body
 * @param offset first byte of its extent; for {@link EventKind#CLOCK_STEP} the raw wall clock
 * @param length bytes of its extent; for {@link EventKind#RESIZE} the new size
 * @param payload bytes of a write, position to limit; empty for others; a slice of the body it was decoded from
 * @param name of a mark or snapshot; else empty
 * @param timeNanos the time in the body; 0 when the body has none
 */
public record Event(
        EventKind kind, int type, long offset, long length, ByteBuffer payload, String name, long timeNanos) {}
