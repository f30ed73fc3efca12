package io.tidemark.base.event;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Event bodies as librbd's journal writes them ({@code librbd::journal::EventEntry}, encoding version 5), so that Ceph's
 * tools read ours and we read theirs:
 *
 * <pre>
 *   u8 version 5, u8 compat 1, u32 length, { u32 type, fields of the type }
 *   u8 version 1, u8 compat 1, u32 length 8, { u32 seconds, u32 nanoseconds }      (time of the event)
 * </pre>
 *
 * All numbers are little-endian. A body comes in three parts, so that payload is never copied: {@link #putHead}, the
 * payload of a write, {@link #putTail}. Events that Ceph does not know get types from {@value #OWN_TYPES} on, which its
 * readers skip. Stateless; safe for all threads. Specified in docs/formats/events.md.
 */
public final class EventCodec {
    /** Most bytes that {@link #putHead} writes for events of the engine (names of marks and snapshots included). */
    public static final int MAX_HEAD_BYTES = 640;

    /** Bytes that {@link #putTail} writes. */
    public static final int TAIL_BYTES = 14;

    /** Bytes before the payload of a write. */
    public static final int WRITE_HEAD_BYTES = 30;

    /** First type that is ours and not Ceph's: "TM" in the upper half. */
    public static final int OWN_TYPES = 0x4d540000;

    /** Longest name of a mark or a snapshot, in bytes of UTF-8. */
    public static final int MAX_NAME_BYTES = 512;

    static final int TYPE_DISCARD = 0;
    static final int TYPE_WRITE = 1;
    static final int TYPE_FLUSH = 2;
    static final int TYPE_SNAP_CREATE = 4;
    static final int TYPE_RESIZE = 11;
    static final int TYPE_DEMOTE_PROMOTE = 13;
    static final int TYPE_ZERO = OWN_TYPES + 1;
    static final int TYPE_MARK = OWN_TYPES + 2;
    static final int TYPE_CLOCK_STEP = OWN_TYPES + 3;
    static final int TYPE_CHECKPOINT = OWN_TYPES + 4;

    private static final int PREFIX_BYTES = 6;
    private static final byte EVENT_VERSION = 5;
    private static final byte BLOCK_VERSION = 1;

    private EventCodec() {}

    /**
     * Writes what comes before the payload.
     *
     * @param out little-endian; gets at most {@link #MAX_HEAD_BYTES} bytes at its position
     * @param kind of the event
     * @param offset of its extent; for {@link EventKind#CLOCK_STEP} the raw wall clock in nanoseconds
     * @param length of its extent; for {@link EventKind#RESIZE} the new size
     * @param payloadBytes of a write that follow the head; 0 for others
     * @param name of a mark or snapshot; empty for others
     */
    public static void putHead(
            ByteBuffer out, EventKind kind, long offset, long length, int payloadBytes, String name) {
        out.order(ByteOrder.LITTLE_ENDIAN);
        int start = out.position();
        out.put(EVENT_VERSION).put(BLOCK_VERSION).putInt(0);
        switch (kind) {
            case WRITE -> out.putInt(TYPE_WRITE).putLong(offset).putLong(length).putInt(payloadBytes);
            case DISCARD ->
                out.putInt(TYPE_DISCARD)
                        .putLong(offset)
                        .putLong(length)
                        .put((byte) 0)
                        .putInt(0);
            case ZERO -> out.putInt(TYPE_ZERO).putLong(offset).putLong(length);
            case FLUSH -> out.putInt(TYPE_FLUSH);
            case RESIZE -> out.putInt(TYPE_RESIZE).putLong(0).putLong(length);
            case SNAPSHOT -> putSnapshot(out, name);
            case PROMOTE, DEMOTE -> out.putInt(TYPE_DEMOTE_PROMOTE);
            case MARK -> putName(out.putInt(TYPE_MARK), name);
            case CLOCK_STEP -> out.putInt(TYPE_CLOCK_STEP).putLong(offset);
            case CHECKPOINT -> out.putInt(TYPE_CHECKPOINT).putLong(offset);
        }
        out.putInt(start + 2, out.position() - start - PREFIX_BYTES + payloadBytes);
    }

    private static void putSnapshot(ByteBuffer out, String name) {
        putName(out.putInt(TYPE_SNAP_CREATE).putLong(0), name);
        // SnapshotNamespace: version 1, compat 1, length 4, type 0 (user)
        out.put(BLOCK_VERSION).put(BLOCK_VERSION).putInt(4).putInt(0);
    }

    private static void putName(ByteBuffer out, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_NAME_BYTES) {
            throw new IllegalArgumentException(
                    "the name '" + name + "' has more than " + MAX_NAME_BYTES + " bytes of UTF-8");
        }
        out.putInt(bytes.length).put(bytes);
    }

    /**
     * Writes what comes behind the payload: the time.
     *
     * @param out little-endian; gets {@link #TAIL_BYTES} bytes at its position
     * @param timeNanos nanoseconds since 1970
     */
    public static void putTail(ByteBuffer out, long timeNanos) {
        out.order(ByteOrder.LITTLE_ENDIAN);
        out.put(BLOCK_VERSION).put(BLOCK_VERSION).putInt(8);
        out.putInt((int) (timeNanos / 1_000_000_000L)).putInt((int) (timeNanos % 1_000_000_000L));
    }

    /**
     * Reads a body.
     *
     * @param header what the journal says of the event
     * @param body all of it, from position to limit; not consumed
     * @return what it means; the payload is a slice of {@code body}
     * @throws StorageException CORRUPT when the body is no event or contradicts its header
     */
    public static Event decode(EventHeader header, ByteBuffer body) throws StorageException {
        ByteBuffer in = body.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        try {
            return new EventDecoder(header, in).decode();
        } catch (java.nio.BufferUnderflowException | IllegalArgumentException e) {
            throw new StorageException(
                    Reason.CORRUPT,
                    "event " + header.position() + " has a body that ends too early or is malformed",
                    "run journal:verify; do not apply this journal",
                    e);
        }
    }
}
