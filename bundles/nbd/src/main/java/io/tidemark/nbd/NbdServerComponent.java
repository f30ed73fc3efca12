package io.tidemark.nbd;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.device.FrontEnd;
import io.tidemark.nbd.internal.NbdConfiguration;
import io.tidemark.nbd.internal.Settings;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the NBD server of a node as its configuration says, or on its defaults where there is none. A configuration that
 * cannot be taken changes nothing and shows in {@link #status}.
 */
@Component(
        service = FrontEnd.class,
        immediate = true,
        configurationPid = NbdServerComponent.PID,
        configurationPolicy = ConfigurationPolicy.OPTIONAL)
@Designate(ocd = NbdConfiguration.class)
public final class NbdServerComponent implements FrontEnd {
    /** Its configuration is {@code etc/io.tidemark.nbd.cfg}. */
    public static final String PID = "io.tidemark.nbd";

    private static final Logger LOG = LoggerFactory.getLogger(NbdServerComponent.class);
    private static final String SERVING = "serving";
    private static final String BEAN = "io.tidemark:type=NbdServer";

    private final DeviceRegistry registry;
    private final BundleContext context;
    private final NbdServer server;
    private volatile String status = SERVING;

    /**
     * Starts to serve, as far as the configuration can be taken.
     *
     * @param registry devices of the node
     * @param context for properties of the framework
     * @param properties the configuration
     */
    @Activate
    public NbdServerComponent(
            @Reference DeviceRegistry registry, BundleContext context, Map<String, Object> properties) {
        this.registry = registry;
        this.context = context;
        this.server = new NbdServer(NbdSettings.DEFAULTS, registry);
        configure(properties);
        register();
    }

    /**
     * Takes a changed configuration while clients stay connected.
     *
     * @param properties the new one
     */
    @Modified
    public void modified(Map<String, Object> properties) {
        configure(properties);
    }

    private void configure(Map<String, Object> properties) {
        try {
            server.apply(Settings.read(properties, context::getProperty));
            status = SERVING;
        } catch (IllegalArgumentException | StorageException e) {
            status = "refused: " + e.getMessage();
            String consequence = server.serving() ? "going on with the settings before" : "not serving";
            LOG.error("nbd: the configuration {} is refused, {}: {}", PID, consequence, e.getMessage());
        }
    }

    private void register() {
        try {
            StandardMBean bean = new StandardMBean(server.statistics(), NbdServerMXBean.class, true);
            ManagementFactory.getPlatformMBeanServer().registerMBean(bean, new ObjectName(BEAN));
        } catch (JMException e) {
            LOG.warn("nbd: no JMX bean {}: {}", BEAN, e.getMessage());
        }
    }

    /** Closes the door: what is in flight is answered first. */
    @Deactivate
    public void deactivate() {
        try {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(new ObjectName(BEAN));
        } catch (JMException e) {
            LOG.debug("nbd: JMX bean {} was not there: {}", BEAN, e.getMessage());
        }
        server.close();
    }

    @Override
    public String name() {
        return "nbd";
    }

    @Override
    public String status() {
        return status;
    }

    @Override
    public List<String> endpoints() {
        return server.endpoints();
    }

    @Override
    public List<String> addresses(String exportName) {
        return server.addresses(exportName);
    }

    @Override
    public List<Client> clients() {
        return server.clients();
    }

    @Override
    public String toString() {
        return "NBD server of " + registry.devices().size() + " devices: " + status;
    }
}
