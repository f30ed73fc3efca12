package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The figures of a directory as JMX beans: {@code io.tidemark:type=Node}, {@code io.tidemark:type=Image,name=NAME} and
 * {@code io.tidemark:type=Pool,sort=image|journal,name=NAME}. Safe for all threads.
 */
public final class ManagementBeans implements DirectoryObserver, AutoCloseable {
    /** Domain of all names. */
    public static final String DOMAIN = "io.tidemark";

    private static final Logger LOG = LoggerFactory.getLogger(ManagementBeans.class);

    private final MBeanServer server;
    private final ImageDirectory directory;
    private final Object lock = new Object();
    /** Registered names; guarded by the lock. */
    private final Set<String> registered = new HashSet<>();

    private boolean closed;

    /**
     * Registers the node, and from now on every image and pool.
     *
     * @param server where
     * @param directory whose figures
     */
    public ManagementBeans(MBeanServer server, ImageDirectory directory) {
        this.server = server;
        this.directory = directory;
        register("type=Node", "A node", () -> Figures.of(directory.context().payloads(), directory.images()));
        directory.observe(this);
        directory.images().forEach(image -> imageAdded(image.name()));
        poolsChanged();
    }

    @Override
    public void imageAdded(String image) {
        register("type=Image,name=" + image, "An image", () -> imageFigures(image));
    }

    private Map<String, Object> imageFigures(String image) {
        try {
            return Figures.of(directory.image(image));
        } catch (StorageException e) {
            return Map.of("state", "STOPPING");
        }
    }

    @Override
    public void imageRemoved(String image) {
        unregister("type=Image,name=" + image);
    }

    @Override
    public void poolsChanged() {
        Map<String, Supplier<Map<String, Object>>> there = new HashMap<>();
        for (Sort sort : List.of(Sort.IMAGE_POOL, Sort.JOURNAL_POOL)) {
            directory
                    .plugins()
                    .pools(sort)
                    .forEach(pool -> there.put(
                            "type=Pool,sort=" + sort.word() + ",name=" + pool, () -> poolFigures(sort, pool)));
        }
        Set<String> gone;
        synchronized (lock) {
            gone = new HashSet<>(registered);
        }
        gone.removeIf(name -> !name.startsWith("type=Pool") || there.containsKey(name));
        gone.forEach(this::unregister);
        there.forEach((name, figures) -> register(name, "A pool", figures));
    }

    private Map<String, Object> poolFigures(Sort sort, String pool) {
        return directory.pool(sort, pool).map(Figures::of).orElse(Map.of("problem", "gone"));
    }

    private void register(String name, String description, Supplier<Map<String, Object>> figures) {
        synchronized (lock) {
            if (closed || !registered.add(name)) {
                return;
            }
        }
        try {
            server.registerMBean(new FigureBean(description, figures), new ObjectName(DOMAIN + ":" + name));
        } catch (JMException e) {
            LOG.warn("No metrics of {}: {}", name, e.toString());
        }
    }

    private void unregister(String name) {
        synchronized (lock) {
            if (!registered.remove(name)) {
                return;
            }
        }
        try {
            server.unregisterMBean(new ObjectName(DOMAIN + ":" + name));
        } catch (JMException e) {
            // It was not registered, which was said then.
        }
    }

    /** Takes all away. Idempotent. */
    @Override
    public void close() {
        directory.observe(DirectoryObserver.NONE);
        Set<String> all;
        synchronized (lock) {
            closed = true;
            all = Set.copyOf(registered);
        }
        all.forEach(this::unregister);
    }
}
