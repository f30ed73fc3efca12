package io.tidemark.itests.felix.harness;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;

/**
 * A framework in this process, with the bundles that a node needs and nothing of Karaf. Bundles see nothing of the test's
 * class path but the framework; code that has to speak their API runs inside, in a bundle of its own (see {@link #inside}).
 */
public final class Framework implements AutoCloseable {
    /** Start levels as in the features: a test compares them. */
    public static final Map<String, Integer> START_LEVELS = startLevels();

    private static final List<String> PLATFORM = List.of(
            "pax-logging-api",
            "org.osgi.util.function",
            "org.osgi.util.promise",
            "org.osgi.service.component",
            "org.apache.felix.metatype",
            "org.apache.felix.configadmin",
            "org.apache.felix.scr",
            "org.apache.felix.fileinstall",
            "jna");
    private static final String INSIDE = "io/tidemark/itests/felix/inside/";

    private final org.osgi.framework.launch.Framework felix;
    private final Path data;
    private final Map<String, Bundle> bundles = new HashMap<>();

    private Framework(Path data, Map<String, String> properties) {
        this.data = data;
        Map<String, String> settings = new HashMap<>();
        settings.put(Constants.FRAMEWORK_STORAGE, data.resolve("cache").toString());
        settings.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        settings.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, "100");
        settings.put("org.ops4j.pax.logging.DefaultServiceLog.level", "WARN");
        settings.put("tidemark.data", data.toString());
        settings.put("tidemark.etc", data.resolve("etc").toString());
        settings.put("tidemark.nbd.host", "127.0.0.1");
        settings.put("tidemark.nbd.port", "0");
        settings.put("felix.fileinstall.dir", data.resolve("etc").toString());
        settings.put("felix.fileinstall.filter", ".*\\.cfg");
        settings.put("felix.fileinstall.poll", "200");
        settings.put("felix.fileinstall.noInitialDelay", "true");
        settings.put("felix.fileinstall.log.level", "1");
        settings.putAll(properties);
        felix = java.util.ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow()
                .newFramework(settings);
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
        Framework framework = new Framework(data, properties);
        try {
            copyEtc(data.resolve("etc"));
            framework.felix.init();
            for (String name : PLATFORM) {
                framework.install(name, 10).start();
            }
            for (String name : names) {
                framework.install(name, START_LEVELS.get(name)).start();
            }
            framework.felix.start();
            framework.awaitLevel(100);
            return framework;
        } catch (BundleException | IOException e) {
            framework.close();
            throw new IllegalStateException(e);
        }
    }

    /**
     * Starts a framework with all bundles but the console, which needs Karaf's shell.
     *
     * @param data the node's data directory
     * @param properties framework properties
     * @return running
     */
    public static Framework startNode(Path data, Map<String, String> properties) {
        List<String> names = START_LEVELS.keySet().stream()
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

    private static Map<String, Integer> startLevels() {
        Map<String, Integer> levels = new LinkedHashMap<>();
        levels.put("tidemark-api", 60);
        levels.put("tidemark-base", 60);
        levels.put("tidemark-journal-flash", 70);
        levels.put("tidemark-image-file", 70);
        levels.put("tidemark-commit-policies", 70);
        levels.put("tidemark-trim-strategies", 70);
        levels.put("tidemark-engine", 75);
        levels.put("tidemark-nbd", 80);
        levels.put("tidemark-console", 80);
        return levels;
    }

    private Bundle install(String name, int level) throws BundleException {
        Bundle bundle =
                felix.getBundleContext().installBundle(Tree.bundle(name).toUri().toString());
        bundle.adapt(BundleStartLevel.class).setStartLevel(level);
        bundles.put(name, bundle);
        return bundle;
    }

    /**
     * An installed bundle.
     *
     * @param name of the artifact
     * @return the bundle
     */
    public Bundle bundle(String name) {
        return bundles.get(name);
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
        return felix.getBundleContext();
    }

    /**
     * Moves the framework's start level and waits until it is there.
     *
     * @param level the level
     */
    public void moveTo(int level) {
        CountDownLatch there = new CountDownLatch(1);
        felix.adapt(FrameworkStartLevel.class).setStartLevel(level, event -> {
            if (event.getType() == FrameworkEvent.STARTLEVEL_CHANGED) {
                there.countDown();
            }
        });
        await(there, "start level " + level);
    }

    private void awaitLevel(int level) {
        CountDownLatch there = new CountDownLatch(1);
        felix.getBundleContext().addFrameworkListener(event -> {
            if (event.getType() == FrameworkEvent.STARTLEVEL_CHANGED) {
                there.countDown();
            }
        });
        if (felix.adapt(FrameworkStartLevel.class).getStartLevel() < level) {
            await(there, "start level " + level);
        }
    }

    private static void await(CountDownLatch latch, String what) {
        try {
            if (!latch.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the framework did not reach " + what + " within 60 s");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
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
        Bundle probe = bundles.get("probe");
        if (probe == null) {
            probe = felix.getBundleContext().installBundle("probe", new ByteArrayInputStream(probeJar()));
            probe.adapt(BundleStartLevel.class).setStartLevel(80);
            probe.start();
            bundles.put("probe", probe);
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
                "org.osgi.framework,org.osgi.service.cm,io.tidemark.api,io.tidemark.api.admin,io.tidemark.api.commit,"
                        + "io.tidemark.api.context,io.tidemark.api.device,io.tidemark.api.image,io.tidemark.api.journal,"
                        + "io.tidemark.api.trim,io.tidemark.base.machine");
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
        try {
            felix.stop();
            felix.waitForStop(60_000);
        } catch (BundleException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
