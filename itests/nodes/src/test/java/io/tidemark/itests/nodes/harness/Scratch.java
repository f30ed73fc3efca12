package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A directory of one test, and what the test has to undo: processes, mounts, loop devices. Everything is undone in the
 * opposite order, whether the test passed or not. After a failure the logs stay.
 */
public final class Scratch {
    private final Path directory;
    private final AtomicInteger counter = new AtomicInteger();
    private final Deque<Undo> undos = new ArrayDeque<>();
    private final List<Path> logs = new ArrayList<>();

    /** Undoes one thing. */
    @FunctionalInterface
    public interface Action {
        /**
         * Undoes it; does nothing when it is undone already.
         *
         * @throws Exception when it cannot
         */
        void run() throws Exception;
    }

    private record Undo(String what, Action action) {}

    private Scratch(Path directory) {
        this.directory = directory;
    }

    /**
     * Makes an empty one.
     *
     * @param name of the test
     * @return the directory
     */
    public static Scratch create(String name) {
        // Short, because the path of a Unix socket has at most 107 bytes.
        Path parent = Path.of(System.getProperty("tidemark.scratch", "target/scratch"))
                .toAbsolutePath();
        Path directory = parent.resolve(name);
        try {
            unmountBelow(directory);
            deleteTree(directory);
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Scratch scratch = new Scratch(directory);
        // A run that is broken off leaves no mounts and processes behind either.
        Runtime.getRuntime().addShutdownHook(new Thread(scratch::undoAll, "undo-" + name));
        return scratch;
    }

    /** What a run of this test left behind that was killed itself. */
    private static void unmountBelow(Path directory) throws IOException {
        for (String mount : Files.readAllLines(Path.of("/proc/mounts"))) {
            Path point = Path.of(mount.split(" ")[1]);
            if (point.startsWith(directory)) {
                new ProcessBuilder(Tool.UMOUNT.path(), "-l", point.toString())
                        .start()
                        .onExit()
                        .join();
            }
        }
    }

    /**
     * The directory.
     *
     * @return an absolute path
     */
    public Path directory() {
        return directory;
    }

    /**
     * A name that is not taken. A failure shows what is in it when it is the name of a log.
     *
     * @param suffix of it
     * @return a path in the directory; nothing is there yet
     */
    public Path newFile(String suffix) {
        Path file = directory.resolve(counter.incrementAndGet() + "-" + suffix);
        if (suffix.endsWith(".log")) {
            show(file);
        }
        return file;
    }

    /**
     * Has a failure show the end of a file.
     *
     * @param log that is there when something fails
     */
    public void show(Path log) {
        synchronized (logs) {
            logs.add(log);
        }
    }

    /**
     * A failure of this test with what is needed to understand it.
     *
     * @param failure as thrown
     * @return the same, saying more
     */
    public AssertionError explain(Throwable failure) {
        synchronized (logs) {
            return Evidence.with(failure, List.copyOf(logs));
        }
    }

    /**
     * A new and empty directory.
     *
     * @param suffix of its name
     * @return its path
     */
    public Path newDirectory(String suffix) {
        try {
            return Files.createDirectory(newFile(suffix));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A path for a Unix socket: at most 107 bytes long, outside the directory where that lies too deep.
     *
     * @param suffix of its name
     * @return a path; nothing is there yet
     */
    public Path newSocket(String suffix) {
        Path inside = newFile(suffix);
        if (inside.toString().length() < 100) {
            return inside;
        }
        try {
            Path outside = Files.createTempDirectory("tm-nodes-");
            defer(outside.toString(), () -> deleteTree(outside));
            return outside.resolve(suffix);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Remembers what to undo at the end.
     *
     * @param what it is, for people
     * @param action must do nothing when it is undone already
     */
    public synchronized void defer(String what, Action action) {
        undos.push(new Undo(what, action));
    }

    /**
     * Undoes everything, and removes the directory; after a failure all of it but the logs.
     *
     * @param failed whether the test failed
     */
    public void close(boolean failed) {
        AssertionError problem = undoAll();
        try {
            deleteTree(directory, failed || problem != null);
        } catch (IOException e) {
            problem = problem == null ? new AssertionError("cannot delete " + directory + ": " + e, e) : problem;
        }
        if (problem != null) {
            throw problem;
        }
    }

    private AssertionError undoAll() {
        AssertionError problem = null;
        for (Undo undo = next(); undo != null; undo = next()) {
            try {
                undo.action().run();
            } catch (Exception | AssertionError e) {
                problem = problem == null ? new AssertionError("cannot undo " + undo.what() + ": " + e, e) : problem;
            }
        }
        return problem;
    }

    private synchronized Undo next() {
        return undos.poll();
    }

    /**
     * Deletes a directory and all that is in it.
     *
     * @param top the directory; need not be there
     * @throws IOException when something cannot be deleted
     */
    public static void deleteTree(Path top) throws IOException {
        deleteTree(top, false);
    }

    private static void deleteTree(Path top, boolean keepLogs) throws IOException {
        if (!Files.exists(top)) {
            return;
        }
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(top)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) {
            boolean log = path.toString().endsWith(".log");
            if (keepLogs && (Files.isDirectory(path) || log)) {
                continue;
            }
            Files.deleteIfExists(path);
        }
    }
}
