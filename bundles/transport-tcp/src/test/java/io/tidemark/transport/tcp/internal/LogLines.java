package io.tidemark.transport.tcp.internal;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What was logged meanwhile: the test logger writes to standard error. */
final class LogLines implements AutoCloseable {
    private final PrintStream before = System.err;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    LogLines() {
        System.setErr(new PrintStream(kept, true, StandardCharsets.UTF_8));
    }

    List<String> all() {
        return kept.toString(StandardCharsets.UTF_8).lines().toList();
    }

    List<String> warnings() {
        return all().stream()
                .filter(line -> line.contains(" WARN ") || line.contains(" ERROR "))
                .toList();
    }

    @Override
    public void close() {
        System.setErr(before);
    }
}
