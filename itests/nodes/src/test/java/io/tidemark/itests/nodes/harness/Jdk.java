package io.tidemark.itests.nodes.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A Java that is installed here.
 *
 * @param version its feature version, as 17
 * @param home directory with {@code bin/java}
 */
public record Jdk(int version, Path home) {
    private static final Path INSTALLED = Path.of("/usr/lib/jvm");

    /**
     * The one that runs the tests.
     *
     * @return it
     */
    public static Jdk given() {
        return new Jdk(Runtime.version().feature(), Path.of(System.getProperty("java.home")));
    }

    /**
     * What is installed where distributions put it.
     *
     * @return one for each version
     */
    public static Map<Integer, Jdk> installed() {
        Map<Integer, Jdk> found = new TreeMap<>();
        if (!Files.isDirectory(INSTALLED)) {
            return found;
        }
        try (Stream<Path> homes = Files.list(INSTALLED)) {
            for (Path home : homes.sorted().toList()) {
                Path release = home.resolve("release");
                if (Files.isRegularFile(release) && Files.isExecutable(home.resolve("bin/java"))) {
                    int version = version(release);
                    found.putIfAbsent(version, new Jdk(version, home));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private static int version(Path release) throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(release)) {
            properties.load(in);
        }
        return Runtime.Version.parse(properties.getProperty("JAVA_VERSION", "0").replace("\"", ""))
                .feature();
    }

    @Override
    public String toString() {
        return "Java " + version;
    }
}
