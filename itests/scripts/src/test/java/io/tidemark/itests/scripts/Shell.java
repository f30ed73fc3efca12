package io.tidemark.itests.scripts;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs programs as a person at a shell would, from the top of the tree. */
final class Shell {
    /** Longest that any program of these tests may take. */
    private static final long PATIENCE_SECONDS = 300;

    private Shell() {}

    /** What a program did. */
    record Outcome(int status, byte[] out, String err, long millis) {
        String text() {
            return new String(out, StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "exit status " + status + " after " + millis + " ms\n--- stdout\n" + text() + "--- stderr\n" + err;
        }

        /** Fails the test unless the program succeeded. */
        Outcome good() {
            if (status != 0) {
                throw new AssertionError(this);
            }
            return this;
        }
    }

    static Path root() {
        return Path.of(System.getProperty("tidemark.root"));
    }

    static Path target() {
        return Path.of(System.getProperty("tidemark.target"));
    }

    /** The same program as root: of this machine, or where somebody else runs the tests, of a name space. */
    static List<String> asRoot(String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        if (!"root".equals(System.getProperty("user.name"))) {
            all.addAll(0, List.of("unshare", "--map-root-user"));
        }
        return all;
    }

    static Outcome run(String... words) {
        return run(root(), Map.of(), "", List.of(words));
    }

    static Outcome run(Path directory, Map<String, String> environment, String input, List<String> words) {
        long began = System.nanoTime();
        Process process = start(directory, environment, words);
        CompletableFuture<byte[]> out = CompletableFuture.supplyAsync(() -> drain(process.getInputStream()));
        CompletableFuture<byte[]> err = CompletableFuture.supplyAsync(() -> drain(process.getErrorStream()));
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // The program did not read its input, which is its right.
        }
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(words + " did not end within " + PATIENCE_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        return new Outcome(process.exitValue(), out.join(), new String(err.join(), StandardCharsets.UTF_8), millis);
    }

    static Process start(Path directory, Map<String, String> environment, List<String> words) {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(words)).directory(directory.toFile());
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException e) {
            throw new AssertionError("cannot run " + words, e);
        }
    }

    private static byte[] drain(InputStream in) {
        try (in) {
            return in.readAllBytes();
        } catch (IOException e) {
            return new byte[0];
        }
    }
}
