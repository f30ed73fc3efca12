package io.tidemark.base.wish;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.io.IOException;
import java.util.Collections;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** Configurations that Configuration Admin keeps itself, for nodes without a directory of files. */
final class ConfigAdminWishStore implements WishStore {
    private static final String ORIGIN = "pid:";

    private final BundleContext context;
    private final WishKind kind;

    ConfigAdminWishStore(BundleContext context, WishKind kind) {
        this.context = context;
        this.kind = kind;
    }

    private interface Use<T> {
        T of(ConfigurationAdmin admin) throws IOException;
    }

    private <T> T with(Use<T> use) throws StorageException {
        ServiceReference<ConfigurationAdmin> reference = context.getServiceReference(ConfigurationAdmin.class);
        ConfigurationAdmin admin = reference == null ? null : context.getService(reference);
        if (admin == null) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "there is no Configuration Admin to keep the configuration",
                    "start it, or set the framework property tidemark.etc to a directory");
        }
        try {
            return use.of(admin);
        } catch (IOException e) {
            throw new StorageException(
                    Reason.IO,
                    "Configuration Admin could not keep the configuration: " + e.getMessage(),
                    "see that it can write to its directory, and try again",
                    e);
        } finally {
            context.ungetService(reference);
        }
    }

    /** Names a configuration by its PID. */
    static String origin(String pid) {
        return ORIGIN + pid;
    }

    /** Whether an origin was made by {@link #origin}. */
    static boolean isPid(String origin) {
        return origin.startsWith(ORIGIN);
    }

    private static String pid(Wish wish) {
        return wish.origin().substring(ORIGIN.length());
    }

    @Override
    public Wish add(Wish wish) throws StorageException {
        return with(admin -> {
            // Without a location: whoever reads configurations may have it.
            Configuration configuration = admin.getFactoryConfiguration(kind.pid(), wish.name(), "?");
            configuration.update(FrameworkUtil.asDictionary(new HashMap<String, Object>(wish.properties())));
            return new Wish(origin(configuration.getPid()), wish.name(), wish.properties());
        });
    }

    @Override
    public void change(Wish wish, Map<String, String> changes) throws StorageException {
        with(admin -> {
            Configuration configuration = admin.getConfiguration(pid(wish), "?");
            Map<String, Object> all = new HashMap<>();
            Dictionary<String, Object> now = configuration.getProperties();
            if (now != null) {
                Collections.list(now.keys()).forEach(key -> all.put(key, now.get(key)));
            }
            changes.forEach((key, value) -> {
                if (value.isBlank()) {
                    all.remove(key);
                } else {
                    all.put(key, value);
                }
            });
            configuration.update(FrameworkUtil.asDictionary(all));
            return configuration;
        });
    }

    @Override
    public void remove(Wish wish) throws StorageException {
        with(admin -> {
            Configuration configuration = admin.getConfiguration(pid(wish), "?");
            configuration.delete();
            return configuration;
        });
    }
}
