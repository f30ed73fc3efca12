package io.tidemark.engine.internal;

import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.news.NewsListener;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.ConfiguredWishes;
import io.tidemark.base.wish.WishKind;
import io.tidemark.engine.manage.ImageDirectory;
import io.tidemark.engine.manage.ManagementBeans;
import io.tidemark.engine.manage.Replicas;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One for a node: tells an {@link ImageDirectory} of services and configurations, and offers it. Images are no components:
 * a reference of their own would bind the new store before it unbinds the old one, and close both at once.
 *
 * <p>Registers its services itself, so that they are there before the stores are, and gone before images are closed.
 */
@Component(configurationPid = EngineComponent.PID, immediate = true)
@Designate(ocd = EngineSettings.class)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"io.tidemark.api.admin.ImageManager\"")
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.tidemark.api.device.DeviceRegistry\"")
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.tidemark.api.replica.ReplicaManager\"")
public final class EngineComponent {
    /** PID of the engine's configuration. */
    public static final String PID = "io.tidemark.engine";

    /** Factory PID of images. */
    static final String IMAGE_PID = "io.tidemark.image";

    private static final WishKind IMAGES = new WishKind(IMAGE_PID, "image", """
            # Image NAME: what is wished of it. Changes take effect at once where that is safe.
            # Removing this file closes the image; only image:delete removes its data.
            """);

    private static final Logger LOG = LoggerFactory.getLogger(EngineComponent.class);
    private static final long HEAP_PART_OF_INDEXES = 4;
    private static final long BYTES_OF_INDEX_ENTRY = 48;
    private static final long DEACTIVATE_NANOS = 900_000_000L;

    private final BundleContext context;
    private final String node;
    private final ImageDirectory directory;
    private final ManagementBeans beans;
    private final StopListener stopListener;
    private final Queue<ServiceRegistration<?>> registrations = new ConcurrentLinkedQueue<>();

    /**
     * Starts the engine.
     *
     * @param context of the bundle
     * @param settings of the node
     * @param properties the same with the names that the container adds, and with keys that nobody reads
     */
    @Activate
    public EngineComponent(BundleContext context, EngineSettings settings, Map<String, Object> properties) {
        this.context = context;
        NodeLimits limits = limits(settings, properties);
        limits.refusals().forEach(refusal -> LOG.error("{}: {}", PID, refusal));
        node = nodeName(context, settings);
        MachineContext machine = new MachineContext(limits.payloadBytes());
        directory = new ImageDirectory(
                machine,
                node,
                ConfiguredWishes.store(context, machine.files(), IMAGES),
                Runtime.getRuntime().maxMemory() / HEAP_PART_OF_INDEXES / BYTES_OF_INDEX_ENTRY,
                limits.refusals());
        beans = new ManagementBeans(ManagementFactory.getPlatformMBeanServer(), directory);
        stopListener = new StopListener(context, directory, this::withdraw, limits.stopNanos());
        LOG.info("Engine is there, with {} for payload", Sizes.format(limits.payloadBytes()));
    }

    /** Takes configurations and offers the images. Stores that are there already were bound before this. */
    @Activate
    public void offer() {
        registrations.add(new ConfiguredWishes(IMAGES, directory::wished, directory::unwished).register(context));
        registrations.add(context.registerService(
                ImageManager.class, directory, FrameworkUtil.asDictionary(Map.of(ImageManager.NODE, node))));
        registrations.add(context.registerService(DeviceRegistry.class, directory, null));
        registrations.add(context.registerService(ReplicaManager.class, new Replicas(directory), null));
    }

    /**
     * Keeps the engine as it is: to start it anew would end every client's session. What would be refused is said now, to whoever
     * has just written it.
     *
     * @param settings of the node
     * @param properties the same with the names that the container adds, and with keys that nobody reads
     */
    @Modified
    public void modified(EngineSettings settings, Map<String, Object> properties) {
        LOG.info("The changed configuration {} takes effect at the next start", PID);
        limits(settings, properties).refusals().forEach(refusal -> LOG.error("{}: {}", PID, refusal));
    }

    private static NodeLimits limits(EngineSettings settings, Map<String, Object> properties) {
        return NodeLimits.of(settings.payload_capacity(), settings.stop_timeout(), DirectMemory.limitBytes())
                .withKeys(properties);
    }

    /**
     * Stops the engine. When the whole node stops, images were closed before, and waited for; here the wait is short, and
     * what is left goes on closing in the background.
     */
    @Deactivate
    public void deactivate() {
        withdraw();
        stopListener.close();
        directory.stop();
        if (!directory.awaitStopped(DEACTIVATE_NANOS)) {
            LOG.info("Images are still being closed");
        }
        beans.close();
    }

    /** Nothing new from here on: no configuration, no command, no client. */
    private void withdraw() {
        for (ServiceRegistration<?> each = registrations.poll(); each != null; each = registrations.poll()) {
            each.unregister();
        }
    }

    private static String nodeName(BundleContext context, EngineSettings settings) {
        String started = context.getProperty("tidemark.node");
        if (!settings.node().isBlank()) {
            return settings.node().trim();
        }
        return started == null || started.isBlank() ? "a" : started.trim();
    }

    /** A journal store came. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addJournalStore(JournalStore store, Map<String, Object> properties) {
        String pool = name(properties, JournalStore.POOL, store);
        if (pool != null) {
            directory.plugins().addJournalStore(pool, ranking(properties), store);
        }
    }

    /** A journal store goes. */
    public void removeJournalStore(JournalStore store) {
        directory.plugins().removeJournalStore(store);
    }

    /** An image store came. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addImageStore(ImageStore store, Map<String, Object> properties) {
        String pool = name(properties, ImageStore.POOL, store);
        if (pool != null) {
            directory.plugins().addImageStore(pool, ranking(properties), store);
        }
    }

    /** An image store goes. */
    public void removeImageStore(ImageStore store) {
        directory.plugins().removeImageStore(store);
    }

    /** A commit policy came. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addCommitPolicy(CommitPolicy policy, Map<String, Object> properties) {
        String name = name(properties, CommitPolicy.POLICY, policy);
        if (name != null) {
            directory.plugins().addPolicy(name, ranking(properties), policy);
        }
    }

    /** A commit policy goes. */
    public void removeCommitPolicy(CommitPolicy policy) {
        directory.plugins().removePolicy(policy);
    }

    /** A trim strategy came. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addTrimStrategy(TrimStrategy strategy, Map<String, Object> properties) {
        String name = name(properties, TrimStrategy.STRATEGY, strategy);
        if (name != null) {
            directory.plugins().addStrategy(name, ranking(properties), strategy);
        }
    }

    /** A trim strategy goes. */
    public void removeTrimStrategy(TrimStrategy strategy) {
        directory.plugins().removeStrategy(strategy);
    }

    /** Somebody watches. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addNewsListener(NewsListener listener) {
        directory.news().add(listener);
    }

    /** Somebody watches no more. */
    public void removeNewsListener(NewsListener listener) {
        directory.news().remove(listener);
    }

    /** A configuration was refused. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addRefusal(RefusedConfiguration refusal) {
        directory.plugins().addRefusal(refusal);
    }

    /** It is gone, or mended. */
    public void removeRefusal(RefusedConfiguration refusal) {
        directory.plugins().removeRefusal(refusal);
    }

    private static String name(Map<String, Object> properties, String key, Object service) {
        Object name = properties.get(key);
        if (name instanceof String text && !text.isBlank()) {
            return text;
        }
        LOG.warn("Service {} is not used: its property {} is missing", service, key);
        return null;
    }

    private static int ranking(Map<String, Object> properties) {
        return properties.get(Constants.SERVICE_RANKING) instanceof Integer ranking ? ranking : 0;
    }
}
