package io.tidemark.engine.image;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * What surrounds the payload of the source's events that have arrived and are not durable, byte for byte, so that they can be
 * appended again after the journal had to be opened again. Guarded by the image's lock.
 */
final class Arrivals {
    private record Body(ByteBuffer head, ByteBuffer tail) {}

    private final ArrayDeque<Body> bodies = new ArrayDeque<>();
    private long first;

    Arrivals(long nextSequence) {
        first = nextSequence;
    }

    /** Adds what stands before and behind the next event's payload. */
    void add(ByteBuffer head, ByteBuffer tail) {
        bodies.add(new Body(head, tail));
    }

    /** The last one was not appended after all. */
    void takeBack() {
        bodies.removeLast();
    }

    void forget(long upTo) {
        while (first <= upTo && !bodies.isEmpty()) {
            bodies.remove();
            first++;
        }
        first = Math.max(first, upTo + 1);
    }

    /** All that is kept is handed out in the order of arrival, beginning with a sequence. */
    void each(long from, Visitor visitor) throws io.tidemark.api.StorageException {
        long sequence = first;
        for (Body body : bodies) {
            if (sequence >= from) {
                visitor.event(sequence, body.head, body.tail);
            }
            sequence++;
        }
    }

    /** Takes what surrounds a payload. */
    interface Visitor {
        void event(long sequence, ByteBuffer head, ByteBuffer tail) throws io.tidemark.api.StorageException;
    }
}
