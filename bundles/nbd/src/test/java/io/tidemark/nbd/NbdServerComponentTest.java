package io.tidemark.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.nbd.testing.FakeDevice;
import io.tidemark.nbd.testing.FakeRegistry;
import io.tidemark.nbd.testing.Served;
import io.tidemark.nbd.testing.TestClient;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;

class NbdServerComponentTest {
    private static final String BEAN = "io.tidemark:type=NbdServer";
    private static final FakeRegistry REGISTRY = new FakeRegistry(new FakeDevice("disk", 4096));

    private static BundleContext context(Map<String, String> properties) {
        return (BundleContext) Proxy.newProxyInstance(
                NbdServerComponentTest.class.getClassLoader(),
                new Class<?>[] {BundleContext.class},
                (proxy, method, arguments) -> properties.get((String) arguments[0]));
    }

    private static InetSocketAddress address(NbdServerComponent component) {
        URI uri = URI.create(component.endpoints().get(0));
        return new InetSocketAddress(uri.getHost(), uri.getPort());
    }

    @Test
    void configurationAppliesLiveAndARefusedOneChangesNothing() throws Exception {
        NbdServerComponent component =
                new NbdServerComponent(REGISTRY, context(Map.of("tidemark.nbd.port", "0")), Map.of());
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        ObjectName bean = new ObjectName(BEAN);
        try (TestClient client = new TestClient(address(component)).hello()) {
            client.go("disk");
            assertEquals("nbd", component.name());
            assertEquals("serving", component.status());
            assertEquals("disk", component.clients().get(0).export());
            assertTrue(component.addresses("a b").get(0).endsWith("/a%20b"));
            assertEquals(1, beans.getAttribute(bean, "Connections"));

            component.modified(Map.of("maxConnections", "none"));
            assertTrue(component.status().startsWith("refused: maxConnections: "), component.status());
            assertEquals(0, client.does(3, 0, 0, 0));
            component.modified(Map.of("maxConnections", "5"));
            assertEquals("serving", component.status());
            assertEquals(0, client.does(3, 0, 0, 0));
        } finally {
            component.deactivate();
        }
        assertFalse(beans.isRegistered(bean));
        Served.await("closed", () -> component.clients().isEmpty());
    }

    @Test
    void aRefusedConfigurationAtTheStartIsShownAndNotThrown() throws Exception {
        NbdServerComponent component = new NbdServerComponent(REGISTRY, context(Map.of()), Map.of("port", "high"));
        try {
            assertEquals("refused: port: 'high' is no whole number", component.status());
            assertTrue(component.endpoints().isEmpty());
            component.modified(Map.of("port", "0"));
            assertEquals("serving", component.status());
            new TestClient(address(component)).hello().close();
        } finally {
            component.deactivate();
        }
    }

    /** docs/reference/nbd.md against the bean: each name and no other, the parts of a latency too. */
    @Test
    void everyFigureIsDocumentedAndNoOther() throws Exception {
        NbdServerComponent component =
                new NbdServerComponent(REGISTRY, context(Map.of("tidemark.nbd.port", "0")), Map.of());
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        Set<String> names = new TreeSet<>();
        Set<String> parts = new TreeSet<>();
        try {
            for (MBeanAttributeInfo each :
                    beans.getMBeanInfo(new ObjectName(BEAN)).getAttributes()) {
                names.add(each.getName());
                if (beans.getAttribute(new ObjectName(BEAN), each.getName()) instanceof CompositeData latency) {
                    parts.addAll(latency.getCompositeType().keySet());
                }
            }
        } finally {
            component.deactivate();
        }
        String text = Files.readString(Path.of("../../docs/reference/nbd.md"));
        String figures = text.substring(text.indexOf("\n## Figures\n"));
        int end = figures.indexOf("\n## ", 1);
        figures = end < 0 ? figures : figures.substring(0, end);
        assertTrue(figures.contains("`" + BEAN + "`"), figures);
        assertEquals(names, quoted(figures, "[A-Z]\\w+"));
        assertEquals(parts, quoted(figures, "[a-z]\\w+"));
    }

    /** What stands in backquotes in the rows of a table below their head. */
    private static Set<String> quoted(String section, String what) {
        Pattern name = Pattern.compile("`(" + what + ")`");
        return section.lines()
                .filter(line -> line.startsWith("| `"))
                .flatMap(row -> name.matcher(row).results())
                .map(found -> found.group(1))
                .filter(found -> !found.equals("maxConnections"))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
