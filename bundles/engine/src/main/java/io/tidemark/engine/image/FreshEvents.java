package io.tidemark.engine.image;

import io.tidemark.api.EventHeader;
import java.util.Arrays;

/**
 * What arrived last at a replica and its head has not passed, so that a head that follows closely need not read it back from
 * the journal. Bounded: the oldest make room for the newest, and are read from the journal then. Guarded by the image's lock.
 */
final class FreshEvents {
    static final int MOST = 4096;
    private static final int LEAST = 8;

    private EventHeader[] headers = new EventHeader[LEAST];
    private long[] places = new long[LEAST];
    private long first;
    private long end;

    /** Adds what was appended at a place of the journal. Where it does not follow the one before, it is the only one. */
    void add(EventHeader header, long place) {
        long sequence = header.position().sequence();
        if (sequence != end) {
            clear();
            first = sequence;
            end = sequence;
        }
        makeRoom();
        headers[index(end)] = header;
        places[index(end)] = place;
        end++;
    }

    /** Has room for one more, or fails; before the journal has it, as it cannot be taken back from there. */
    void makeRoom() {
        if (end - first < headers.length) {
            return;
        }
        if (headers.length == MOST) {
            headers[index(first++)] = null;
            return;
        }
        EventHeader[] oldHeaders = headers;
        long[] oldPlaces = places;
        EventHeader[] newHeaders = new EventHeader[oldHeaders.length * 2];
        places = new long[oldPlaces.length * 2];
        headers = newHeaders;
        for (long s = first; s < end; s++) {
            int from = (int) (s & (oldHeaders.length - 1));
            headers[index(s)] = oldHeaders[from];
            places[index(s)] = oldPlaces[from];
        }
    }

    private int index(long sequence) {
        return (int) (sequence & (headers.length - 1));
    }

    boolean has(long sequence) {
        return sequence >= first && sequence < end;
    }

    EventHeader header(long sequence) {
        return headers[index(sequence)];
    }

    long place(long sequence) {
        return places[index(sequence)];
    }

    /** The head has passed it, and all before it. */
    void forget(long upTo) {
        while (first <= upTo && first < end) {
            headers[index(first++)] = null;
        }
    }

    /** Places mean nothing any more: the journal is opened anew. */
    void clear() {
        Arrays.fill(headers, null);
        first = 0;
        end = 0;
    }
}
