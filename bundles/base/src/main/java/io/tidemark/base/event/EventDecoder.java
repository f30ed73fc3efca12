package io.tidemark.base.event;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** One use: decodes one body. */
final class EventDecoder {
    private static final ByteBuffer NO_PAYLOAD = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final EventHeader header;
    private final ByteBuffer in;
    private long offset;
    private long length;
    private ByteBuffer payload = NO_PAYLOAD;
    private String name = "";

    EventDecoder(EventHeader header, ByteBuffer in) {
        this.header = header;
        this.in = in;
    }

    Event decode() throws StorageException {
        int version = in.get() & 0xff;
        int compat = in.get() & 0xff;
        int end = blockEnd();
        if (compat > 5) {
            throw corrupt("needs a decoder of version " + compat + ", this one is 5");
        }
        int type = in.getInt();
        EventKind kind = fields(type);
        in.position(end);
        long timeNanos = version >= 4 && in.hasRemaining() ? time() : 0;
        if (kind == EventKind.WRITE || kind == EventKind.DISCARD || kind == EventKind.ZERO) {
            if (offset < 0 || length < 0 || offset + length < 0) {
                throw corrupt("has the extent " + offset + "+" + length);
            }
        }
        if (kind == EventKind.WRITE && payload.remaining() != length) {
            throw corrupt("writes " + length + " bytes and carries " + payload.remaining());
        }
        return new Event(kind, type, offset, length, payload, name, timeNanos);
    }

    private EventKind fields(int type) throws StorageException {
        switch (type) {
            case EventCodec.TYPE_WRITE -> {
                extent();
                int bytes = in.getInt();
                if (bytes < 0 || bytes > in.remaining()) {
                    throw corrupt("claims " + bytes + " bytes of payload");
                }
                payload = in.slice(in.position(), bytes);
                return EventKind.WRITE;
            }
            case EventCodec.TYPE_DISCARD -> {
                extent();
                return EventKind.DISCARD;
            }
            case EventCodec.TYPE_ZERO -> {
                extent();
                return EventKind.ZERO;
            }
            case EventCodec.TYPE_FLUSH -> {
                return EventKind.FLUSH;
            }
            case EventCodec.TYPE_RESIZE -> {
                in.getLong();
                length = in.getLong();
                return EventKind.RESIZE;
            }
            case EventCodec.TYPE_SNAP_CREATE -> {
                in.getLong();
                name = string();
                return EventKind.SNAPSHOT;
            }
            case EventCodec.TYPE_DEMOTE_PROMOTE -> {
                // The body is the same for both; the journal's header tells which.
                return header.kind() == EventKind.DEMOTE ? EventKind.DEMOTE : EventKind.PROMOTE;
            }
            case EventCodec.TYPE_MARK -> {
                name = string();
                return EventKind.MARK;
            }
            case EventCodec.TYPE_CLOCK_STEP -> {
                offset = in.getLong();
                return EventKind.CLOCK_STEP;
            }
            case EventCodec.TYPE_CHECKPOINT -> {
                offset = in.getLong();
                return EventKind.CHECKPOINT;
            }
            default -> {
                return null;
            }
        }
    }

    private void extent() {
        offset = in.getLong();
        length = in.getLong();
    }

    private String string() throws StorageException {
        int bytes = in.getInt();
        if (bytes < 0 || bytes > Math.min(in.remaining(), EventCodec.MAX_NAME_BYTES)) {
            throw corrupt("claims a name of " + bytes + " bytes");
        }
        byte[] text = new byte[bytes];
        in.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private long time() throws StorageException {
        in.get();
        in.get();
        int end = blockEnd();
        long seconds = in.getInt() & 0xffffffffL;
        long nanos = in.getInt() & 0xffffffffL;
        in.position(end);
        return seconds * 1_000_000_000L + nanos;
    }

    /** Where the block whose length comes next ends. */
    private int blockEnd() throws StorageException {
        int bytes = in.getInt();
        if (bytes < 0 || bytes > in.remaining()) {
            throw corrupt("has a block of " + bytes + " bytes where " + in.remaining() + " are left");
        }
        return in.position() + bytes;
    }

    private StorageException corrupt(String what) {
        return new StorageException(
                Reason.CORRUPT,
                "event " + header.position() + " " + what,
                "run journal:verify; do not apply this journal");
    }
}
