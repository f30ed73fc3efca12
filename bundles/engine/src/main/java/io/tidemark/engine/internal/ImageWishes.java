package io.tidemark.engine.internal;

import io.tidemark.engine.manage.ImageDirectory;
import io.tidemark.engine.manage.Wish;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.service.cm.ManagedServiceFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Configurations of images as Configuration Admin tells of them. Not a component for each: that could not tell a removed
 * configuration from a stopping node, nor show one that is refused.
 */
final class ImageWishes implements ManagedServiceFactory {
    private static final Logger LOG = LoggerFactory.getLogger(ImageWishes.class);

    private final ImageDirectory directory;
    private final ConfigAdminWishStore configurations;
    private final Map<String, String> origins = new ConcurrentHashMap<>();

    ImageWishes(ImageDirectory directory, ConfigAdminWishStore configurations) {
        this.directory = directory;
        this.configurations = configurations;
    }

    @Override
    public String getName() {
        return "Tidemark images";
    }

    @Override
    public void updated(String pid, Dictionary<String, ?> properties) {
        Path file = Configurations.file(properties);
        if (file != null && !Files.exists(file)) {
            // Deleted meanwhile by a command. Taking it for new would make an empty image of that name.
            LOG.debug("{} is gone already", file);
            return;
        }
        String origin = file == null ? configurations.origin(pid) : file.toString();
        String before = origins.put(pid, origin);
        if (before != null && !before.equals(origin)) {
            directory.unwished(before);
        }
        directory.wished(new Wish(origin, Configurations.name(pid, properties), Configurations.keys(properties)));
    }

    @Override
    public void deleted(String pid) {
        String origin = origins.remove(pid);
        if (origin != null) {
            directory.unwished(origin);
        }
    }
}
