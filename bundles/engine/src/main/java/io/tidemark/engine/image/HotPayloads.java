package io.tidemark.engine.image;

import io.tidemark.api.context.Payload;
import java.util.Arrays;

/**
 * Payload that is in memory, by the sequence of its event: the newest events', apart from what nobody reads any more. The
 * oldest are evicted first; their bytes are then read from the journal. Guarded by the image's lock; whoever takes something
 * out releases it outside the lock.
 */
final class HotPayloads {
    private Payload[] slots = new Payload[256];
    private long first;
    private long end;
    private long bytes;

    /**
     * Starts with nothing.
     *
     * @param nextSequence the sequence of the next event
     */
    HotPayloads(long nextSequence) {
        first = nextSequence;
        end = nextSequence;
    }

    /** Has room for one more, or fails; before the journal has it, as it cannot be taken back from there. */
    void makeRoom() {
        if (end - first == slots.length) {
            grow();
        }
    }

    /** Adds the payload of the next event, for which there is room; null for an event without. The reference is taken over. */
    void add(Payload payload) {
        slots[(int) (end & (slots.length - 1))] = payload;
        end++;
        if (payload != null) {
            bytes += payload.length();
        }
    }

    private void grow() {
        Payload[] wider = new Payload[slots.length * 2];
        for (long s = first; s < end; s++) {
            wider[(int) (s & (wider.length - 1))] = slots[(int) (s & (slots.length - 1))];
        }
        slots = wider;
    }

    /** The payload of an event; null when it is not in memory. */
    Payload get(long sequence) {
        return sequence < first || sequence >= end ? null : slots[(int) (sequence & (slots.length - 1))];
    }

    /** Bytes of all payload in memory. */
    long bytes() {
        return bytes;
    }

    /** Sequence of the next event that is added. */
    long end() {
        return end;
    }

    /** Oldest sequence that may be in memory. */
    long first() {
        return first;
    }

    /**
     * Takes out the oldest events.
     *
     * @param upTo the last sequence that may go
     * @param maxBytes stop when no more than so many bytes are left
     * @param out gets payload to release
     */
    void evict(long upTo, long maxBytes, Releases out) {
        while (first <= upTo && first < end && bytes > maxBytes) {
            int slot = (int) (first & (slots.length - 1));
            Payload payload = slots[slot];
            if (payload != null) {
                out.add(payload);
                slots[slot] = null;
                bytes -= payload.length();
            }
            first++;
        }
    }

    /**
     * Takes out one event's payload that nobody will read again, if it has just the length of what was overwritten.
     *
     * @param sequence of the event
     * @param length of what was overwritten, in bytes
     * @param out gets payload to release
     */
    void drop(long sequence, long length, Releases out) {
        Payload payload = get(sequence);
        if (payload != null && payload.length() == length) {
            out.add(payload);
            slots[(int) (sequence & (slots.length - 1))] = null;
            bytes -= length;
        }
    }

    /** Payload to release outside the lock. For one thread at a time. */
    static final class Releases {
        private Payload[] payloads = new Payload[16];
        private int count;

        void add(Payload payload) {
            if (count == payloads.length) {
                payloads = Arrays.copyOf(payloads, count * 2);
            }
            payloads[count++] = payload;
        }

        /** Releases all. Not to be called under a lock: a waiter may be called back. */
        void release() {
            // Each once, whatever one of them throws.
            while (count > 0) {
                Payload payload = payloads[--count];
                payloads[count] = null;
                payload.release();
            }
        }
    }
}
