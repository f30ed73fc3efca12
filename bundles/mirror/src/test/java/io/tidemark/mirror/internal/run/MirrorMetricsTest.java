package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.base.wish.Wish;
import io.tidemark.faults.MetricsDocument;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/** Beans of links and replicas against what is there, and docs/reference/metrics.md against the beans. */
class MirrorMetricsTest {
    private static final String LINK = "type=Link,peer=";
    private static final String REPLICA = "type=Replica,image=disk,peer=";

    private static MBeanServer shown(TwoNodes.Node node) {
        MBeanServer server = MBeanServerFactory.newMBeanServer();
        node.mirrors.show(server);
        return server;
    }

    private static Set<String> names(MBeanServer server) throws Exception {
        return server.queryNames(new ObjectName("io.tidemark:*"), null).stream()
                .map(ObjectName::getKeyPropertyListString)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Object get(MBeanServer server, String keys, String figure) {
        try {
            return server.getAttribute(new ObjectName("io.tidemark:" + keys), figure);
        } catch (Exception e) {
            throw new AssertionError(keys + " " + figure, e);
        }
    }

    private static void await(TwoNodes nodes, MBeanServer server, String keys, String figure, Object value) {
        assertTrue(
                nodes.machine.awaitUntil(() -> value.equals(get(server, keys, figure)), 60 * SECOND),
                () -> keys + " " + figure + "=" + get(server, keys, figure));
    }

    @Test
    void beansFollowWhatIsConfigured() {
        TwoNodes.play(3100, 3, nodes -> {
            MBeanServer a = shown(nodes.a);
            MBeanServer b = shown(nodes.b);
            assertEquals(Set.of(LINK + "b"), names(a));
            assertEquals(Set.of(LINK + "a"), names(b));
            mirrored(nodes);
            assertEquals(Set.of(LINK + "b", REPLICA + "b"), names(a));
            assertEquals(Set.of(LINK + "a", REPLICA + "a"), names(b));
            assertTrue(nodes.a.mirrors.disable("disk", "b"));
            assertEquals(Set.of(LINK + "b"), names(a));
            assertEquals(Set.of(LINK + "a"), names(b));
            nodes.b.mirrors.removePeer("a");
            assertEquals(Set.of(), names(b));
            nodes.a.mirrors.close();
            assertEquals(Set.of(), names(a));
            nodes.a.mirrors.peerWished(new Wish("etc/late.cfg", "late", Map.of("address", "sim:late")));
            assertEquals(Set.of(), names(a));
        });
    }

    @Test
    void figuresAreThoseOfTheMoment() {
        TwoNodes.play(3110, 3, nodes -> {
            MBeanServer a = shown(nodes.a);
            MBeanServer b = shown(nodes.b);
            mirrored(nodes);
            assertEquals("PRIMARY", get(a, REPLICA + "b", "role"));
            assertEquals("REPLICA", get(b, REPLICA + "a", "role"));
            await(nodes, b, REPLICA + "a", "state", "UP_TO_DATE");
            await(nodes, a, REPLICA + "b", "state", "UP_TO_DATE");
            assertEquals("CONSISTENT", get(b, REPLICA + "a", "consistency"));
            assertEquals(0L, get(b, REPLICA + "a", "behind.events"));
            long head = (long) get(b, REPLICA + "a", "head");

            nodes.b.mirrors.hold("disk");
            nodes.write(nodes.a, 5);
            await(nodes, b, REPLICA + "a", "received", head + 5);
            await(nodes, a, REPLICA + "b", "received", head + 5);
            assertEquals("HELD", get(b, REPLICA + "a", "state"));
            assertEquals(head, get(b, REPLICA + "a", "head"));
            assertEquals(5L, get(b, REPLICA + "a", "behind.events"));
            assertEquals(5L, get(a, REPLICA + "b", "behind.events"));
            assertTrue((long) get(b, REPLICA + "a", "behind.bytes") > 0);
            assertTrue((long) get(b, REPLICA + "a", "behind.nanos") > 0);
            assertTrue((double) get(b, REPLICA + "a", "rate.events") > 0);

            assertEquals(1L, get(a, LINK + "b", "linked"));
            assertTrue((long) get(a, LINK + "b", "sent.wire.bytes") > 0);
            assertTrue((long) get(b, LINK + "a", "received.bytes") > 0);
            nodes.network.cut("a", "b");
            await(nodes, b, LINK + "a", "linked", 0L);
            assertEquals(-1L, get(b, LINK + "a", "sent.wire.bytes"));
            await(nodes, b, REPLICA + "a", "state", "UNLINKED");
        });
    }

    @Test
    void aReplicaThatNeedsAResyncSaysSoAtBothSidesUntilItIsOne() {
        TwoNodes.play(3120, 3, nodes -> {
            MBeanServer a = shown(nodes.a);
            MBeanServer b = shown(nodes.b);
            mirrored(nodes);
            assertEquals(0L, get(a, REPLICA + "b", "resync.needed"));
            assertEquals(0L, get(b, REPLICA + "a", "resync.needed"));
            nodes.network.cut("a", "b");
            await(nodes, a, LINK + "b", "linked", 0L);
            nodes.write(nodes.a, 3);
            MemoryJournal journal = nodes.a.image("disk").journal;
            JournalClient client = journal.clients().get(0);
            journal.putClient(new JournalClient(
                    client.id(), client.description(), client.commit(), JournalClient.State.EXPIRED, 0));
            assertEquals(1L, get(a, REPLICA + "b", "resync.needed"));
            assertEquals(0L, get(b, REPLICA + "a", "resync.needed"));
            nodes.network.heal("a", "b");
            await(nodes, b, REPLICA + "a", "resync.needed", 1L);
            nodes.network.cut("a", "b");
            await(nodes, b, LINK + "a", "linked", 0L);
            assertEquals(1L, get(b, REPLICA + "a", "resync.needed"), "whoever is away has not been healed");
            nodes.network.heal("a", "b");
            nodes.awaitLinked();
            nodes.b.mirrors.resync("disk", "a", GivenUp.REFUSED, nodes.random.coin());
            await(nodes, b, REPLICA + "a", "resync.needed", 0L);
            await(nodes, a, REPLICA + "b", "resync.needed", 0L);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** Such names are refused, and people are to see that. */
    @Test
    void whatIsRefusedHasABeanWhateverItIsCalled() {
        TwoNodes.play(3130, 1, nodes -> {
            MBeanServer a = shown(nodes.a);
            nodes.a.mirrors.peerWished(new Wish("etc/1.cfg", "x,type=Node", Map.of()));
            nodes.a.mirrors.replicaWished(new Wish("etc/2.cfg", "*=\"?", Map.of()));
            nodes.a.mirrors.replicaWished(new Wish("etc/3.cfg", "copy", Map.of("peer", "nobody")));
            String peer = LINK + ObjectName.quote("x,type=Node");
            String image = "type=Replica,image=" + ObjectName.quote("*=\"?") + ",peer=";
            String unknown = "type=Replica,image=copy,peer=nobody";
            assertEquals(Set.of(LINK + "b", peer, image, unknown), names(a));
            assertEquals(0L, get(a, peer, "linked"));
            assertTrue(get(a, peer, "state").toString().startsWith("refused: "));
            assertEquals("REFUSED", get(a, image, "state"));
            assertEquals("REFUSED", get(a, unknown, "state"));
            nodes.a.mirrors.peerUnwished("etc/1.cfg");
            nodes.a.mirrors.replicaUnwished("etc/2.cfg");
            nodes.a.mirrors.replicaUnwished("etc/3.cfg");
            assertEquals(Set.of(LINK + "b"), names(a));
        });
    }

    @Test
    void aBeanAsksForItsOwnImageOnly() {
        TwoNodes.play(3140, 1, nodes -> {
            String images = IntStream.range(0, 200).mapToObj(i -> "vm" + i).collect(Collectors.joining(", "));
            MBeanServer a = shown(nodes.a);
            nodes.a.mirrors.peerWished(
                    new Wish("etc/many.cfg", "many", Map.of("address", "sim:many", "images", images)));
            assertEquals(200 + 2, names(a).size());
            nodes.a.engine.looks = 0;
            assertEquals("UNLINKED", get(a, "type=Replica,image=vm7,peer=many", "state"));
            assertTrue(nodes.a.engine.looks <= 4, nodes.a.engine.looks + " looks");
        });
    }

    @Test
    void everyFigureIsDocumentedAndNoOther() {
        TwoNodes.play(3150, 1, nodes -> {
            MBeanServer b = shown(nodes.b);
            mirrored(nodes);
            Set<String> link = attributes(b, LINK + "a");
            assertEquals(MetricsDocument.figures("Links"), link);
            assertEquals(MetricsDocument.figures("Mirrored images"), attributes(b, REPLICA + "a"));
            nodes.network.cut("a", "b");
            await(nodes, b, LINK + "a", "linked", 0L);
            assertEquals(link, attributes(b, LINK + "a"));
        });
    }

    private static Set<String> attributes(MBeanServer server, String keys) throws Exception {
        return MetricsDocument.figures(server, new ObjectName("io.tidemark:" + keys));
    }
}
