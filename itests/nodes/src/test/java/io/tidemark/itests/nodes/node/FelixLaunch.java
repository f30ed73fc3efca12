package io.tidemark.itests.nodes.node;

import io.tidemark.framework.PlainFramework;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/** Settings as what {@link FelixMain} takes: files in {@code DATA/etc}, and bundles instead of a class path. */
final class FelixLaunch {
    private static final String IMAGE = "image.";
    private static final String OURS = "io.tidemark.";

    private final NodeSettings settings;
    private final Path data;

    /** Bundles of ours that are on this process's class path, by artifact. */
    private final Map<String, String> ours = new TreeMap<>();

    private final List<String> others = new ArrayList<>();

    FelixLaunch(NodeSettings settings) throws IOException {
        this.settings = settings;
        // Beside the images, so that each start finds what the one before left.
        this.data = settings.images().resolveSibling(settings.images().getFileName() + "-felix");
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            String artifact = artifact(Path.of(entry));
            if (artifact == null) {
                others.add(entry);
            } else {
                ours.put(artifact, entry);
            }
        }
    }

    /** Entries of this process's class path that are no bundles of ours. */
    String classPath() {
        return String.join(File.pathSeparator, others);
    }

    /** Writes the configuration; returns the main class and its arguments. */
    List<String> command(Path socket) throws IOException {
        Files.createDirectories(data);
        etc(socket);
        List<String> command = new ArrayList<>(List.of(FelixMain.class.getName()));
        command.addAll(List.of(data.toString(), socket.toString(), System.getProperty("tidemark.platform")));
        ours.forEach((artifact, path) -> command.add(artifact + "=" + path));
        return command;
    }

    /** The artifact where an entry of the class path is a bundle of ours, as a jar or still as its directory; else null. */
    private static String artifact(Path entry) throws IOException {
        Manifest manifest = null;
        Path unpacked = entry.resolve("META-INF/MANIFEST.MF");
        if (Files.isRegularFile(entry)) {
            try (JarFile jar = new JarFile(entry.toFile())) {
                manifest = jar.getManifest();
            }
        } else if (Files.exists(unpacked)) {
            try (InputStream in = Files.newInputStream(unpacked)) {
                manifest = new Manifest(in);
            }
        }
        Attributes main = manifest == null ? new Attributes() : manifest.getMainAttributes();
        String name = main.getValue("Bundle-SymbolicName");
        if (name == null || !name.startsWith(OURS)) {
            return null;
        }
        String artifact = "tidemark-" + name.substring(OURS.length()).replace('.', '-');
        return PlainFramework.START_LEVELS.containsKey(artifact) ? artifact : null;
    }

    private void etc(Path socket) throws IOException {
        Map<String, String> common = new LinkedHashMap<>(settings.properties());
        String journals = settings.journals().stream().map(Path::toString).collect(Collectors.joining(","));
        write(
                "io.tidemark.image.file-default",
                Map.of("directory", settings.images().toString()));
        write(
                "io.tidemark.journal.flash-default",
                Map.of("directories", journals, "segmentSize", take(common, "segment", "16MiB")));
        write("io.tidemark.engine", Map.of("payload.capacity", take(common, "memory", "96MiB")));
        write("io.tidemark.nbd", Map.of("unixSocket", socket.toString()));
        Map<String, String> images = new LinkedHashMap<>(common);
        images.keySet().removeIf(name -> !name.startsWith(IMAGE));
        common.keySet().removeAll(images.keySet());
        for (Map.Entry<String, String> image : images.entrySet()) {
            Map<String, String> keys = new LinkedHashMap<>(common);
            for (String pair : image.getValue().split(",")) {
                keys.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
            }
            write("io.tidemark.image-" + image.getKey().substring(IMAGE.length()), keys);
        }
    }

    private static String take(Map<String, String> keys, String name, String otherwise) {
        String value = keys.remove(name);
        return value == null ? otherwise : value;
    }

    private void write(String pid, Map<String, String> keys) throws IOException {
        Path etc = Files.createDirectories(data.resolve("etc"));
        List<String> lines = keys.entrySet().stream()
                .map(key -> key.getKey() + " = " + key.getValue())
                .toList();
        Files.write(etc.resolve(pid + ".cfg"), lines);
    }
}
