package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.base.figures.FigureBeans;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import javax.management.MBeanServer;

/**
 * The figures of a directory as JMX beans: {@code io.tidemark:type=Node}, {@code io.tidemark:type=Image,name=NAME} and
 * {@code io.tidemark:type=Pool,sort=image|journal,name=NAME}. Safe for all threads.
 */
public final class ManagementBeans implements DirectoryObserver, AutoCloseable {
    private final FigureBeans beans;
    private final ImageDirectory directory;

    /**
     * Registers the node, and from now on every image and pool.
     *
     * @param server where
     * @param directory whose figures
     */
    public ManagementBeans(MBeanServer server, ImageDirectory directory) {
        this.beans = new FigureBeans(server);
        this.directory = directory;
        beans.register(
                "type=Node", "A node", () -> Figures.of(directory.context().payloads(), directory.images()));
        directory.observe(this);
        directory.images().forEach(image -> imageAdded(image.name()));
        poolsChanged();
    }

    @Override
    public void imageAdded(String image) {
        beans.register("type=Image,name=" + image, "An image", () -> imageFigures(image));
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
        beans.unregister("type=Image,name=" + image);
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
        Set<String> gone = new HashSet<>(beans.names());
        gone.removeIf(name -> !name.startsWith("type=Pool") || there.containsKey(name));
        gone.forEach(beans::unregister);
        there.forEach((name, figures) -> beans.register(name, "A pool", figures));
    }

    private Map<String, Object> poolFigures(Sort sort, String pool) {
        return directory.pool(sort, pool).map(Figures::of).orElse(Map.of("problem", "gone"));
    }

    /** Takes all away. Idempotent. */
    @Override
    public void close() {
        directory.observe(DirectoryObserver.NONE);
        beans.close();
    }
}
