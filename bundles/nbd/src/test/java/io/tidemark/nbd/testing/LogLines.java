package io.tidemark.nbd.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What the server logs while this is open: the test logger writes to standard error. */
public final class LogLines implements AutoCloseable {
    private final PrintStream before = System.err;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    /** From now on. */
    public LogLines() {
        System.setErr(new PrintStream(kept, true, StandardCharsets.UTF_8));
    }

    /** Level and message of each line. */
    public List<String> all() {
        return kept.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains(" - nbd: "))
                .map(line -> line.replaceFirst(".*(INFO|WARN|ERROR) .* - nbd: ", "$1 nbd: "))
                .toList();
    }

    /** Waits until there are as many, and fails unless these they are: patterns, in any order. */
    public void are(String... patterns) {
        Served.await("log lines", () -> all().size() >= patterns.length);
        List<String> lines = all();
        boolean same = lines.size() == patterns.length;
        for (String pattern : patterns) {
            same &= lines.stream().anyMatch(line -> line.matches(pattern));
        }
        assertTrue(same, () -> "wanted:\n" + String.join("\n", patterns) + "\nlogged:\n" + String.join("\n", lines));
    }

    @Override
    public void close() {
        System.setErr(before);
        before.print(kept.toString(StandardCharsets.UTF_8));
    }
}
