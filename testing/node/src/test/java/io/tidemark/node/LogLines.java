package io.tidemark.node;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What is logged while this is open, by the simple logger, which writes to wherever standard error goes at the moment. */
final class LogLines implements AutoCloseable {
    private static final String OURS = " io.tidemark.";

    private final PrintStream before = System.err;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    LogLines() {
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    }

    /** Level and message of each line; a line that is no event of its own belongs to the one before. */
    List<String> all() {
        return bytes.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> line.contains(OURS) ? event(line) : "  " + line)
                .toList();
    }

    private static String event(String line) {
        String level = line.substring(line.indexOf("] ") + 2, line.indexOf(OURS));
        return level + " " + line.substring(line.indexOf(" - ") + 3);
    }

    boolean has(String pattern) {
        return all().stream().anyMatch(line -> line.matches(pattern));
    }

    /** Fails unless there are just these lines, in this order, each a pattern. */
    void are(String... patterns) {
        List<String> lines = all();
        boolean same = lines.size() == patterns.length;
        for (int i = 0; same && i < patterns.length; i++) {
            same = lines.get(i).matches(patterns[i]);
        }
        assertTrue(same, "wanted:\n" + String.join("\n", patterns) + "\nlogged:\n" + String.join("\n", lines));
        assertFalse(lines.toString().contains(Place.SECRET.strip()), "the log shows what a client wrote");
    }

    @Override
    public void close() {
        System.setErr(before);
        before.print(bytes.toString(StandardCharsets.UTF_8));
    }
}
