package io.tidemark.console.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageManager;
import io.tidemark.api.context.Clock;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.console.internal.command.Commands;
import io.tidemark.console.internal.command.ConsoleCommand;
import io.tidemark.console.internal.command.Node;
import io.tidemark.console.internal.endpoint.KarafShell;
import io.tidemark.console.internal.endpoint.TmEndpoint;
import io.tidemark.console.internal.karaf.KarafCommand;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import javax.security.auth.Subject;
import org.apache.karaf.jaas.boot.principal.RolePrincipal;
import org.apache.karaf.jaas.boot.principal.UserPrincipal;
import org.apache.karaf.shell.api.console.Registry;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the commands into Karaf's shell and opens the port of {@code ./tm}. Needs the shell only: what else is missing,
 * the commands say.
 */
@Component(
        service = {},
        immediate = true)
public final class ConsoleComponent implements Node {
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleComponent.class);
    private static final String DATA = "tidemark.data";
    private static final String LOCAL_ROLES = "karaf.local.roles";
    private static final String DEFAULT_ROLES = "admin,manager,viewer,systembundles";
    private static final List<String> REHEARSED = List.of("image:list");
    private static final String BOOT_FINISHED = "org.apache.karaf.features.BootFinished";

    private final List<KarafCommand> commands = new ArrayList<>();
    private final List<FrontEnd> frontEnds = new CopyOnWriteArrayList<>();
    private final Clock clock = new ProcessClock();
    private TmEndpoint endpoint;

    @Reference
    private SessionFactory sessions;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile ImageManager images;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile DeviceRegistry devices;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile MirrorManager mirrors;

    /**
     * Registers the commands and listens.
     *
     * @param context of the bundle
     */
    @Activate
    void activate(BundleContext context) {
        for (ConsoleCommand command : Commands.all()) {
            KarafCommand shown = new KarafCommand(command, this);
            commands.add(shown);
            sessions.getRegistry().register(shown);
        }
        endpoint = listen(context);
    }

    private TmEndpoint listen(BundleContext context) {
        String data = context.getProperty(DATA);
        if (data == null) {
            LOG.info("No command port for ./tm: the framework property {} does not name a data directory", DATA);
            return null;
        }
        Set<String> names = Commands.all().stream()
                .map(command -> command.spec().fullName())
                .collect(Collectors.toSet());
        Rehearsal rehearsal = new Rehearsal(new NodeReadiness(this, () -> booted(context)), clock::monotonicNanos);
        KarafShell shell = new KarafShell(sessions, subject(context), names, rehearsal);
        rehearsal.start(() -> shell.rehearse(REHEARSED));
        try {
            return TmEndpoint.open(Path.of(data).resolve("tm"), shell);
        } catch (IOException e) {
            LOG.error(
                    "No command port for ./tm, because {} cannot be written or no port is free: {}",
                    data,
                    e.toString());
            return null;
        }
    }

    /**
     * Whether everything that is to run was started: the features are installed, and the framework has passed the start
     * level of the doors, which is this bundle's too.
     */
    private static boolean booted(BundleContext context) {
        int doors = context.getBundle().adapt(BundleStartLevel.class).getStartLevel();
        int reached = context.getBundle(Constants.SYSTEM_BUNDLE_ID)
                .adapt(FrameworkStartLevel.class)
                .getStartLevel();
        return reached > doors && context.getServiceReference(BOOT_FINISHED) != null;
    }

    /** Who can read the file with the token is the node's owner, and may what the local console may. */
    private static Subject subject(BundleContext context) {
        String roles = context.getProperty(LOCAL_ROLES);
        Subject subject = new Subject();
        subject.getPrincipals().add(new UserPrincipal("tm"));
        Arrays.stream((roles == null ? DEFAULT_ROLES : roles).split(","))
                .forEach(role -> subject.getPrincipals().add(new RolePrincipal(role.trim())));
        return subject;
    }

    @Deactivate
    void deactivate() {
        if (endpoint != null) {
            endpoint.close();
        }
        Registry registry = sessions.getRegistry();
        commands.forEach(registry::unregister);
    }

    @Reference(
            service = FrontEnd.class,
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void addFrontEnd(FrontEnd frontEnd) {
        frontEnds.add(frontEnd);
    }

    void removeFrontEnd(FrontEnd frontEnd) {
        frontEnds.remove(frontEnd);
    }

    @Override
    public ImageManager images() throws StorageException {
        ImageManager manager = images;
        if (manager == null) {
            throw Node.noEngine();
        }
        return manager;
    }

    @Override
    public List<FrontEnd> frontEnds() {
        return frontEnds.stream().sorted(Comparator.comparing(FrontEnd::name)).toList();
    }

    @Override
    public List<BlockDevice> devices() throws StorageException {
        DeviceRegistry registry = devices;
        if (registry == null) {
            throw Node.noEngine();
        }
        return registry.devices();
    }

    @Override
    public MirrorManager mirrors() throws StorageException {
        MirrorManager manager = mirrors;
        if (manager == null) {
            throw Node.noMirror();
        }
        return manager;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    /** The clocks of this process. */
    private static final class ProcessClock implements Clock {
        private static final long NANOS = 1_000_000_000L;

        @Override
        public long wallNanos() {
            Instant now = Instant.now();
            return now.getEpochSecond() * NANOS + now.getNano();
        }

        @Override
        public long monotonicNanos() {
            return System.nanoTime();
        }
    }
}
