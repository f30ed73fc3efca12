package io.tidemark.engine.manage;

import static io.tidemark.engine.manage.Node.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitSituation;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.news.News;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.PeerProgress;
import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.engine.image.MemoryPools;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Plugins that answer, do not, come late and go: a safe built-in stands in for each. */
class PolicyAndTrimTest {
    private static final CommitRule VOLATILE =
            new CommitRule("volatile", Watermark.APPENDED, Watermark.DURABLE, 0, CommitRule.MissingPeers.JOURNAL, true);

    private static void awaitRule(Node node, String name) {
        Node.await(
                () -> node.status("disk").commitRule().equals(name),
                () -> "rule is " + node.status("disk").commitRule());
    }

    private static void awaitWarning(Node node, String part) {
        Node.await(
                () -> node.status("disk").warnings().stream().anyMatch(line -> line.contains(part)),
                () -> "no warning '" + part + "': " + node.status("disk").warnings());
    }

    private static void awaitNoWarning(Node node) {
        Node.await(
                () -> node.status("disk").warnings().isEmpty(),
                () -> "warned: " + node.status("disk").warnings());
    }

    @Test
    void aPolicyComesGoesAndChangesLive() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB", "commit", "volatile"));
            node.awaitState("disk", State.SERVING);
            assertEquals("journal", node.status("disk").commitRule());
            awaitWarning(node, "commit policy volatile is not there");
            CommitPolicy policy = situation -> VOLATILE;
            node.directory.plugins().addPolicy("volatile", 0, policy);
            awaitRule(node, "volatile");
            assertTrue(node.device("disk").writeCache());
            awaitNoWarning(node);
            node.directory.plugins().removePolicy(policy);
            awaitRule(node, "journal");
            awaitWarning(node, "stands in");
            assertEquals(
                    List.of(),
                    node.directory
                            .configure("disk", Map.of("commit", "journal"))
                            .warnings());
        }
    }

    @Test
    void aPolicyThatWaitsForReplicasLearnsHowManyThereAre() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = new Replicas(node.directory);
            // With nobody to wait for it does without.
            CommitPolicy policy = situation -> situation.reachablePeers() == 0
                    ? CommitRule.JOURNAL
                    : new CommitRule(
                            "at " + situation.reachablePeers(),
                            Watermark.RECEIVED,
                            Watermark.RECEIVED,
                            situation.reachablePeers(),
                            CommitRule.MissingPeers.FAIL,
                            false);
            node.directory.plugins().addPolicy("replicated", 0, policy);
            node.directory.create("disk", Node.SIZE, Map.of("commit", "replicated", "peer.timeout", "10s"));
            assertEquals("journal", node.status("disk").commitRule());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
                replicas.peer("disk", new PeerProgress("berlin", true, 1, 1, 0));
                awaitRule(node, "at 1");
                var write = client.write(512, (byte) 2);
                assertFalse(write.isDone(), "the replica does not have it");
                replicas.peer("disk", new PeerProgress("berlin", true, 2, 2, 2));
                write.succeeded();
                Node.fails(Reason.INVALID, () -> replicas.peer("disk", new PeerProgress("berlin", true, 1000, 0, 0)));
                replicas.peer("disk", new PeerProgress("berlin", false, 2, 2, 2));
                awaitRule(node, "journal");
                client.write(1024, (byte) 3).succeeded();
                replicas.forgetPeer("disk", "berlin");
                replicas.forgetPeer("disk", "berlin");
            }
            Node.fails(Reason.NOT_FOUND, () -> replicas.forgetPeer("none", "berlin"));
        }
    }

    /** With nobody to wait for, the first write would wait for ever. */
    @Test
    void aPolicyThatWaitsForReplicasIsRefusedWhereThereAreNone() throws Exception {
        List<News> news = new CopyOnWriteArrayList<>();
        try (Node node = new Node().withStores()) {
            node.directory.news().add(news::add);
            node.directory.plugins().addPolicy("replicated", 0, PolicyAndTrimTest::atPeers);
            String none = "commit: replicated waits for 1 replica, and image disk has none, so writes wait for ever;"
                    + " mirror:enable disk --to PEER makes one, peer.missing=journal does without until then";
            StorageException refusal = fails(
                    Reason.INVALID, () -> node.directory.create("disk", Node.SIZE, Map.of("commit", "replicated")));
            assertEquals(none, refusal.getMessage());
            node.directory.create("disk", Node.SIZE, Map.of());
            refusal = fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("commit", "replicated")));
            assertEquals(none, refusal.getMessage());
            assertEquals("journal", node.status("disk").commitRule());
            fails(
                    Reason.INVALID,
                    () -> node.directory.configure("disk", Map.of("commit", "replicated", "peer.missing", "fail")));
            assertEquals(
                    List.of(),
                    node.directory
                            .configure("disk", Map.of("commit", "replicated", "peer.missing", "journal"))
                            .warnings());
            refusal = fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("peer.missing", "hold")));
            assertEquals(none, refusal.getMessage());

            register(node, 0);
            assertEquals(
                    List.of(),
                    node.directory.configure("disk", Map.of("peer.missing", "")).warnings());
            refusal = fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("peer.count", "2")));
            assertTrue(refusal.getMessage().contains("waits for 2 replicas, and image disk has 1,"), none);

            node.directory.journal("disk").removeClient("mirror:b");
            awaitWarning(node, none);
            // Whatever else is changed, also what ends it, goes on.
            node.directory.configure("disk", Map.of("description", "alone"));
            Node.await(() -> news.stream().anyMatch(each -> each.toString().contains(none)), news::toString);
            assertEquals(
                    List.of(),
                    node.directory
                            .configure("disk", Map.of("commit", "journal"))
                            .warnings());
        }
    }

    private static CommitRule atPeers(CommitSituation situation) {
        boolean hold = !"journal".equals(situation.properties().get("peer.missing"));
        return new CommitRule(
                "replicated",
                Watermark.RECEIVED,
                Watermark.RECEIVED,
                Integer.parseInt(situation.properties().getOrDefault("peer.count", "1")),
                "fail".equals(situation.properties().get("peer.missing"))
                        ? CommitRule.MissingPeers.FAIL
                        : hold ? CommitRule.MissingPeers.HOLD : CommitRule.MissingPeers.JOURNAL,
                false);
    }

    @Test
    void aPolicyThatFailsOrIsSilentIsReplaced() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (Node node = new Node().withStores()) {
            node.directory.plugins().addPolicy("broken", 0, situation -> {
                throw new IllegalStateException("broken on purpose");
            });
            node.directory.plugins().addPolicy("mute", 0, situation -> null);
            node.directory.plugins().addPolicy("slow", 0, situation -> {
                try {
                    end.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return VOLATILE;
            });
            node.directory.plugins().addPolicy("volatile", 0, situation -> VOLATILE);
            node.directory.create("disk", Node.SIZE, Map.of("commit", "volatile"));
            for (String name : List.of("broken", "mute", "slow")) {
                assertEquals(
                        "volatile",
                        node.directory
                                .configure("disk", Map.of("commit", "volatile"))
                                .commitRule());
                ImageStatus status = node.directory.configure("disk", Map.of("commit", name));
                assertEquals("journal", status.commitRule(), "in force when the order is done");
                assertTrue(status.warnings().get(0).contains("commit policy " + name), status.warnings()::toString);
            }
        } finally {
            end.countDown();
        }
    }

    /** Writes and checkpoints, so that everything could be trimmed. */
    private static void fill(Node node) throws Exception {
        try (Node.Client client = node.new Client("disk")) {
            for (int i = 0; i < 20; i++) {
                client.write(512L * i, (byte) i).succeeded();
            }
        }
        node.directory.checkpoint("disk");
    }

    @Test
    void withoutStrategyTheJournalIsTrimmedUpToTheCheckpoint() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            fill(node);
            Node.await(() -> node.pools.trimmed("disk") >= 20, () -> "trimmed " + node.pools.trimmed("disk"));
        }
    }

    @Test
    void theLeastVoteCounts() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory
                    .plugins()
                    .addStrategy("five", 0, situation -> new TrimVote(5, "keeps from six on", List.of()));
            node.directory
                    .plugins()
                    .addStrategy(
                            "all",
                            0,
                            situation ->
                                    new TrimVote(situation.watermarks().durable(), "keeps nothing", List.of("peer")));
            node.directory.create("disk", Node.SIZE, Map.of("trim", "all, five"));
            fill(node);
            Node.await(() -> node.pools.trimmed("disk") == 5, () -> "trimmed " + node.pools.trimmed("disk"));
            awaitWarning(node, "proposes to expire client peer");
            fill(node);
            assertEquals(5, node.pools.trimmed("disk"));
            node.directory.configure("disk", Map.of("trim", "all"));
            Node.await(() -> node.pools.trimmed("disk") > 20, () -> "trimmed " + node.pools.trimmed("disk"));
        }
    }

    @Test
    void aStrategyThatIsMissingOrFailsKeepsEverything() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB", "trim", "late"));
            node.awaitState("disk", State.SERVING);
            fill(node);
            awaitWarning(node, "trim strategy late is not there");
            assertEquals(0, node.pools.trimmed("disk"));
            TrimStrategy broken = situation -> {
                throw new IllegalStateException("broken on purpose");
            };
            node.directory.plugins().addStrategy("late", 0, broken);
            fill(node);
            awaitWarning(node, "broken on purpose");
            assertEquals(0, node.pools.trimmed("disk"));
            node.directory.plugins().removeStrategy(broken);
            node.directory.plugins().addStrategy("late", 0, new Checking());
            fill(node);
            Node.await(() -> node.pools.trimmed("disk") >= 20, () -> "trimmed " + node.pools.trimmed("disk"));
            awaitNoWarning(node);
        }
    }

    // ---- clients of the journal

    private static JournalClient client(Node node) {
        return node.pools.journal("disk").clients().get(0);
    }

    private static void register(Node node, long committed) throws StorageException {
        node.pools
                .journal("disk")
                .putClient(new JournalClient(
                        "mirror:b", "b as disk", new Position(1, committed), JournalClient.State.CONNECTED, 1));
    }

    @Test
    void aReplicaThatIsAwayHoldsTheJournalUnlessItIsToExpire() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            register(node, 3);
            fill(node);
            Node.await(() -> node.pools.trimmed("disk") == 3, () -> "trimmed " + node.pools.trimmed("disk"));
            List<News> told = new CopyOnWriteArrayList<>();
            node.directory.news().add(told::add);
            node.directory.configure("disk", Map.of("peer.slow", "warn", "peer.slow.size", "5MiB"));
            awaitWarning(node, "b as disk lacks more than 5 MiB of the journal (peer.slow.size)");
            assertEquals(JournalClient.State.CONNECTED, client(node).state());
            assertEquals(3, node.pools.trimmed("disk"));
            node.directory.configure("disk", Map.of("peer.slow.size", "50MiB", "peer.slow", "expire"));
            awaitNoWarning(node);
            assertEquals(JournalClient.State.CONNECTED, client(node).state(), "it lacks less");
            node.directory.configure("disk", Map.of("peer.slow.size", "5MiB"));
            Node.await(() -> node.pools.trimmed("disk") >= 20, () -> "trimmed " + node.pools.trimmed("disk"));
            assertEquals(JournalClient.State.EXPIRED, client(node).state());
            Node.await(
                    () -> told.stream()
                            .anyMatch(one -> one.topic() == Topic.REPLICA_EXPIRED
                                    && "mirror:b".equals(one.facts().get("client"))),
                    told::toString);
            assertEquals(new Position(1, 3), client(node).commit());
            assertTrue(
                    client(node).description().startsWith("b as disk, expired at 2"),
                    client(node).description());
            awaitWarning(node, "because it lacks more than 5 MiB of the journal (peer.slow.size): nothing is kept");
            node.directory.configure("disk", Map.of("peer.slow.size", "", "peer.slow", ""));
            awaitWarning(node, "copy it anew (mirror:resync there)");
        }
    }

    /** A journal takes whole segments: a small one is full below the level of the warning. */
    @Test
    void whoKeepsAFullJournalIsNamed() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            register(node, 3);
            node.pools.fullAt("disk", 10, 100);
            try (Node.Client client = node.new Client("disk")) {
                List<Node.Request> requests = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    requests.add(client.write(512L * i, (byte) i));
                }
                node.awaitState("disk", State.HOLDING);
                awaitWarning(node, "the journal fills with what b as disk lacks");
                node.pools.fullAt("disk", 100, 1000);
                requests.forEach(Node.Request::succeeded);
            }
            awaitNoWarning(node);
        }
    }

    @Test
    void whatIsNotDurablyExpiredIsNotTrimmed() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of("peer.slow", "expire", "peer.slow.size", "5MiB"));
            register(node, 3);
            node.pools.beforeReplacing("disk", () -> {
                throw new StorageException(Reason.NO_SPACE, "the client is not kept", "");
            });
            fill(node);
            awaitWarning(node, "trimming failed: the client is not kept");
            assertEquals(0, node.pools.trimmed("disk"));
            assertEquals(JournalClient.State.CONNECTED, client(node).state());
            node.pools.beforeReplacing("disk", () -> {});
            fill(node);
            Node.await(() -> node.pools.trimmed("disk") >= 20, () -> "trimmed " + node.pools.trimmed("disk"));
            assertEquals(JournalClient.State.EXPIRED, client(node).state());
        }
    }

    @Test
    void aReplicaThatComesOnWhileItIsToExpireIsNotGivenUp() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            register(node, 3);
            fill(node);
            Node.await(() -> node.pools.trimmed("disk") == 3, () -> "trimmed " + node.pools.trimmed("disk"));
            node.pools.beforeReplacing("disk", () -> register(node, 18));
            node.directory.configure("disk", Map.of("peer.slow.size", "5MiB", "peer.slow", "expire"));
            Node.await(() -> node.pools.trimmed("disk") == 18, () -> "trimmed " + node.pools.trimmed("disk"));
            assertEquals(JournalClient.State.CONNECTED, client(node).state());
        }
    }

    /** Has the image's worker look after it often, which helps nobody: what was due before may be seen, and no more. */
    private static void looksWithoutTrimming(Node node, AtomicInteger votes) {
        Replicas replicas = new Replicas(node.directory);
        int before = votes.get();
        for (int i = 0; i < 50; i++) {
            // Any order for the worker: behind each it looks.
            fails(Reason.MISMATCH, () -> replicas.promote("disk"));
        }
        int rounds = votes.get() - before;
        assertTrue(rounds <= 5, rounds + " rounds that cannot help");
    }

    @Test
    void whoeverIsFencedOrAsksIsNotHelpedByTrimming() throws Exception {
        MemoryPools pools = new MemoryPools();
        AtomicInteger votes = new AtomicInteger();
        TrimStrategy counts = situation -> {
            votes.incrementAndGet();
            return new TrimVote(0, "keeps all", List.of());
        };
        Map<String, String> properties = Map.of("trim", "counts", "peer.ask", "wait", "peer.ask.timeout", "1h");
        try (Node node = new Node(pools).withStores()) {
            node.directory.plugins().addStrategy("counts", 0, counts);
            node.directory.create("disk", Node.SIZE, properties);
            fill(node);
            register(node, 3);
            new Replicas(node.directory).fence("disk", new Fence("b", 7, new UUID(7, 7)));
            assertEquals(State.FAILING, node.state("disk"));
            looksWithoutTrimming(node, votes);
            new Replicas(node.directory).unfence("disk", new Fence("b", 7, new UUID(7, 7)));
        }
        try (Node node = new Node(pools).withStores()) {
            node.directory.plugins().addStrategy("counts", 0, counts);
            node.wish("disk", properties);
            node.awaitState("disk", State.HOLDING);
            looksWithoutTrimming(node, votes);
        }
    }

    private static final class Checking implements TrimStrategy {
        @Override
        public TrimVote vote(TrimSituation situation) {
            return new TrimVote(situation.watermarks().durable(), "keeps nothing", List.of());
        }

        @Override
        public void check(Map<String, String> properties) {
            if ("wrong".equals(properties.get("trim.late"))) {
                throw new IllegalArgumentException("trim.late: it is wrong");
            }
        }
    }

    @Test
    void aStrategyRefusesKeysBeforeTheyTakeEffect() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.plugins().addStrategy("late", 0, new Checking());
            Map<String, String> wrong = Map.of("trim", "late", "trim.late", "wrong");
            assertTrue(fails(Reason.INVALID, () -> node.directory.create("disk", Node.SIZE, wrong))
                    .getMessage()
                    .startsWith("trim.late: "));
            node.directory.create("disk", Node.SIZE, Map.of("trim", "late"));
            fails(Reason.INVALID, () -> node.directory.configure("disk", wrong));
            assertEquals(List.of("late"), node.status("disk").trimStrategies());
        }
    }
}
