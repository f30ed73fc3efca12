package io.tidemark.itests.nodes.node;

import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.load.NbdConnection;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * The classes of node processes, read and verified once for all of them: most of what a short-lived process does is to load
 * classes. Java keeps them in an archive (class data sharing), made by the first process of its kind, as long as what is on the
 * class path stays the same. Only jars can be archived, so directories are packed.
 */
final class ClassData {
    private static final long IMAGE_BYTES = 1L << 20;

    private final boolean felix;
    private final Path directory;
    private final List<String> entries;

    /**
     * Class data of a node.
     *
     * @param felix whether it runs on plain Felix
     * @param classPath of it
     */
    ClassData(boolean felix, String classPath) {
        this.felix = felix;
        entries = Stream.of(classPath.split(File.pathSeparator))
                .filter(entry -> Files.exists(Path.of(entry)))
                .toList();
        directory = Path.of(System.getProperty("tidemark.scratch", "target/scratch"))
                .toAbsolutePath()
                .resolveSibling("class-data-" + (felix ? "felix" : "plain"));
    }

    /** The class path without directories, and the option that has the archive used. */
    record Start(String classPath, String option) {}

    /**
     * How to start a process with class data, which is made where there is none that fits.
     *
     * @return what to start it with
     * @throws IOException when files cannot be read or written
     */
    Start start() throws IOException {
        String stamp = stamp();
        Path current = directory.resolve(
                UUID.nameUUIDFromBytes(stamp.getBytes(StandardCharsets.UTF_8)).toString());
        Path archive = current.resolve("archive.jsa");
        if (!Files.exists(archive)) {
            Files.createDirectories(current);
            // Tests run in several processes at a time.
            try (FileChannel lock = FileChannel.open(
                            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    var held = lock.lock()) {
                if (held.isValid() && !Files.exists(archive)) {
                    make(current, archive);
                }
            }
        }
        return new Start(classPath(current), "-XX:SharedArchiveFile=" + archive);
    }

    /** Sizes and times of all that is on the class path. */
    private String stamp() throws IOException {
        List<String> parts = new ArrayList<>(List.of(System.getProperty("java.vm.version")));
        for (String entry : entries) {
            try (Stream<Path> files = Files.walk(Path.of(entry))) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    parts.add(file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file));
                }
            }
        }
        return String.join("\n", parts);
    }

    private String classPath(Path current) {
        List<String> path = new ArrayList<>();
        for (String entry : entries) {
            path.add(
                    Files.isDirectory(Path.of(entry))
                            ? packed(current, path.size()).toString()
                            : entry);
        }
        return String.join(File.pathSeparator, path);
    }

    private static Path packed(Path current, int index) {
        return current.resolve("directory-" + index + ".jar");
    }

    private void make(Path current, Path archive) throws IOException {
        List<Path> outdated;
        try (Stream<Path> all = Files.list(directory)) {
            outdated = all.filter(one -> Files.isDirectory(one) && !one.equals(current))
                    .toList();
        }
        for (Path one : outdated) {
            Scratch.deleteTree(one);
        }
        for (int index = 0; index < entries.size(); index++) {
            Path entry = Path.of(entries.get(index));
            if (Files.isDirectory(entry)) {
                pack(entry, packed(current, index));
            }
        }
        Path unfinished = current.resolve("unfinished.jsa");
        train(new Start(classPath(current), "-XX:ArchiveClassesAtExit=" + unfinished));
        Files.move(unfinished, archive);
    }

    private static void pack(Path from, Path to) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(from)) {
            files = walk.filter(Files::isRegularFile).sorted().toList();
        }
        try (OutputStream out = Files.newOutputStream(to);
                JarOutputStream jar = new JarOutputStream(out)) {
            for (Path file : files) {
                jar.putNextEntry(new JarEntry(from.relativize(file).toString()));
                Files.copy(file, jar);
                jar.closeEntry();
            }
        }
    }

    /** Runs a node that does a little of everything and ends in order: what it loads is what others will need. */
    private void train(Start start) throws IOException {
        Scratch scratch = Scratch.create("class-data-" + ProcessHandle.current().pid());
        boolean done = false;
        try {
            NodeSettings settings = new NodeSettings(scratch.newDirectory("images"), scratch.newDirectory("journals"))
                    .image("one", IMAGE_BYTES, "commit=journal+image");
            if (!felix) {
                settings.set("etc", scratch.newDirectory("etc").toString());
            }
            NodeProcess node = NodeProcess.start(scratch, settings, felix, start);
            try (NbdConnection connection = node.dial("one")) {
                connection.call(NbdConnection.WRITE, 0, 0, 4096, ByteBuffer.allocate(4096));
                connection.call(NbdConnection.FLUSH, 0, 0, 0, null);
                connection.call(NbdConnection.READ, 0, 0, 4096, ByteBuffer.allocate(4096));
            }
            node.stop();
            done = true;
        } finally {
            scratch.close(!done);
        }
    }
}
