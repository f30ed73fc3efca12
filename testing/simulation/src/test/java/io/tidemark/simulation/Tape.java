package io.tidemark.simulation;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * What went into the journal, as the journal's own contract has it: events in order, of which those that were durable once
 * are there for ever. From them follows what the image is at any position.
 */
final class Tape {
    private final TreeMap<Long, Event> events = new TreeMap<>();
    private byte[] base;
    private long baseSequence;
    private long durable;

    /**
     * One event as it was handed to the journal.
     *
     * @param header with the epoch's number
     * @param body all three parts
     * @param payload the bytes of a write; empty for others
     */
    record Event(EventHeader header, byte[] body, byte[] payload) {}

    Tape(long sizeBytes) {
        base = new byte[(int) sizeBytes];
    }

    long durable() {
        return durable;
    }

    long last() {
        return events.isEmpty() ? baseSequence : events.lastKey();
    }

    Event event(long sequence) {
        return events.get(sequence);
    }

    /** Null when all is well, else a complaint. */
    String appended(Event event) {
        long sequence = event.header.position().sequence();
        if (sequence <= durable) {
            Event before = events.get(sequence);
            return "event " + sequence + " was appended again although it is durable"
                    + (before == null ? "" : ", as " + before.header);
        }
        if (sequence != last() + 1) {
            return "event " + sequence + " was appended behind " + last();
        }
        Event before = events.get(sequence - 1);
        if (before != null && before.header.timeNanos() > event.header.timeNanos()) {
            return "time went back at event " + sequence;
        }
        events.put(sequence, event);
        return null;
    }

    void durable(long sequence) {
        durable = Math.max(durable, sequence);
    }

    /** The journal was opened again: what was not durable may be gone, and its positions are free. */
    String reopened(long kept) {
        if (kept < durable) {
            return "the journal came back with " + kept + " as its last event, but " + durable + " was durable";
        }
        if (kept > last()) {
            return "the journal came back with event " + kept + ", but only " + last() + " was ever appended";
        }
        events.tailMap(kept, false).clear();
        durable = kept;
        return null;
    }

    /** Compares an event that a reader returned. */
    String read(EventHeader header, byte[] body) {
        Event event = events.get(header.position().sequence());
        if (event == null) {
            return header.position().sequence() <= baseSequence
                    ? null
                    : "a reader returned " + header + ", which was never appended";
        }
        if (!event.header.equals(header)) {
            return "a reader returned " + header + " in place of " + event.header;
        }
        if (body != null && !Arrays.equals(event.body, body)) {
            return "a reader returned another body for " + header;
        }
        return null;
    }

    /** What the image is when it is exactly there; forgets everything before. */
    byte[] imageAt(long sequence) {
        while (baseSequence < sequence) {
            Event event = events.get(baseSequence + 1);
            if (event == null) {
                throw new IllegalStateException("event " + (baseSequence + 1) + " is not on the tape");
            }
            base = applied(base, event);
            baseSequence++;
        }
        events.headMap(baseSequence, false).clear();
        return base.clone();
    }

    private static byte[] applied(byte[] image, Event event) {
        EventKind kind = event.header.kind();
        int offset = (int) event.header.offset();
        if (kind == EventKind.WRITE) {
            System.arraycopy(event.payload, 0, image, offset, event.payload.length);
        } else if (kind == EventKind.DISCARD || kind == EventKind.ZERO) {
            Arrays.fill(image, offset, offset + (int) event.header.length(), (byte) 0);
        } else if (kind == EventKind.RESIZE) {
            return Arrays.copyOf(image, (int) event.header.length());
        }
        return image;
    }
}
