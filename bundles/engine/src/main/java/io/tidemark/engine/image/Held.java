package io.tidemark.engine.image;

import io.tidemark.api.EventKind;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/** Requests that wait to be appended: flushes first, and then writes in their order. Guarded by the image's lock. */
final class Held {
    private final ArrayDeque<Request> requests = new ArrayDeque<>();
    private long bytes;

    void add(Request request) {
        if (request.kind == EventKind.FLUSH) {
            // What it promises is answered already, and nothing that is held.
            requests.addFirst(request);
        } else {
            requests.add(request);
        }
        bytes += request.waitingBytes();
    }

    /** The one that is next; null when there is none. */
    Request peek() {
        return requests.peek();
    }

    Request remove() {
        Request request = requests.remove();
        bytes -= request.waitingBytes();
        return request;
    }

    /** So much of the first one does not wait any more. */
    void appended(long payloadBytes) {
        bytes -= payloadBytes;
    }

    boolean isEmpty() {
        return requests.isEmpty();
    }

    int size() {
        return requests.size();
    }

    /** Payload that waits. */
    long bytes() {
        return bytes;
    }

    void forEach(Consumer<Request> action) {
        requests.forEach(action);
    }

    void check() {
        long counted = requests.stream().mapToLong(Request::waitingBytes).sum();
        if (counted != bytes) {
            throw new AssertionError("held bytes " + bytes + ", counted " + counted);
        }
    }
}
