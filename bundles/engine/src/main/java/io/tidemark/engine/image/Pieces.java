package io.tidemark.engine.image;

import io.tidemark.api.context.Payload;
import io.tidemark.base.event.EventCodec;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A list of extents with, where it is in memory, the payload that their bytes are in. For one thread at a time. */
final class Pieces {
    private long[] offsets = new long[8];
    private int[] lengths = new int[8];
    private long[] sequences = new long[8];
    private long[] places = new long[8];
    private int[] bodies = new int[8];
    private Payload[] payloads = new Payload[8];
    private int count;

    void add(long offset, int length, long sequence, long place, int body) {
        if (count == offsets.length) {
            grow(count * 2);
        }
        offsets[count] = offset;
        lengths[count] = length;
        sequences[count] = sequence;
        places[count] = place;
        bodies[count] = body;
        count++;
    }

    void addFrom(Pieces other, int i) {
        add(other.offsets[i], other.lengths[i], other.sequences[i], other.places[i], other.bodies[i]);
    }

    private void grow(int capacity) {
        offsets = Arrays.copyOf(offsets, capacity);
        lengths = Arrays.copyOf(lengths, capacity);
        sequences = Arrays.copyOf(sequences, capacity);
        places = Arrays.copyOf(places, capacity);
        bodies = Arrays.copyOf(bodies, capacity);
        payloads = Arrays.copyOf(payloads, capacity);
    }

    int count() {
        return count;
    }

    long offset(int i) {
        return offsets[i];
    }

    int length(int i) {
        return lengths[i];
    }

    long end(int i) {
        return offsets[i] + lengths[i];
    }

    long sequence(int i) {
        return sequences[i];
    }

    long place(int i) {
        return places[i];
    }

    int body(int i) {
        return bodies[i];
    }

    Payload payload(int i) {
        return payloads[i];
    }

    void payload(int i, Payload payload) {
        payloads[i] = payload;
    }

    /** Of all of them. */
    long bytes() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += lengths[i];
        }
        return sum;
    }

    /** The bytes of one that is in memory. */
    ByteBuffer bytes(int i) {
        ByteBuffer buffer = payloads[i].buffer();
        int from = bodies[i] - EventCodec.WRITE_HEAD_BYTES;
        buffer.limit(from + lengths[i]).position(from);
        return buffer;
    }

    /** Least sequence whose bytes have to come from the journal; {@link Long#MAX_VALUE} when none has. */
    long firstCold() {
        long first = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            if (places[i] >= 0 && payloads[i] == null) {
                first = Math.min(first, sequences[i]);
            }
        }
        return first;
    }

    /** Drops the references to payload and everything else. Not to be called under a lock. */
    void release() {
        for (int i = 0; i < count; i++) {
            if (payloads[i] != null) {
                payloads[i].release();
                payloads[i] = null;
            }
        }
        count = 0;
        if (offsets.length > 4096) {
            offsets = new long[8];
            lengths = new int[8];
            sequences = new long[8];
            places = new long[8];
            bodies = new int[8];
            payloads = new Payload[8];
        }
    }
}
