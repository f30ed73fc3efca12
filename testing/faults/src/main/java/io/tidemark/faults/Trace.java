package io.tidemark.faults;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * What a run did: a hash over every step, which two runs of one seed must share, and the last steps as text. Lines are
 * put together only when somebody wants to read them, because a run of thousands of seeds does not.
 */
public final class Trace {
    private static final int KEPT = 400;

    private final Object[] subjects = new Object[KEPT];
    private final String[] operations = new String[KEPT];
    private final String[] workers = new String[KEPT];
    private final long[] numbers = new long[KEPT * 4];
    private long count;
    private long hash = 1;
    private PrintStream sink;

    Trace() {}

    void printTo(PrintStream newSink) {
        this.sink = newSink;
    }

    void add(long nanos, String worker, String operation, Object subject, long first, long second) {
        int slot = (int) (count % KEPT);
        subjects[slot] = subject;
        operations[slot] = operation;
        workers[slot] = worker;
        numbers[slot * 4] = count;
        numbers[slot * 4 + 1] = nanos;
        numbers[slot * 4 + 2] = first;
        numbers[slot * 4 + 3] = second;
        count++;
        mix(nanos);
        mix(worker.hashCode());
        mix(operation.hashCode());
        mix(subject.toString().hashCode());
        mix(first);
        mix(second);
        if (sink != null) {
            sink.println(line(slot));
        }
    }

    private void mix(long value) {
        hash = Long.rotateLeft(hash ^ value, 23) * 0x9E3779B97F4A7C15L;
    }

    /**
     * A hash over every step so far.
     *
     * @return equal for two runs of the same code and seed
     */
    public long hash() {
        return SeededRandom.mix(hash);
    }

    /**
     * How many steps there were.
     *
     * @return the count
     */
    public long count() {
        return count;
    }

    /**
     * The last steps.
     *
     * @param most how many at most
     * @return lines, oldest first
     */
    public List<String> last(int most) {
        List<String> lines = new ArrayList<>();
        long first = Math.max(0, count - Math.min(most, KEPT));
        for (long i = first; i < count; i++) {
            lines.add(line((int) (i % KEPT)));
        }
        return lines;
    }

    private String line(int slot) {
        return String.format(
                "%7d %12.6fs %-24s %-14s %s %d %d",
                numbers[slot * 4],
                numbers[slot * 4 + 1] / 1e9,
                workers[slot],
                operations[slot],
                subjects[slot],
                numbers[slot * 4 + 2],
                numbers[slot * 4 + 3]);
    }
}
