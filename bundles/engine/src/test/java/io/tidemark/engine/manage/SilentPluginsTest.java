package io.tidemark.engine.manage;

import static io.tidemark.engine.manage.Node.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.engine.image.MemoryPools;
import io.tidemark.faults.ForwardingContext;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/** Plugins and pools that hang, for a while or for ever. */
class SilentPluginsTest {
    private static final CommitRule LATE =
            new CommitRule("late", Watermark.DURABLE, Watermark.CHECKPOINTED, 0, CommitRule.MissingPeers.JOURNAL, true);

    private final CountDownLatch end = new CountDownLatch(1);

    private void hang() {
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long threads(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .count();
    }

    @Test
    void aStrategyThatHangsHasOneThreadHoweverOftenThereIsARound() throws Exception {
        AtomicInteger rounds = new AtomicInteger();
        try (Node node = new Node().withStores()) {
            node.directory.plugins().addStrategy("silent", 0, situation -> {
                hang();
                return new TrimVote(situation.watermarks().durable(), "keeps nothing", List.of());
            });
            node.directory.plugins().addStrategy("counts", 0, situation -> {
                rounds.incrementAndGet();
                return new TrimVote(situation.watermarks().durable(), "keeps nothing", List.of());
            });
            node.directory.create("disk", Node.SIZE, Map.of("trim", "silent, counts"));
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
            }
            node.directory.checkpoint("disk");
            for (int i = 0; i < 3; i++) {
                int before = rounds.get();
                node.directory.configure("disk", Map.of("description", "number " + i));
                Node.await(() -> rounds.get() > before, () -> "no round");
            }
            assertEquals(1, threads("ask-disk-trim-silent"));
            assertEquals(0, node.pools.trimmed("disk"), "whoever does not answer keeps everything");
            end.countDown();
            Node.await(() -> threads("ask-disk-trim-silent") == 0, () -> "it does not end");
            node.directory.configure("disk", Map.of("description", "it answers"));
            Node.await(() -> node.pools.trimmed("disk") > 0, () -> "it is not asked again");
        } finally {
            end.countDown();
        }
    }

    @Test
    void aPoolThatHangsHasOneThreadAndOthersAreShownWithoutIt() throws Exception {
        MBeanServer server = MBeanServerFactory.newMBeanServer();
        ImageStore hung = (ImageStore) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ImageStore.class}, (proxy, method, arguments) -> {
                    hang();
                    throw new IllegalStateException("over");
                });
        try (Node node = new Node().withStores()) {
            node.directory.plugins().addImageStore("hung", 0, hung);
            ManagementBeans beans = new ManagementBeans(server, node.directory);
            for (int i = 0; i < 3; i++) {
                ObjectName good = new ObjectName("io.tidemark:type=Pool,sort=image,name=default");
                assertEquals("memory", server.getAttribute(good, "kind"));
                assertTrue(server.getMBeanInfo(good).getAttributes().length > 0);
            }
            // Whoever registers a bean asks it for its attributes.
            assertEquals(1, threads("ask-image-pool-hung"));
            ObjectName bad = new ObjectName("io.tidemark:type=Pool,sort=image,name=hung");
            for (int i = 0; i < 3; i++) {
                assertEquals("did not answer within 2000 ms", server.getAttribute(bad, "problem"));
                assertEquals(3, node.directory.pools().size());
            }
            assertEquals(1, threads("ask-image-pool-hung"));
            beans.close();
        } finally {
            end.countDown();
        }
    }

    /** As when a node starts under load: what stands in is weaker than what is configured. */
    @Test
    void aPolicyThatWasSilentOnceIsAskedAgain() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (Node node = new Node().withStores()) {
            node.directory.plugins().addPolicy("late", 0, situation -> {
                if (asked.incrementAndGet() == 1) {
                    hang();
                }
                return LATE;
            });
            node.wish("disk", Map.of("size", "1MiB", "commit", "late"));
            node.awaitState("disk", State.SERVING);
            awaitRule(node, "journal");
            assertTrue(node.status("disk").warnings().toString().contains("commit policy late did not answer"));
            end.countDown();
            awaitRule(node, "late");
            assertEquals(List.of(), node.status("disk").warnings());
        } finally {
            end.countDown();
        }
    }

    @Test
    void aPolicyThatCouldNotBeAskedIsReplacedInWordsAndAskedAgain() throws Exception {
        AtomicInteger lacking = new AtomicInteger(1);
        StorageContext context = new ForwardingContext(new MachineContext(32L << 20)) {
            @Override
            public Worker start(String name, Runnable body) {
                if (name.equals("ask-disk-commit") && lacking.getAndDecrement() > 0) {
                    throw new OutOfMemoryError("unable to create native thread");
                }
                return super.start(name, body);
            }
        };
        try (Node node = new Node(new MemoryPools(), context).withStores()) {
            node.directory.plugins().addPolicy("late", 0, situation -> LATE);
            node.wish("disk", Map.of("size", "1MiB", "commit", "late"));
            node.awaitState("disk", State.SERVING);
            awaitRule(node, "journal");
            assertTrue(
                    node.status("disk").warnings().toString().contains("commit policy late could not be asked"),
                    () -> "weaker than configured, and nothing says so: "
                            + node.status("disk").warnings());
            awaitRule(node, "late");
        }
    }

    /** The worker looks now and then by itself; here it is given orders, behind each of which it looks. */
    private static void awaitRule(Node node, String name) {
        Replicas replicas = new Replicas(node.directory);
        Node.await(
                () -> {
                    fails(Reason.MISMATCH, () -> replicas.promote("disk"));
                    return node.status("disk").commitRule().equals(name);
                },
                () -> "rule is " + node.status("disk").commitRule());
    }
}
