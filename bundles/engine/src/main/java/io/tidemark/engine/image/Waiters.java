package io.tidemark.engine.image;

import io.tidemark.api.device.Completion;
import java.util.Arrays;

/**
 * Requests that wait for a watermark to reach their sequence, in the order of the sequences. Guarded by the image's lock.
 */
final class Waiters {
    /** Most images are idle. */
    private static final int LEAST = 8;

    private long[] sequences = new long[LEAST];
    private long[] starts = new long[LEAST];
    private Completion[] completions = new Completion[LEAST];
    private Session[] sessions = new Session[LEAST];
    private int first;
    private int count;

    void add(long sequence, long startNanos, Completion completion, Session session) {
        if (count == sequences.length) {
            grow();
        }
        int i = (first + count) & (sequences.length - 1);
        sequences[i] = sequence;
        starts[i] = startNanos;
        completions[i] = completion;
        sessions[i] = session;
        count++;
    }

    private void grow() {
        int old = sequences.length;
        long[] s = Arrays.copyOf(sequences, old * 2);
        long[] t = Arrays.copyOf(starts, old * 2);
        Completion[] c = Arrays.copyOf(completions, old * 2);
        Session[] e = Arrays.copyOf(sessions, old * 2);
        System.arraycopy(s, 0, s, old, first);
        System.arraycopy(t, 0, t, old, first);
        System.arraycopy(c, 0, c, old, first);
        System.arraycopy(e, 0, e, old, first);
        Arrays.fill(c, 0, first, null);
        Arrays.fill(e, 0, first, null);
        sequences = s;
        starts = t;
        completions = c;
        sessions = e;
    }

    int count() {
        return count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Sequence that the first one waits for; {@link Long#MAX_VALUE} when there is none. */
    long firstSequence() {
        return count == 0 ? Long.MAX_VALUE : sequences[first];
    }

    /** Sequence that the last one waits for; 0 when there is none. */
    long lastSequence() {
        return count == 0 ? 0 : sequences[(first + count - 1) & (sequences.length - 1)];
    }

    /** Moves those that wait for at most a sequence to a sweep. */
    void sweep(long upTo, Sweep out) {
        while (count > 0 && sequences[first] <= upTo) {
            out.add(completions[first], sessions[first], starts[first], null);
            dropFirst();
        }
    }

    /** Takes over all that wait in another one, in the order of what they wait for. */
    void takeOver(Waiters others) {
        Waiters all = new Waiters();
        while (count + others.count > 0) {
            Waiters next = firstSequence() <= others.firstSequence() ? this : others;
            all.add(
                    next.sequences[next.first],
                    next.starts[next.first],
                    next.completions[next.first],
                    next.sessions[next.first]);
            next.dropFirst();
        }
        sequences = all.sequences;
        starts = all.starts;
        completions = all.completions;
        sessions = all.sessions;
        first = 0;
        count = all.count;
    }

    private void dropFirst() {
        completions[first] = null;
        sessions[first] = null;
        first = (first + 1) & (sequences.length - 1);
        count--;
    }

    /** Moves all to a sweep, failed. */
    void fail(io.tidemark.api.StorageException failure, Sweep out) {
        while (count > 0) {
            out.add(completions[first], sessions[first], starts[first], failure);
            dropFirst();
        }
    }
}
