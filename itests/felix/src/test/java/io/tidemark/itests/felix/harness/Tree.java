package io.tidemark.itests.felix.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/** Where the things under test lie. */
public final class Tree {
    private Tree() {}

    /**
     * Top of the source tree.
     *
     * @return directory
     */
    public static Path root() {
        return Path.of(System.getProperty("tidemark.root"));
    }

    /**
     * Directory for what tests write.
     *
     * @return directory
     */
    public static Path target() {
        return Path.of(System.getProperty("tidemark.target"));
    }

    /**
     * The unpacked distribution.
     *
     * @return directory
     */
    public static Path distribution() {
        return root().resolve("karaf-assembly/target/assembly");
    }

    /**
     * A bundle that the build copied here.
     *
     * @param name of the artifact
     * @return jar
     */
    public static Path bundle(String name) {
        return target().resolve("bundles").resolve(name + ".jar");
    }

    /**
     * All bundles of this project.
     *
     * @return jars
     */
    public static List<Path> ownBundles() {
        try (Stream<Path> files = Files.list(target().resolve("bundles"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("tidemark-"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Manifest of a jar.
     *
     * @param jar the jar
     * @return its manifest
     */
    public static Manifest manifest(Path jar) {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.getManifest();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
