package io.tidemark.transport.tcp.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.ReplicationTransport;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;

/** A configuration becomes a service, changes live, and is refused without an exception. */
class TcpTransportComponentTest {
    /** What was registered and is still there. */
    private final List<ReplicationTransport> services = new ArrayList<>();

    private final List<String> names = new ArrayList<>();

    private BundleContext context() {
        return (BundleContext) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {BundleContext.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("registerService")) {
                        ReplicationTransport service = (ReplicationTransport) arguments[1];
                        services.add(service);
                        names.add((String) ((Dictionary<?, ?>) arguments[2]).get(ReplicationTransport.TRANSPORT));
                        return registration(service);
                    }
                    return null;
                });
    }

    private Object registration(ReplicationTransport service) {
        return Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ServiceRegistration.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("unregister")) {
                        services.remove(service);
                    }
                    return null;
                });
    }

    @Test
    void fromActivateToDeactivate() throws Exception {
        TcpTransportComponent component = new TcpTransportComponent();
        component.activate(context(), Map.of("port", "0", "service.pid", "p"));
        ReplicationTransport transport = services.get(0);
        assertEquals(List.of("tcp"), names);
        ReplicationTransport.Listening listening = transport.listen(link -> null);
        List<String> before = listening.addresses();
        component.modified(Map.of("port", "0", "bandwidth", "5MiB"));
        assertEquals(before, listening.addresses());
        component.modified(Map.of("port", "0", "window", "1"));
        assertTrue(
                transport.status().state().startsWith("refused: window: "),
                transport.status().state());
        assertEquals(before, listening.addresses(), "the settings before stay in force");
        component.modified(Map.of("port", "0"));
        assertEquals("taking links", transport.status().state());
        component.modified(Map.of("transport", "wan", "port", "0"));
        assertEquals(List.of("tcp", "wan"), names);
        assertEquals(1, services.size());
        assertEquals("stopped", transport.status().state());
        ReplicationTransport wan = services.get(0);
        component.deactivate();
        assertTrue(services.isEmpty());
        assertEquals("stopped", wan.status().state());
    }

    @Test
    void aRefusedConfigurationIsAState() throws Exception {
        TcpTransportComponent component = new TcpTransportComponent();
        component.activate(context(), Map.of("port", "many"));
        ReplicationTransport transport = services.get(0);
        assertTrue(
                transport.status().state().startsWith("refused: port: "),
                transport.status().state());
        assertThrows(StorageException.class, () -> transport.listen(link -> null));
        component.modified(Map.of("port", "0"));
        transport.listen(link -> null).close();
        component.modified(Map.of("port", "0", "transport", "no name"));
        assertTrue(services.isEmpty());
        component.modified(Map.of("port", "0"));
        assertEquals(1, services.size());
        component.deactivate();
        component.deactivate();
        assertFalse(names.isEmpty());
    }
}
