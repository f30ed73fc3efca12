package io.tidemark.base.wish;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ManagedServiceFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Configurations of one sort as Configuration Admin tells of them. Not a component for each: that could not tell a removed
 * configuration from a stopping node, nor show one that is refused.
 */
public final class ConfiguredWishes implements ManagedServiceFactory {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredWishes.class);

    private final WishKind kind;
    private final Consumer<Wish> wished;
    private final Consumer<String> unwished;
    private final Map<String, String> origins = new ConcurrentHashMap<>();

    /**
     * Those of one sort.
     *
     * @param kind which
     * @param wished told of each that is there, and of each that changed; returns at once
     * @param unwished told of the origin of each that is gone; returns at once
     */
    public ConfiguredWishes(WishKind kind, Consumer<Wish> wished, Consumer<String> unwished) {
        this.kind = kind;
        this.wished = wished;
        this.unwished = unwished;
    }

    /**
     * Begins to tell.
     *
     * @param context of the bundle whose configurations they are
     * @return to end it; no configuration is gone then
     */
    public ServiceRegistration<?> register(BundleContext context) {
        return context.registerService(
                ManagedServiceFactory.class,
                this,
                FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_PID, kind.pid())));
    }

    /**
     * Where commands keep configurations of this sort.
     *
     * @param context of the bundle whose configurations they are; its framework properties {@code tidemark.etc}, or else {@code
     *     karaf.etc}, name the directory
     * @param files file system
     * @param kind which
     * @return files where there is a directory for them, else Configuration Admin
     */
    public static WishStore store(BundleContext context, io.tidemark.api.context.Files files, WishKind kind) {
        ConfigAdminWishStore configurations = new ConfigAdminWishStore(context, kind);
        String etc = context.getProperty("tidemark.etc");
        if (etc == null) {
            etc = context.getProperty("karaf.etc");
        }
        if (etc != null && Files.isDirectory(Path.of(etc))) {
            Path directory = Path.of(etc).toAbsolutePath().normalize();
            return new NodeWishStore(new EtcWishStore(kind, files, directory), configurations);
        }
        return configurations;
    }

    @Override
    public String getName() {
        return "Tidemark: each " + kind.thing();
    }

    @Override
    public void updated(String pid, Dictionary<String, ?> properties) {
        Path file = Configurations.file(properties);
        if (file != null && !Files.exists(file)) {
            // Deleted meanwhile by a command. Taking it for new would make something anew that is gone.
            LOG.debug("{} is gone already", file);
            return;
        }
        String twin = Configurations.twin(file);
        String before = origins.get(pid);
        String origin = file == null ? ConfigAdminWishStore.origin(pid) : file.toString();
        if (!twin.isEmpty() && before != null) {
            // The file that was there first is still there. To close what it configured would punish for an accident.
            origin = before;
        }
        origins.put(pid, origin);
        if (before != null && !before.equals(origin)) {
            unwished.accept(before);
        }
        String name = Configurations.name(kind, pid, properties);
        wished.accept(new Wish(origin, name, Configurations.keys(properties), twin));
    }

    @Override
    public void deleted(String pid) {
        String origin = origins.remove(pid);
        if (origin != null) {
            unwished.accept(origin);
        }
    }
}
