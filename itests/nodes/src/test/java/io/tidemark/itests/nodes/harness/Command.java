package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program with its arguments, run in a scratch directory. Its output goes to files there, so it never blocks. */
public final class Command {
    private final Scratch scratch;
    private final List<String> line = new ArrayList<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private Duration limit = Duration.ofSeconds(120);

    private Command(Scratch scratch) {
        this.scratch = scratch;
    }

    /**
     * A tool and its arguments.
     *
     * @param scratch where it runs
     * @param tool the program
     * @param arguments in order
     * @return the command, not yet started
     */
    public static Command of(Scratch scratch, Tool tool, String... arguments) {
        return of(scratch, Path.of(tool.path()), arguments);
    }

    /**
     * A program of ours and its arguments.
     *
     * @param scratch where it runs
     * @param program its path
     * @param arguments in order
     * @return the command, not yet started
     */
    public static Command of(Scratch scratch, Path program, String... arguments) {
        Command command = new Command(scratch);
        command.line.add(program.toString());
        return command.with(arguments);
    }

    /**
     * Adds arguments.
     *
     * @param arguments in order
     * @return this
     */
    public Command with(String... arguments) {
        line.addAll(List.of(arguments));
        return this;
    }

    /**
     * Sets an environment variable.
     *
     * @param name of it
     * @param value of it
     * @return this
     */
    public Command environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /**
     * Sets how long it may take.
     *
     * @param atMost after which it is killed and the test fails
     * @return this
     */
    public Command limit(Duration atMost) {
        limit = atMost;
        return this;
    }

    /**
     * Runs it to its end.
     *
     * @return how it ended
     */
    public Outcome run() {
        return start().await(limit);
    }

    /**
     * Starts it in the background. It is killed at the end of the test if it still runs.
     *
     * @return the running program
     */
    public Running start() {
        try {
            Path out = scratch.newFile("out.log");
            Path err = scratch.newFile("err.log");
            ProcessBuilder builder = new ProcessBuilder(line)
                    .directory(scratch.directory().toFile())
                    .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("PATH", Tool.SEARCH_PATH);
            builder.environment().put("LC_ALL", "C.UTF-8");
            builder.environment().putAll(environment);
            Running running = new Running(List.copyOf(line), builder.start(), out, err);
            scratch.defer(line.get(0), running::kill);
            return running;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + line, e);
        }
    }

    /** A program that runs. */
    public static final class Running {
        private final List<String> line;
        private final Process process;
        private final Path out;
        private final Path err;

        Running(List<String> line, Process process, Path out, Path err) {
            this.line = line;
            this.process = process;
            this.out = out;
            this.err = err;
        }

        /**
         * Waits for its end.
         *
         * @param atMost after which it is killed and the test fails
         * @return how it ended
         */
        public Outcome await(Duration atMost) {
            try {
                if (!process.waitFor(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
                    kill();
                    throw new AssertionError("still running after " + atMost.toSeconds() + " s: " + outcome(-1));
                }
                return outcome(process.exitValue());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while waiting for " + line, e);
            }
        }

        private Outcome outcome(int exit) {
            return new Outcome(line, exit, text(out), text(err));
        }

        /**
         * What it wrote to its standard error so far.
         *
         * @return the text
         */
        public String errors() {
            return text(err);
        }

        /**
         * Whether it still runs.
         *
         * @return false after its end
         */
        public boolean alive() {
            return process.isAlive();
        }

        /**
         * Its process.
         *
         * @return the id
         */
        public long pid() {
            return process.pid();
        }

        /** Kills it and its children, and waits until it is gone. */
        public void kill() {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            process.onExit().join();
        }

        private static String text(Path file) {
            try {
                return Files.exists(file) ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8) : "";
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
