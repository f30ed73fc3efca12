package io.tidemark.engine.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.Completion;
import io.tidemark.base.figures.Histogram;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Requests that have ended: collected under the image's lock, told outside it. For one thread at a time. */
final class Sweep {
    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);
    /** Most images are idle. */
    private static final int LEAST = 8;

    private Completion[] completions = new Completion[LEAST];
    private Session[] sessions = new Session[LEAST];
    private long[] starts = new long[LEAST];
    private StorageException[] failures = new StorageException[LEAST];
    private int count;
    private Session[] touched = new Session[8];

    void add(Completion completion, Session session, long startNanos, StorageException failure) {
        if (count == completions.length) {
            completions = Arrays.copyOf(completions, count * 2);
            sessions = Arrays.copyOf(sessions, count * 2);
            starts = Arrays.copyOf(starts, count * 2);
            failures = Arrays.copyOf(failures, count * 2);
        }
        completions[count] = completion;
        sessions[count] = session;
        starts[count] = startNanos;
        failures[count] = failure;
        count++;
    }

    int count() {
        return count;
    }

    /** Adds the latencies of those from an index on to a histogram. */
    void measure(int from, long nowNanos, Histogram latency) {
        for (int i = from; i < count; i++) {
            latency.add(nowNanos - starts[i]);
        }
    }

    /** Calls the completions and leaves the sessions for later; false when there are none. */
    boolean answer() {
        for (int i = 0; i < count; i++) {
            complete(i);
        }
        boolean any = count > 0;
        count = 0;
        return any;
    }

    /** Calls the completions, then each session once. */
    void run() {
        int distinct = 0;
        for (int i = 0; i < count; i++) {
            Session session = sessions[i];
            complete(i);
            if (session != null && !contains(distinct, session)) {
                if (distinct == touched.length) {
                    touched = Arrays.copyOf(touched, distinct * 2);
                }
                touched[distinct++] = session;
            }
        }
        count = 0;
        for (int i = 0; i < distinct; i++) {
            Session session = touched[i];
            touched[i] = null;
            try {
                session.swept();
            } catch (RuntimeException | VirtualMachineError | LinkageError e) {
                LOG.error("a client could not be told that its requests are answered", e);
            }
        }
    }

    /** What one client fails with is nothing to the others, nor to whoever answers them. */
    private void complete(int index) {
        Completion completion = completions[index];
        StorageException failure = failures[index];
        completions[index] = null;
        sessions[index] = null;
        failures[index] = null;
        try {
            completion.completed(failure);
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            LOG.error("a client failed when it was answered", e);
        }
    }

    private boolean contains(int distinct, Session session) {
        for (int i = distinct - 1; i >= 0; i--) {
            if (touched[i] == session) {
                return true;
            }
        }
        return false;
    }
}
