package io.tidemark.base.wish;

import java.net.URI;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Dictionary;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What of a configuration's dictionary is ours, and what the container's. */
final class Configurations {
    /** Where file install says which file a configuration comes from. */
    static final String FILE = "felix.fileinstall.filename";

    private static final String NAME = "name";

    private Configurations() {}

    /** The file that a configuration was read from; null for none. */
    static Path file(Dictionary<String, ?> properties) {
        Object file = properties.get(FILE);
        if (file == null) {
            return null;
        }
        String text = file.toString();
        try {
            return (text.startsWith("file:") ? Path.of(URI.create(text)) : Path.of(text))
                    .toAbsolutePath()
                    .normalize();
        } catch (IllegalArgumentException e) {
            return null;
        }
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
        return key.equals(NAME)
                || key.startsWith("service.")
                || key.startsWith("felix.")
                || key.startsWith("component.")
                || key.startsWith("org.apache.")
                || key.startsWith(".");
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
