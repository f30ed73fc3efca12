package io.tidemark.framework;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;

/**
 * Felix in this process, with what our bundles need and nothing of Karaf. Bundles see nothing of the process's class path but
 * the framework. Configuration comes from files in {@code DATA/etc}, as in the distribution.
 */
public final class PlainFramework implements AutoCloseable {
    /** Start levels of our bundles by artifact, as in the features: a test compares them. */
    public static final Map<String, Integer> START_LEVELS = startLevels();

    private static final int PLATFORM_LEVEL = 10;
    private static final int LAST_LEVEL = 100;
    private static final long PATIENCE_SECONDS = 60;
    private static final List<String> PLATFORM = List.of(
            "pax-logging-api",
            "org.osgi.util.function",
            "org.osgi.util.promise",
            "org.osgi.service.component",
            "org.apache.felix.metatype",
            "org.apache.felix.configadmin",
            "org.apache.felix.scr",
            "org.apache.felix.fileinstall",
            "org.apache.karaf.services.eventadmin",
            "jna");

    private final Framework felix;
    private final Map<String, Bundle> bundles = new HashMap<>();

    private PlainFramework(Path data, Map<String, String> properties) {
        Map<String, String> settings = new HashMap<>();
        settings.put(Constants.FRAMEWORK_STORAGE, data.resolve("cache").toString());
        settings.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        settings.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, Integer.toString(LAST_LEVEL));
        settings.put("org.ops4j.pax.logging.DefaultServiceLog.level", "WARN");
        settings.put("tidemark.data", data.toString());
        settings.put("tidemark.etc", data.resolve("etc").toString());
        settings.put("tidemark.nbd.host", "127.0.0.1");
        settings.put("tidemark.nbd.port", "0");
        settings.put("tidemark.tcp.port", "0");
        settings.put("felix.fileinstall.dir", data.resolve("etc").toString());
        // Else each start leaves a directory among the machine's temporary files.
        settings.put("felix.fileinstall.tmpdir", data.resolve("install").toString());
        settings.put("felix.fileinstall.filter", ".*\\.(cfg|config)");
        settings.put("felix.fileinstall.poll", "200");
        settings.put("felix.fileinstall.noInitialDelay", "true");
        settings.put("felix.fileinstall.log.level", "1");
        // As in the distribution: it would write each file that it has read again, over whatever came meanwhile.
        settings.put("felix.fileinstall.enableConfigSave", "false");
        settings.putAll(properties);
        felix = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow()
                .newFramework(settings);
    }

    private static Map<String, Integer> startLevels() {
        Map<String, Integer> levels = new LinkedHashMap<>();
        levels.put("tidemark-api", 60);
        levels.put("tidemark-base", 60);
        levels.put("tidemark-journal-flash", 70);
        levels.put("tidemark-image-file", 70);
        levels.put("tidemark-commit-policies", 70);
        levels.put("tidemark-trim-strategies", 70);
        levels.put("tidemark-transport-tcp", 70);
        levels.put("tidemark-event-admin", 70);
        levels.put("tidemark-engine", 75);
        levels.put("tidemark-mirror", 80);
        levels.put("tidemark-nbd", 80);
        levels.put("tidemark-console", 80);
        return Collections.unmodifiableMap(levels);
    }

    /**
     * Starts a framework and returns when all bundles are started.
     *
     * @param data the node's data directory, with its configuration in {@code etc}
     * @param platform directory with the bundles that are not ours: this module's {@code target/platform}
     * @param ours our bundles by artifact, as {@code tidemark-engine}: a jar, or a directory with what would be in it
     * @param properties framework properties
     * @return running
     */
    public static PlainFramework start(
            Path data, Path platform, Map<String, Path> ours, Map<String, String> properties) {
        PlainFramework framework = new PlainFramework(data, properties);
        try {
            framework.felix.init();
            for (String name : PLATFORM) {
                framework
                        .install(name, platform.resolve(name + ".jar"), PLATFORM_LEVEL)
                        .start();
            }
            for (Map.Entry<String, Path> one : ours.entrySet()) {
                framework
                        .install(one.getKey(), one.getValue(), START_LEVELS.get(one.getKey()))
                        .start();
            }
            framework.felix.start();
            framework.awaitLevel(LAST_LEVEL);
            return framework;
        } catch (BundleException e) {
            framework.close();
            throw new IllegalStateException(e);
        }
    }

    private Bundle install(String name, Path location, int level) throws BundleException {
        String url = (Files.isDirectory(location) ? "reference:" : "") + location.toUri();
        Bundle bundle = felix.getBundleContext().installBundle(url);
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
            if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException(
                        "the framework did not reach " + what + " within " + PATIENCE_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            felix.stop();
            felix.waitForStop(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        } catch (BundleException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
