package io.tidemark.image.file.internal;

import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.api.image.ImageStore;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.base.wish.Refusals;
import io.tidemark.image.file.FileImageStore;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns one configuration into one pool. Registers the service itself, because its property has another name than the
 * configuration's key, and because a refused configuration must leave no such service and throw nothing.
 */
@Component(configurationPid = FileImagePoolComponent.PID, configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = FileImagePoolComponent.Config.class, factory = true)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"io.tidemark.api.image.ImageStore\"")
public final class FileImagePoolComponent {
    /** Factory PID: {@code etc/io.tidemark.image.file-NAME.cfg}. */
    public static final String PID = "io.tidemark.image.file";

    /** Framework property: the node's data directory, against which relative paths are resolved. */
    static final String DATA_DIRECTORY = "tidemark.data";

    /** Of {@link Config}; a mistyped one would otherwise leave its default in force, and offer a second pool "default", say. */
    static final Set<String> KEYS = Set.of("pool", "directory", "reserve");

    private static final Logger LOG = LoggerFactory.getLogger(FileImagePoolComponent.class);

    /** Keys of the configuration. */
    @ObjectClassDefinition(
            name = "Tidemark file image pool",
            description = "A directory that holds images as sparse raw files.")
    public @interface Config {
        /** Name of the pool. */
        @AttributeDefinition(
                description = "Name of the pool, as image configurations use it: letters, digits, dots, dashes.")
        String pool() default "default";

        /** Directory. */
        @AttributeDefinition(
                description =
                        "Directory of the pool; a relative one lies in the node's data directory (tidemark.data).")
        String directory() default "images";

        /** Space that is not offered. */
        @AttributeDefinition(
                description = "Part of the file system's free space that is not offered for images, as in 512MiB.")
        String reserve() default "64MiB";
    }

    private FileImageStore store;
    /** Of the pool, or of its refusal. */
    private ServiceRegistration<?> registration;

    /**
     * Offers the pool.
     *
     * @param context of the bundle
     * @param config keys
     * @param properties the same with the names that the container adds
     */
    @Activate
    public void activate(BundleContext context, Config config, Map<String, Object> properties) {
        try {
            store = newStore(config, properties, context.getProperty(DATA_DIRECTORY));
        } catch (IllegalArgumentException e) {
            LOG.error("Image pool refused ({}): {}", properties.get("service.pid"), e.getMessage());
            registration = Refusals.tell(context, Sort.IMAGE_POOL, "pool", properties, e.getMessage());
            return;
        }
        Map<String, Object> offered = new HashMap<>();
        offered.put(ImageStore.POOL, config.pool());
        Object ranking = properties.get("service.ranking");
        if (ranking instanceof Integer) {
            offered.put("service.ranking", ranking);
        }
        registration = context.registerService(ImageStore.class, store, FrameworkUtil.asDictionary(offered));
        LOG.info("Image pool {} is there: {}", config.pool(), store);
    }

    /** Takes the pool away; its users are told first, and what they leave open is closed after. */
    @Deactivate
    public void deactivate() {
        if (registration != null) {
            registration.unregister();
            registration = null;
        }
        if (store != null) {
            store.close();
            store = null;
        }
    }

    /**
     * Makes the store that a configuration asks for.
     *
     * @param config keys
     * @param properties the same with the names that the container adds, and with keys that nobody reads
     * @param dataDirectory of the node, or null
     * @return the store
     * @throws IllegalArgumentException naming the key that is wrong
     */
    static FileImageStore newStore(Config config, Map<String, ?> properties, String dataDirectory) {
        KeyReader.of(properties, key -> null, Map.of()).checkKeys(KEYS);
        Path directory = Path.of(config.directory());
        if (config.directory().isBlank()) {
            throw new IllegalArgumentException("directory: it is empty");
        }
        if (!directory.isAbsolute()) {
            if (dataDirectory == null) {
                throw new IllegalArgumentException("directory: '" + config.directory()
                        + "' is relative, and the framework property tidemark.data is not set; write an absolute path");
            }
            directory =
                    Path.of(dataDirectory).resolve(directory).toAbsolutePath().normalize();
        }
        long reserveBytes;
        try {
            reserveBytes = Sizes.parse(config.reserve());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("reserve: " + e.getMessage(), e);
        }
        try {
            return new FileImageStore(config.pool(), directory, reserveBytes, new MachineFiles());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("pool: " + e.getMessage(), e);
        }
    }
}
