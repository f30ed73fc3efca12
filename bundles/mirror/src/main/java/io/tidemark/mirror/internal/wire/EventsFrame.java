package io.tidemark.mirror.internal.wire;

import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A frame of events that is filled one by one, in memory that is used again and again. A long body stays where it is, and ends the
 * frame. For one thread.
 */
public final class EventsFrame {
    /** Bytes of the message before the events. */
    static final int FIXED_BYTES = 28;

    /** From here on a copy costs more than another part of the frame does. */
    private static final int LONG_BODY_BYTES = 64 << 10;

    private static final int COUNT_AT = Wire.HEADER_BYTES + 24;
    private static final int DURABLE_AT = Wire.HEADER_BYTES + 16;

    private final ByteBuffer memory;
    private int count;
    private ByteBuffer longBody;

    /**
     * Takes direct memory.
     *
     * @param bytes that a frame may have, but for one with a single event; room for a body that is copied, at least
     */
    public EventsFrame(int bytes) {
        memory = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Starts anew.
     *
     * @param channel which it is for
     * @param first position of the first event
     */
    public void start(int channel, Position first) {
        memory.clear();
        Encoder.header(memory, Type.EVENTS, channel);
        begin(memory, first, 0, 0);
        count = 0;
        longBody = null;
    }

    /**
     * Adds the next event, if it fits. After {@link #isFull} none does.
     *
     * @param header of it
     * @param body of it; not consumed, and when the frame is full then, lent until it is sent
     * @param maxBytes that the frame may have then, unless it is the first event
     * @return false when it does not fit; nothing was added then
     */
    public boolean add(EventHeader header, ByteBuffer body, int maxBytes) {
        int length = memory.position() + Wire.EVENT_BYTES + body.remaining();
        if (longBody != null || (count > 0 && length > Math.min(maxBytes, memory.capacity()))) {
            return false;
        }
        eventHead(memory, header, body);
        if (body.remaining() >= LONG_BODY_BYTES) {
            longBody = body.duplicate();
        } else {
            memory.put(body.duplicate());
        }
        count++;
        return true;
    }

    /**
     * Whether the last event ends the frame.
     *
     * @return true when its body is not copied
     */
    public boolean isFull() {
        return longBody != null;
    }

    /**
     * How many events are in it.
     *
     * @return the count
     */
    public int count() {
        return count;
    }

    /**
     * Bytes so far.
     *
     * @return the frame's length
     */
    public int length() {
        return memory.position() + (longBody == null ? 0 : longBody.remaining());
    }

    /**
     * The frame.
     *
     * @param durable last durable event of the source
     * @return its parts, one behind the other; lent until the next {@link #start}
     */
    public ByteBuffer[] finish(long durable) {
        memory.putLong(DURABLE_AT, durable).putInt(COUNT_AT, count);
        ByteBuffer head = memory.duplicate().flip();
        return longBody == null ? new ByteBuffer[] {head} : new ByteBuffer[] {head, longBody.duplicate()};
    }

    static void begin(ByteBuffer out, Position first, long durable, int count) {
        out.putLong(first.epoch()).putLong(first.sequence()).putLong(durable).putInt(count);
    }

    static void event(ByteBuffer out, EventHeader header, ByteBuffer body) {
        eventHead(out, header, body);
        out.put(body.duplicate());
    }

    private static void eventHead(ByteBuffer out, EventHeader header, ByteBuffer body) {
        out.put((byte) header.kind().code()).putInt(header.flags());
        out.putLong(header.timeNanos()).putLong(header.offset()).putLong(header.length());
        out.putInt(body.remaining());
    }
}
