package io.tidemark.mirror.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.news.NewsListener;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.ConfiguredWishes;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.identity.NodeKey;
import io.tidemark.mirror.internal.manage.Mirrors;
import io.tidemark.mirror.internal.run.MirrorSettings;
import io.tidemark.mirror.internal.run.Services;
import io.tidemark.mirror.internal.wire.Wire;
import java.lang.management.ManagementFactory;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One for a node, as long as there is an engine: tells the {@link Mirrors} of transports and configurations, and offers it. Without
 * a key that can be used there is no mirror, and every image shows why.
 *
 * <p>It begins anew with a new engine: receiving ends and journals are of the one before.
 */
@Component(
        service = {},
        immediate = true,
        configurationPid = MirrorComponent.PID)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"io.tidemark.api.mirror.MirrorManager\"")
public final class MirrorComponent {
    /** PID of the mirror's configuration. */
    static final String PID = "io.tidemark.mirror";

    private static final Logger LOG = LoggerFactory.getLogger(MirrorComponent.class);
    private static final long DEACTIVATE_NANOS = 900_000_000L;
    /** Nothing of the mirror takes payload memory; a context has some. */
    private static final long LEAST_PAYLOAD_BYTES = 4L << 20;

    private final BundleContext context;
    private final Crew crew = new Crew(new MachineContext(LEAST_PAYLOAD_BYTES));
    private final NewsDesk news = new NewsDesk(crew, "news-mirror");
    private final Transports transports = new Transports();
    private final Pools pools = new Pools();
    /** What the mirror was started with; null without one. */
    private Settings settings;

    private final Services services;
    private final String node;
    /** Null while the configuration is refused. */
    private Mirrors mirrors;

    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

    /**
     * Starts the mirror.
     *
     * @param context of the bundle
     * @param images of the engine, which says what the node is called
     * @param replicas of the engine
     * @param devices of the engine
     * @param properties the configuration
     */
    @Activate
    public MirrorComponent(
            BundleContext context,
            @Reference Map.Entry<Map<String, Object>, ImageManager> images,
            @Reference ReplicaManager replicas,
            @Reference DeviceRegistry devices,
            Map<String, Object> properties) {
        this.context = context;
        this.services = new Services(replicas, images.getValue(), devices, pools::get, news);
        this.node = String.valueOf(images.getKey().getOrDefault(ImageManager.NODE, "a"));
        this.mirrors = mirrors(properties);
    }

    private Mirrors mirrors(Map<String, Object> properties) {
        try {
            settings = Settings.read(properties, context::getProperty, node);
            NodeKey key = NodeKey.loadOrCreate(settings.keyFile());
            SecureRandom random = new SecureRandom();
            Handshake.Self self = new Handshake.Self(key, settings.node(), Wire.LEAST_VERSION, Wire.VERSION);
            LOG.info("the mirror of the node {} is there, its key is {}", settings.node(), key);
            return new Mirrors(
                    crew,
                    services,
                    settings.mirror(),
                    self,
                    () -> {
                        byte[] nonce = new byte[Wire.NONCE_BYTES];
                        random.nextBytes(nonce);
                        return nonce;
                    },
                    new Mirrors.Stores(
                            ConfiguredWishes.store(context, crew.files(), Mirrors.PEERS),
                            ConfiguredWishes.store(context, crew.files(), Mirrors.REPLICAS),
                            settings.branches()));
        } catch (IllegalArgumentException e) {
            refuse(e.getMessage() + "; there are no peers and replicas until that is mended");
        } catch (StorageException e) {
            // Nobody says when a key file was mended.
            refuse(e.getMessage() + "; there are no peers and replicas until the node starts without that");
        }
        return null;
    }

    private void refuse(String words) {
        LOG.error("{} is refused, there is no mirror: {}", PID, words);
        registrations.add(context.registerService(
                RefusedConfiguration.class,
                new RefusedConfiguration(Sort.NODE, "mirror", "etc/" + PID + ".cfg", words),
                null));
    }

    /** Takes configurations, and offers the mirror. */
    @Activate
    public void offer() {
        if (mirrors == null) {
            return;
        }
        mirrors.start();
        mirrors.show(ManagementFactory.getPlatformMBeanServer());
        transports.begin(mirrors);
        registrations.add(
                new ConfiguredWishes(Mirrors.PEERS, mirrors::peerWished, mirrors::peerUnwished).register(context));
        registrations.add(new ConfiguredWishes(Mirrors.REPLICAS, mirrors::replicaWished, mirrors::replicaUnwished)
                .register(context));
        registrations.add(context.registerService(MirrorManager.class, mirrors, null));
    }

    /**
     * Takes over the bounds on copies. The rest stays as it is: to start the mirror anew would end every link. Where the one before
     * was refused there is none to end.
     *
     * @param properties the changed configuration
     */
    @Modified
    public void modified(Map<String, Object> properties) {
        if (mirrors == null) {
            withdraw();
            mirrors = mirrors(properties);
            offer();
            return;
        }
        try {
            Settings changed = Settings.read(properties, context::getProperty, settings.node());
            MirrorSettings bounds = changed.mirror();
            mirrors.copies(bounds.copies(), bounds.copyBytesPerSecond());
            LOG.info(
                    "Copies to peers: {} at once, each with {}{}",
                    bounds.copies(),
                    bounds.copyBytesPerSecond() == 0
                            ? "no bound on its rate"
                            : "at most " + Sizes.format(bounds.copyBytesPerSecond()) + "/s",
                    changed.sameButForCopies(settings)
                            ? ""
                            : "; what else changed in " + PID + " takes effect at the next start");
        } catch (IllegalArgumentException e) {
            LOG.error(
                    "{} is refused: everything stays as it was, and after the next start there is no mirror: {}",
                    PID,
                    e.getMessage());
        }
    }

    /** Ends links and receiving ends; what was received stays. */
    @Deactivate
    public void deactivate() {
        withdraw();
        if (mirrors != null) {
            mirrors.close();
            if (!crew.awaitEnded(DEACTIVATE_NANOS)) {
                LOG.info("Replicas are still being closed");
            }
        }
    }

    private void withdraw() {
        registrations.forEach(ServiceRegistration::unregister);
        registrations.clear();
    }

    /** A journal pool came. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addPool(JournalStore store, Map<String, Object> properties) {
        pools.add(store, properties);
    }

    /** A journal pool goes; what is read of it ends by itself. */
    public void removePool(JournalStore store) {
        pools.remove(store);
    }

    /** A transport came. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addTransport(ReplicationTransport transport, Map<String, Object> properties) {
        transports.add(transport, properties);
    }

    /** A transport goes. */
    public void removeTransport(ReplicationTransport transport) {
        transports.remove(transport);
    }

    /** Somebody watches. */
    @Reference(
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    public void addNewsListener(NewsListener listener) {
        news.add(listener);
    }

    /** Somebody watches no more. */
    public void removeNewsListener(NewsListener listener) {
        news.remove(listener);
    }
}
