package io.tidemark.base.wish;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What of a configuration's dictionary is ours, and what the container's. */
final class Configurations {
    /** Where file install says which file a configuration comes from. */
    static final String FILE = "felix.fileinstall.filename";

    private static final String NAME = "name";

    /** Endings of the files that file install and Karaf read. */
    private static final List<String> FORMATS = List.of(".cfg", ".config", ".json");

    private Configurations() {}

    /** The file that a configuration was read from; null for none. */
    static Path file(Dictionary<String, ?> properties) {
        Object file = properties.get(FILE);
        return file == null ? null : file(file.toString());
    }

    /** The file that file install means; null when that is no file. */
    static Path file(String text) {
        try {
            return (text.startsWith("file:") ? Path.of(URI.create(text)) : Path.of(text))
                    .toAbsolutePath()
                    .normalize();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Whether a file lies in a directory, whatever links lead to it. */
    static boolean isIn(Path file, Path directory) {
        Path parent = file.getParent();
        try {
            return directory.equals(parent) || (parent != null && Files.isSameFile(directory, parent));
        } catch (IOException e) {
            // Of two names one leads nowhere.
            return false;
        }
    }

    /**
     * What is wrong when a directory has a configuration twice, in two formats; empty when it has not. Both are
     * read, and the one that is read last replaces the other.
     */
    static String twin(Path file) {
        for (Path twin : file == null ? List.<Path>of() : formats(file)) {
            if (!twin.equals(file) && Files.exists(twin)) {
                return file + ": there is " + twin.getFileName()
                        + " for the same configuration, and which of them counts"
                        + " would be an accident; remove one, and write or touch the other one after that";
            }
        }
        return "";
    }

    /** The files that a configuration may lie in, if one of them is that; none if it is another file. */
    static List<Path> formats(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot > 0 && FORMATS.contains(name.substring(dot))
                ? FORMATS.stream()
                        .map(format -> file.resolveSibling(name.substring(0, dot) + format))
                        .toList()
                : List.of();
    }

    /** The name: the key, or what the file's name or the PID says. */
    static String name(WishKind kind, String pid, Dictionary<String, ?> properties) {
        Object key = properties.get(NAME);
        if (key != null && !key.toString().isBlank()) {
            return key.toString().trim();
        }
        Path file = file(properties);
        if (file != null) {
            String name = kind.nameIn(file.getFileName().toString());
            if (name != null) {
                return name;
            }
        }
        return pid.substring(pid.indexOf('~') + 1);
    }

    /** Keys and values without the container's. */
    static Map<String, String> keys(Dictionary<String, ?> properties) {
        Map<String, String> keys = new TreeMap<>();
        for (String key : Collections.list(properties.keys())) {
            if (!isForeign(key)) {
                keys.put(key, text(properties.get(key)));
            }
        }
        return keys;
    }

    private static boolean isForeign(String key) {
        return key.equals(NAME) || isAdded(key);
    }

    private static boolean isAdded(String key) {
        return key.startsWith("service.")
                || key.startsWith("felix.")
                || key.startsWith("component.")
                || key.startsWith("org.apache.")
                || key.startsWith(".");
    }

    /** Whether the container of components adds a key, or reads it itself: which services a component is to have. */
    static boolean isContainers(String key) {
        return isAdded(key) || key.endsWith(".target") || key.endsWith(".cardinality.minimum");
    }

    /** Files with typed values may hold lists; here they are texts with commas. */
    private static String text(Object value) {
        if (value instanceof Object[] array) {
            return Stream.of(array).map(String::valueOf).collect(Collectors.joining(","));
        }
        if (value instanceof Iterable<?> list) {
            StringBuilder out = new StringBuilder();
            list.forEach(each -> out.append(out.length() == 0 ? "" : ",").append(each));
            return out.toString();
        }
        return String.valueOf(value);
    }
}
