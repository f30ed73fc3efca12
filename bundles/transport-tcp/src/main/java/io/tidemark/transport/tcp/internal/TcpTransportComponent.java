package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.transport.tcp.TcpSettings;
import io.tidemark.transport.tcp.TcpTransport;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Map;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns one configuration into one transport. Registers the service itself, because its property has another name than the
 * configuration's key. A configuration that cannot be taken changes nothing and shows in the transport's status; without a
 * name that can be taken there is no service.
 */
@Component(configurationPid = TcpTransportComponent.PID, configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = TcpConfiguration.class, factory = true)
@Capability(
        namespace = "osgi.service",
        attribute = "objectClass:List<String>=\"io.tidemark.api.transport.ReplicationTransport\"")
public final class TcpTransportComponent {
    /** Factory PID: {@code etc/io.tidemark.transport.tcp-NAME.cfg}. */
    public static final String PID = "io.tidemark.transport.tcp";

    private static final Logger LOG = LoggerFactory.getLogger(TcpTransportComponent.class);

    private BundleContext context;
    private String name;
    private TcpTransport transport;
    private ServiceRegistration<ReplicationTransport> registration;

    /**
     * Offers the transport.
     *
     * @param bundle for the service, and for properties of the framework
     * @param properties the configuration
     */
    @Activate
    public void activate(BundleContext bundle, Map<String, Object> properties) {
        context = bundle;
        begin(properties);
    }

    /**
     * Takes a changed configuration while links stay open, unless the name is another one.
     *
     * @param properties the new one
     */
    @Modified
    public void modified(Map<String, Object> properties) {
        if (transport == null || !sameName(properties)) {
            deactivate();
            begin(properties);
            return;
        }
        try {
            transport.apply(Settings.read(properties, context::getProperty));
        } catch (IllegalArgumentException | StorageException e) {
            transport.refuse(e.getMessage());
            LOG.error(
                    "{}: the configuration {} is refused, going on with the settings before: {}",
                    name,
                    properties.get("service.pid"),
                    e.getMessage());
        }
    }

    private boolean sameName(Map<String, Object> properties) {
        try {
            return Settings.name(properties).equals(name);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private void begin(Map<String, Object> properties) {
        try {
            name = Settings.name(properties);
        } catch (IllegalArgumentException e) {
            LOG.error("transport refused ({}): {}", properties.get("service.pid"), e.getMessage());
            return;
        }
        transport = newTransport(properties);
        registration = context.registerService(ReplicationTransport.class, transport, offered(properties));
    }

    private TcpTransport newTransport(Map<String, Object> properties) {
        try {
            TcpSettings settings = Settings.read(properties, context::getProperty);
            return new TcpTransport(name, settings);
        } catch (IllegalArgumentException | StorageException e) {
            LOG.error(
                    "{}: the configuration {} is refused, there are no links: {}",
                    name,
                    properties.get("service.pid"),
                    e.getMessage());
            return TcpTransport.refused(name, e.getMessage());
        }
    }

    private Dictionary<String, Object> offered(Map<String, Object> properties) {
        Map<String, Object> offered = new HashMap<>();
        offered.put(ReplicationTransport.TRANSPORT, name);
        if (properties.get("service.ranking") instanceof Integer ranking) {
            offered.put("service.ranking", ranking);
        }
        return FrameworkUtil.asDictionary(offered);
    }

    /** Takes the transport away: its users are told, and its links closed. */
    @Deactivate
    public void deactivate() {
        if (registration != null) {
            registration.unregister();
            registration = null;
        }
        if (transport != null) {
            transport.close();
            transport = null;
        }
    }
}
