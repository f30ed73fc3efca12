package io.tidemark.mirror.internal;

import io.tidemark.base.wish.KeyReader;
import io.tidemark.mirror.internal.manage.Mirrors;
import io.tidemark.mirror.internal.run.MirrorSettings;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Reads {@code io.tidemark.mirror}.
 *
 * @param node name of the node
 * @param keyFile where the node's key lies
 * @param branches where those are kept that are given up
 * @param mirror bounds and times
 */
record Settings(String node, Path keyFile, Mirrors.Branches branches, MirrorSettings mirror) {
    /** Of {@link MirrorConfiguration}. */
    static final Set<String> KEYS =
            Set.of("keyFile", "branches", "keptBranches", "receiveMemory", "copies", "copyRate");

    private static final String DEFAULT_KEY_FILE = "mirror.key";
    private static final String DEFAULT_BRANCHES = "branches";
    private static final long KEPT_BYTES = 4L << 30;
    private static final int MOST_COPIES = 64;

    /**
     * Reads.
     *
     * @param properties as Config Admin gives them
     * @param framework properties of the framework: tidemark.data
     * @param node name of the node
     * @return the settings
     * @throws IllegalArgumentException whose message begins with the key
     */
    static Settings read(Map<String, Object> properties, UnaryOperator<String> framework, String node) {
        KeyReader reader = KeyReader.of(properties, framework, Map.of());
        reader.checkKeys(KEYS);
        return new Settings(node, reader.path("keyFile", DEFAULT_KEY_FILE), branches(reader), mirror(reader));
    }

    /** Whether only that differs which can change while the mirror runs. */
    boolean sameButForCopies(Settings other) {
        return node.equals(other.node)
                && keyFile.equals(other.keyFile)
                && branches.equals(other.branches)
                && mirror.receiveBytes() == other.mirror.receiveBytes();
    }

    private static Mirrors.Branches branches(KeyReader reader) {
        return new Mirrors.Branches(
                reader.path("branches", DEFAULT_BRANCHES), reader.size("keptBranches", KEPT_BYTES, 0));
    }

    private static MirrorSettings mirror(KeyReader reader) {
        MirrorSettings normal = MirrorSettings.DEFAULTS;
        return new MirrorSettings(
                normal.windowBytes(),
                reader.size("receiveMemory", normal.receiveBytes(), MirrorSettings.LEAST_WINDOW_BYTES),
                copies(reader),
                reader.size("copyRate", normal.copyBytesPerSecond(), 0),
                normal.handshakeNanos(),
                normal.leastBackOffNanos(),
                normal.mostBackOffNanos(),
                normal.retryNanos());
    }

    private static int copies(KeyReader reader) {
        int copies = reader.integer("copies", MirrorSettings.DEFAULTS.copies());
        if (copies < 1 || copies > MOST_COPIES) {
            throw KeyReader.wrong("copies", copies + " is not from 1 to " + MOST_COPIES);
        }
        return copies;
    }
}
