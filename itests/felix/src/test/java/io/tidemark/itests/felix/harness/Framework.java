package io.tidemark.itests.felix.harness;

import io.tidemark.framework.PlainFramework;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.startlevel.BundleStartLevel;

/**
 * A framework in this process, with the bundles that a node needs and nothing of Karaf. Bundles see nothing of the test's
 * class path but the framework; code that has to speak their API runs inside, in a bundle of its own (see {@link #inside}).
 */
public final class Framework implements AutoCloseable {
    private static final String INSIDE = "io/tidemark/itests/felix/inside/";

    private final PlainFramework felix;
    private final Path data;
    private Bundle probe;

    private Framework(Path data, PlainFramework felix) {
        this.data = data;
        this.felix = felix;
    }

    /**
     * Starts a framework with the platform and some bundles of this project.
     *
     * @param data the node's data directory
     * @param properties framework properties
     * @param names of artifacts, as tidemark-engine
     * @return running
     */
    public static Framework start(Path data, Map<String, String> properties, List<String> names) {
        try {
            copyEtc(data.resolve("etc"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, Path> ours = new LinkedHashMap<>();
        names.forEach(name -> ours.put(name, Tree.bundle(name)));
        Path platform = Path.of(System.getProperty("tidemark.platform"));
        return new Framework(data, PlainFramework.start(data, platform, ours, properties));
    }

    /**
     * Starts a framework with all bundles but the console, which needs Karaf's shell.
     *
     * @param data the node's data directory
     * @param properties framework properties
     * @return running
     */
    public static Framework startNode(Path data, Map<String, String> properties) {
        List<String> names = PlainFramework.START_LEVELS.keySet().stream()
                .filter(name -> !name.equals("tidemark-console"))
                .toList();
        return start(data, properties, names);
    }

    /** The configuration as shipped, unless there is one. */
    private static void copyEtc(Path etc) throws IOException {
        if (Files.exists(etc)) {
            return;
        }
        Files.createDirectories(etc);
        try (Stream<Path> files = Files.list(Tree.root().resolve("etc"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".cfg"))
                    .filter(each -> each.getFileName().toString().startsWith("io.tidemark."))
                    .toList()) {
                Files.copy(file, etc.resolve(file.getFileName()));
            }
        }
    }

    /**
     * An installed bundle.
     *
     * @param name of the artifact
     * @return the bundle
     */
    public Bundle bundle(String name) {
        return felix.bundle(name);
    }

    /**
     * The node's data directory.
     *
     * @return directory
     */
    public Path data() {
        return data;
    }

    /**
     * Context of the framework.
     *
     * @return context
     */
    public BundleContext context() {
        return felix.context();
    }

    /**
     * Moves the framework's start level and waits until it is there.
     *
     * @param level the level
     */
    public void moveTo(int level) {
        felix.moveTo(level);
    }

    /**
     * Runs a class of the package {@code inside} in a bundle that is wired to the API as any other. Its constructor takes
     * the bundle's context; what it throws is thrown here.
     *
     * @param name simple name of a class that is a {@link Callable}
     * @return what it returned
     * @throws Exception what it threw
     */
    public Object inside(String name) throws Exception {
        if (probe == null) {
            probe = felix.context().installBundle("probe", new ByteArrayInputStream(probeJar()));
            probe.adapt(BundleStartLevel.class).setStartLevel(80);
            probe.start();
        }
        Class<?> scenario = probe.loadClass((INSIDE + name).replace('/', '.'));
        return ((Callable<?>) scenario.getConstructor(BundleContext.class).newInstance(probe.getBundleContext()))
                .call();
    }

    private static byte[] probeJar() {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        main.putValue(Constants.BUNDLE_SYMBOLICNAME, "io.tidemark.itests.probe");
        main.putValue(
                Constants.IMPORT_PACKAGE,
                "org.osgi.framework,org.osgi.service.cm,org.osgi.service.event,io.tidemark.api,io.tidemark.api.admin,"
                        + "io.tidemark.api.commit,io.tidemark.api.context,io.tidemark.api.device,"
                        + "io.tidemark.api.image,io.tidemark.api.journal,"
                        + "io.tidemark.api.mirror,io.tidemark.api.replica,io.tidemark.api.trim,io.tidemark.base.machine");
        Path classes = Tree.target().resolve("test-classes");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (Stream<Path> files = Files.list(classes.resolve(INSIDE));
                JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
            for (Path file : files.toList()) {
                jar.putNextEntry(new JarEntry(INSIDE + file.getFileName()));
                Files.copy(file, jar);
                jar.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Override
    public void close() {
        felix.close();
    }
}
