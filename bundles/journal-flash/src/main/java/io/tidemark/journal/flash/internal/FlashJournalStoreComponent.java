package io.tidemark.journal.flash.internal;

import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.base.text.Durations;
import io.tidemark.base.text.Names;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.KeyReader;
import io.tidemark.base.wish.Refusals;
import io.tidemark.journal.flash.BatchMemory;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns one configuration into one pool. Registers the service itself, because its property has another name than the
 * configuration's key, and because a refused configuration must leave no such service and throw nothing.
 */
@Component(configurationPid = FlashJournalStoreComponent.PID, configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = FlashJournalStoreComponent.Config.class, factory = true)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"io.tidemark.api.journal.JournalStore\"")
public final class FlashJournalStoreComponent {
    /** Factory PID: {@code etc/io.tidemark.journal.flash-NAME.cfg}. */
    public static final String PID = "io.tidemark.journal.flash";

    /** Framework property: the node's data directory, against which relative paths are resolved. */
    static final String DATA_DIRECTORY = "tidemark.data";

    /** Of {@link Config}; a mistyped one would otherwise leave its default in force, and offer a second pool "default", say. */
    static final Set<String> KEYS = Set.of(
            "pool",
            "directories",
            "segmentSize",
            "batchSize",
            "directFrom",
            "sealAfter",
            "preparation",
            "spareSegments");

    private static final Logger LOG = LoggerFactory.getLogger(FlashJournalStoreComponent.class);

    /** Keys of the configuration. */
    @ObjectClassDefinition(
            name = "Tidemark flash journal pool",
            description = "One or more directories on flash that hold journals in segment files.")
    public @interface Config {
        /** Name of the pool. */
        @AttributeDefinition(
                description = "Name of the pool, as image configurations use it: letters, digits, dots, dashes.")
        String pool() default "default";

        /** Directories, separated by commas. */
        @AttributeDefinition(
                description = "Directories of the pool, separated by commas, each on a device of its own;"
                        + " relative ones lie in the node's data directory (tidemark.data).")
        String directories() default "journals";

        /** Segment size. */
        @AttributeDefinition(description = "Size of a segment file of journals made from now on, 1088KiB to 1GiB.")
        String segmentSize() default "64MiB";

        /** Batch size. */
        @AttributeDefinition(description = "Most bytes that one write and force take, 1.25MiB to 64MiB.")
        String batchSize() default "4MiB";

        /** Threshold for writing past the page cache. */
        @AttributeDefinition(
                description =
                        "Batches of at least this size, of events of an eighth of it, go past the page cache, and all of"
                                + " images whose memory holds their backlog; 0 for none.")
        String directFrom() default "256KiB";

        /** Idle time before a seal. */
        @AttributeDefinition(description = "After so much idle time a seal is written; 0ms for never.")
        String sealAfter() default "20ms";

        /** How segments are made ready. */
        @AttributeDefinition(
                description = "How new segments are made ready.",
                options = {
                    @Option(label = "zeros are written", value = "written"),
                    @Option(label = "blocks are reserved", value = "allocated"),
                    @Option(label = "as the size of batches suggests", value = "adaptive")
                })
        String preparation() default "adaptive";

        /** Trimmed segments that are kept. */
        @AttributeDefinition(description = "Most trimmed segments that a journal keeps for long to use them again.")
        int spareSegments() default 16;
    }

    private final BatchMemory memory;
    private FlashJournalStore store;
    /** Of the pool, or of its refusal. */
    private ServiceRegistration<?> registration;

    /**
     * Without a pool yet.
     *
     * @param memory that the pools of the node share
     */
    @Activate
    public FlashJournalStoreComponent(@Reference BatchMemory memory) {
        this.memory = memory;
    }

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
            store = newStore(config, properties, context.getProperty(DATA_DIRECTORY), memory);
        } catch (IllegalArgumentException e) {
            LOG.error("Journal pool refused ({}): {}", properties.get("service.pid"), e.getMessage());
            registration = Refusals.tell(context, Sort.JOURNAL_POOL, "pool", properties, e.getMessage());
            return;
        }
        Map<String, Object> offered = new HashMap<>();
        offered.put(JournalStore.POOL, config.pool());
        Object ranking = properties.get("service.ranking");
        if (ranking instanceof Integer) {
            offered.put("service.ranking", ranking);
        }
        registration = context.registerService(JournalStore.class, store, FrameworkUtil.asDictionary(offered));
        LOG.info("Journal pool {} is there: {}", config.pool(), store);
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
     * @param memory that the pools of the node share
     * @return the store
     * @throws IllegalArgumentException naming the key that is wrong
     */
    static FlashJournalStore newStore(
            Config config, Map<String, ?> properties, String dataDirectory, BatchMemory memory) {
        KeyReader reader = KeyReader.of(properties, key -> null, Map.of());
        reader.checkKeys(KEYS);
        // The container's own complaint about what is no number does not name the key.
        reader.integer("spareSegments", 0);
        String pool = key("pool", () -> Names.check("pool", config.pool()));
        List<Path> directories = key("directories", () -> directories(config.directories(), dataDirectory));
        FlashOptions options = FlashOptions.DEFAULT;
        FlashOptions segments = key("segmentSize", () -> options.withSegmentBytes(Sizes.parse(config.segmentSize())));
        FlashOptions batches =
                key("batchSize", () -> segments.withBatchBytes(Math.toIntExact(Sizes.parse(config.batchSize()))));
        FlashOptions direct =
                key("directFrom", () -> batches.withDirectBytes(Math.toIntExact(Sizes.parse(config.directFrom()))));
        FlashOptions seal = key(
                "sealAfter",
                () -> direct.withSealNanos(Durations.parse(config.sealAfter()).toNanos()));
        FlashOptions prepared =
                seal.withPreparation(KeyReader.of(Map.of("preparation", config.preparation()), key -> null, Map.of())
                        .choice("preparation", FlashOptions.Preparation.class, seal.preparation()));
        FlashOptions spares = key("spareSegments", () -> prepared.withSpareSegments(config.spareSegments()));
        return new FlashJournalStore(pool, directories, spares, memory);
    }

    private static <T> T key(String name, Supplier<T> value) {
        try {
            return value.get();
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> directories(String text, String dataDirectory) {
        List<Path> directories = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            if (part.isBlank()) {
                throw new IllegalArgumentException("'" + text + "' has an empty directory in it");
            }
            Path directory = Path.of(part.strip());
            if (!directory.isAbsolute() && dataDirectory == null) {
                throw new IllegalArgumentException("'" + directory
                        + "' is relative, and the framework property tidemark.data is not set; write an absolute path");
            }
            directories.add(
                    directory.isAbsolute()
                            ? directory.normalize()
                            : Path.of(dataDirectory)
                                    .resolve(directory)
                                    .toAbsolutePath()
                                    .normalize());
        }
        if (new HashSet<>(directories).size() < directories.size()) {
            throw new IllegalArgumentException("'" + text + "' has a directory twice");
        }
        return directories;
    }
}
