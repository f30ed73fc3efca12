package io.tidemark.engine.image;

import io.tidemark.api.EventKind;
import java.util.HashMap;
import java.util.Map;

/**
 * What was appended and is not durable yet, so that it can be appended again after the journal had to be opened again. The
 * payload is in {@link HotPayloads}. Guarded by the image's lock.
 */
final class UnforcedEvents {
    /** Most images are idle. */
    private static final int LEAST = 8;

    private EventKind[] kinds = new EventKind[LEAST];
    private int[] flags = new int[LEAST];
    private long[] times = new long[LEAST];
    private long[] offsets = new long[LEAST];
    private long[] lengths = new long[LEAST];

    /** Of the few that have one, by sequence. */
    private final Map<Long, String> names = new HashMap<>();

    private long first;
    private long end;
    private long bytes;
    private long unclaimedBytes;

    UnforcedEvents(long nextSequence) {
        first = nextSequence;
        end = nextSequence;
    }

    /** Has room for one more, which may have a name, or fails; before the journal has it, as it cannot be taken back from there. */
    void makeRoom(String name) {
        if (end - first == kinds.length) {
            grow();
        }
        if (!name.isEmpty()) {
            names.put(end, name);
        } else if (!names.isEmpty()) {
            // Of one that was not appended after all.
            names.remove(end);
        }
    }

    /** Adds what there is room for. */
    void add(EventKind kind, int flag, long timeNanos, long offset, long length) {
        int i = index(end++);
        kinds[i] = kind;
        flags[i] = flag;
        times[i] = timeNanos;
        offsets[i] = offset;
        lengths[i] = length;
        bytes += payloadBytes(i);
        unclaimedBytes += payloadBytes(i);
    }

    private long payloadBytes(int i) {
        return kinds[i] == EventKind.WRITE ? lengths[i] : 0;
    }

    /** Payload of all of them. */
    long bytes() {
        return bytes;
    }

    /** Payload of what was added since this was called last. */
    long claimBytes() {
        long claimed = unclaimedBytes;
        unclaimedBytes = 0;
        return claimed;
    }

    private int index(long sequence) {
        return (int) (sequence & (kinds.length - 1));
    }

    private void grow() {
        int old = kinds.length;
        int shift = (int) (first & (old - 1));
        // Unrolled so that the oldest is at 0, then put to where the wider mask expects it.
        EventKind[] k = new EventKind[old * 2];
        int[] f = new int[old * 2];
        long[] t = new long[old * 2];
        long[] o = new long[old * 2];
        long[] l = new long[old * 2];
        for (int n = 0; n < old; n++) {
            int from = (shift + n) & (old - 1);
            int to = (int) ((first + n) & (old * 2 - 1));
            k[to] = kinds[from];
            f[to] = flags[from];
            t[to] = times[from];
            o[to] = offsets[from];
            l[to] = lengths[from];
        }
        kinds = k;
        flags = f;
        times = t;
        offsets = o;
        lengths = l;
    }

    /** Forgets what is durable. */
    void forget(long upTo) {
        while (first <= upTo && first < end) {
            bytes -= payloadBytes(index(first));
            if (!names.isEmpty()) {
                names.remove(first);
            }
            first++;
        }
    }

    long first() {
        return first;
    }

    long end() {
        return end;
    }

    EventKind kind(long sequence) {
        return kinds[index(sequence)];
    }

    int flags(long sequence) {
        return flags[index(sequence)];
    }

    long timeNanos(long sequence) {
        return times[index(sequence)];
    }

    long offset(long sequence) {
        return offsets[index(sequence)];
    }

    long length(long sequence) {
        return lengths[index(sequence)];
    }

    /** Empty where the event has none. */
    String name(long sequence) {
        return names.isEmpty() ? "" : names.getOrDefault(sequence, "");
    }
}
