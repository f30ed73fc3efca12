package io.tidemark.mirror.internal;

import io.tidemark.base.wish.KeyReader;
import io.tidemark.mirror.internal.run.MirrorSettings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Reads {@code io.tidemark.mirror}, and of {@code io.tidemark.engine} the node's name. By hand and not by the container, because a
 * value that the container cannot convert would make the component vanish instead of naming the key.
 *
 * @param node name of the node
 * @param keyFile where the node's key lies
 * @param mirror bounds and times
 */
record Settings(String node, Path keyFile, MirrorSettings mirror) {
    private static final String DEFAULT_KEY_FILE = "mirror.key";
    private static final int MOST_COPIES = 64;

    /**
     * Reads.
     *
     * @param properties as Config Admin gives them
     * @param framework properties of the framework: tidemark.node, tidemark.data
     * @return the settings
     * @throws IllegalArgumentException whose message begins with the key
     */
    static Settings read(Map<String, Object> properties, UnaryOperator<String> framework) {
        Map<String, String> texts = new TreeMap<>();
        properties.forEach((key, value) -> texts.put(key, String.valueOf(value)));
        KeyReader reader = new KeyReader(texts);
        String started = framework.apply("tidemark.node");
        String node = reader.text("node", started == null || started.isBlank() ? "a" : started.trim());
        return new Settings(node, keyFile(reader, framework), mirror(reader));
    }

    private static Path keyFile(KeyReader reader, UnaryOperator<String> framework) {
        String data = framework.apply("tidemark.data");
        Path directory = Path.of(data == null ? "" : data);
        return reader.value("keyFile", directory.resolve(DEFAULT_KEY_FILE), text -> {
            try {
                return directory.resolve(text);
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("'" + text + "' is no path", e);
            }
        });
    }

    private static MirrorSettings mirror(KeyReader reader) {
        MirrorSettings normal = MirrorSettings.DEFAULTS;
        return new MirrorSettings(
                normal.windowBytes(),
                reader.size("receiveMemory", normal.receiveBytes(), MirrorSettings.LEAST_WINDOW_BYTES),
                reader.value("copies", normal.copies(), Settings::copies),
                reader.size("copyRate", normal.copyBytesPerSecond(), 0),
                normal.handshakeNanos(),
                normal.leastBackOffNanos(),
                normal.mostBackOffNanos(),
                normal.retryNanos());
    }

    private static int copies(String text) {
        try {
            int copies = Integer.parseInt(text);
            if (copies >= 1 && copies <= MOST_COPIES) {
                return copies;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is no whole number", e);
        }
        throw new IllegalArgumentException(text + " is not from 1 to " + MOST_COPIES);
    }
}
