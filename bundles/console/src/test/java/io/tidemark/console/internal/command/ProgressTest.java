package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long SECOND = 1_000_000_000L;

    private final List<String> steps = new ArrayList<>();
    private long nowNanos;

    private Progress progress(long totalBytes) {
        return new Progress(new Listener(), () -> nowNanos, "exporting vm1", totalBytes);
    }

    @Test
    void partRateAndTimeLeftAreShown() {
        Progress progress = progress(400L << 20);
        nowNanos += 10 * SECOND;
        progress.at(100L << 20);
        assertEquals(
                List.of("exporting vm1  [=====               ] 25 %  100 MiB of 400 MiB  10 MiB/s  30.0s left"), steps);
        nowNanos += 30 * SECOND;
        progress.at(400L << 20);
        assertEquals("exporting vm1  [====================] 100 %  400 MiB of 400 MiB  10 MiB/s", steps.get(1));
        assertEquals("40.0s, 10 MiB/s", progress.summary(400L << 20));
    }

    @Test
    void nothingIsShownTwiceInATick() {
        Progress progress = progress(100);
        for (int i = 0; i < 100; i++) {
            nowNanos += SECOND / 100;
            progress.at(i);
        }
        assertEquals(5, steps.size());
    }

    @Test
    void unknownAmountsShowNoPart() {
        Progress progress = progress(0);
        nowNanos += SECOND;
        progress.at(5L << 20);
        assertEquals(List.of("exporting vm1  5 MiB  5 MiB/s"), steps);
        assertEquals("1.0s", progress.summary(0));
    }

    /** Keeps the steps. */
    private final class Listener implements Caller {
        @Override
        public void out(String text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void progress(String line) {
            steps.add(line);
        }

        @Override
        public int columns() {
            return 80;
        }

        @Override
        public String ask(String question) {
            return null;
        }

        @Override
        public Path directory() {
            return Path.of("/");
        }

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public boolean pause(long millis) {
            throw new UnsupportedOperationException();
        }
    }
}
