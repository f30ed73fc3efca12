package io.tidemark.engine.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.api.admin.RefusedConfiguration.Sort;
import io.tidemark.faults.MetricsDocument;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/** Beans against what is there, and docs/reference/metrics.md against the beans. */
class MetricsTest {
    private final MBeanServer server = MBeanServerFactory.newMBeanServer();

    private static ObjectName name(String keys) throws Exception {
        return new ObjectName("io.tidemark:" + keys);
    }

    private Object get(String keys, String attribute) throws Exception {
        return server.getAttribute(name(keys), attribute);
    }

    @Test
    void beansFollowWhatIsThere() throws Exception {
        try (Node node = new Node()) {
            ManagementBeans beans = new ManagementBeans(server, node.directory);
            try {
                node.withStores();
                node.directory.create("disk", Node.SIZE, Map.of());
                try (Node.Client client = node.new Client("disk")) {
                    client.write(0, (byte) 1).succeeded();
                    assertEquals("SERVING", get("type=Image,name=disk", "state"));
                    assertEquals((long) Node.SIZE, get("type=Image,name=disk", "size.bytes"));
                    assertEquals(1L, get("type=Image,name=disk", "clients"));
                    assertEquals(1L, get("type=Image,name=disk", "writes"));
                    assertEquals(512L, get("type=Image,name=disk", "written.bytes"));
                    assertTrue((long) get("type=Image,name=disk", "durable") >= 1);
                }
                assertEquals("memory", get("type=Pool,sort=journal,name=default", "kind"));
                assertEquals(1L, get("type=Node", "images.serving"));
                assertEquals(32L << 20, get("type=Node", "payload.capacity.bytes"));
                node.directory.delete("disk");
                Node.await(() -> !isRegistered("type=Image,name=disk"), () -> "the bean stays");
                node.directory.plugins().removeImageStore(node.images);
                assertFalse(isRegistered("type=Pool,sort=image,name=default"));
                assertTrue(isRegistered("type=Pool,sort=journal,name=default"));
                RefusedConfiguration refusal = new RefusedConfiguration(
                        Sort.IMAGE_POOL, "slow", "etc/slow.cfg", "reserv: there is no such key");
                node.directory.plugins().addRefusal(refusal);
                assertEquals(
                        "refused: reserv: there is no such key (etc/slow.cfg)",
                        get("type=Pool,sort=image,name=slow", "problem"));
                node.directory.plugins().removeRefusal(refusal);
                assertFalse(isRegistered("type=Pool,sort=image,name=slow"));
            } finally {
                beans.close();
            }
            assertEquals(Set.of(), server.queryNames(name("*"), null));
        }
    }

    private boolean isRegistered(String keys) {
        try {
            return server.isRegistered(name(keys));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void everyFigureIsDocumentedAndNoOther() throws Exception {
        try (Node node = new Node().withStores()) {
            ManagementBeans beans = new ManagementBeans(server, node.directory);
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            assertEquals(attributes("type=Node"), MetricsDocument.figures("Node"));
            assertEquals(attributes("type=Pool,sort=image,name=default"), MetricsDocument.figures("Pools"));
            assertEquals(attributes("type=Image,name=disk"), MetricsDocument.figures("Images"));
            beans.close();
        }
    }

    /** The names that end in {@code .-}: each moves with what it measures, and its parts are those of one distribution. */
    @Test
    void distributionsHoldWhatWasMeasured() throws Exception {
        try (Node node = new Node().withStores()) {
            ManagementBeans beans = new ManagementBeans(server, node.directory);
            node.directory.create("disk", Node.SIZE, Map.of());
            Set<String> all = distributions();
            assertTrue(
                    all.containsAll(Set.of("acknowledge.nanos", "force.events", "image.force.nanos")), all.toString());
            for (String name : all) {
                assertEquals(0L, figure(name, "count"), name);
                assertEquals(0L, figure(name, "max"), name);
            }
            int writes = 20;
            try (Node.Client client = node.new Client("disk")) {
                for (int i = 0; i < writes; i++) {
                    client.write(i * 512L, (byte) 1).succeeded();
                }
                // Nobody wrote there, so that memory does not answer.
                client.read(Node.SIZE - 1);
            }
            node.directory.checkpoint("disk");
            for (String name : all) {
                long p50 = figure(name, "p50");
                long p99 = figure(name, "p99");
                long max = figure(name, "max");
                assertTrue(figure(name, "count") > 0, name + " counted nothing");
                assertTrue(0 < p50 && p50 <= p99 && p99 <= max, name + ": " + p50 + ", " + p99 + ", " + max);
                assertTrue(0 < figure(name, "mean") && figure(name, "mean") <= max, name);
            }
            assertTrue(figure("acknowledge.nanos", "count") >= writes);
            // The mean is rounded down.
            long forces = figure("force.bytes", "count");
            assertEquals(writes * 512L, forces * figure("force.bytes", "mean"), forces);
            beans.close();
        }
    }

    private Set<String> distributions() throws Exception {
        return attributes("type=Image,name=disk").stream()
                .filter(name -> name.endsWith(".p99"))
                .map(name -> name.substring(0, name.length() - ".p99".length()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private long figure(String distribution, String part) throws Exception {
        return (long) get("type=Image,name=disk", distribution + "." + part);
    }

    private Set<String> attributes(String keys) throws Exception {
        return MetricsDocument.figures(server, name(keys));
    }
}
