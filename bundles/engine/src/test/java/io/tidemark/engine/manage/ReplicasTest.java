package io.tidemark.engine.manage;

import static io.tidemark.engine.manage.Node.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.news.News;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.Replica;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.api.replica.ReplicaOrigin;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.engine.image.MemoryPools;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Replicas as a mirror and a console meet them: made, followed, promoted, demoted, deleted. */
class ReplicasTest {
    private static ReplicaOrigin originOf(ImageFacts source) {
        return new ReplicaOrigin(
                source.imageIdentity(),
                source.sizeBytes(),
                source.blockSizeBytes(),
                source.epochs().get(0),
                Position.NONE);
    }

    /** Sends what a replica lacks of its source. */
    private static void send(Journal from, Replica to, ImageFacts facts) throws StorageException {
        try (JournalReader reader = from.reader(to.progress().arrived() + 1)) {
            for (var header = reader.next(); header != null; header = reader.next()) {
                for (var epoch : facts.epochs()) {
                    if (epoch.number() == header.position().epoch() && epoch.number() > 1) {
                        to.startEpoch(epoch);
                    }
                }
                assertTrue(to.offer(header, reader.body()));
            }
        }
        to.commit();
        Node.await(() -> to.progress().head() == from.durable(), () -> "not replayed: " + to.progress());
    }

    @Test
    void aReplicaIsMadeFollowsAndTakesOver() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = new Replicas(node.directory);
            // Stands in for the clients that a mirror registers.
            node.directory.plugins().addStrategy("keep", 0, s -> new TrimVote(0, "keeps all", List.of()));
            node.directory.create("disk", Node.SIZE, Map.of("trim", "keep"));
            ImageFacts source = replicas.facts("disk");
            assertEquals(Role.PRIMARY, source.role());
            assertNull(source.replica());
            fails(Reason.MISMATCH, () -> replicas.receive("disk"));
            fails(Reason.NOT_FOUND, () -> replicas.receive("none"));
            fails(Reason.MISMATCH, () -> replicas.promote("disk"));
            fails(Reason.INVALID, () -> replicas.create("copy", originOf(source), Map.of("blockSize", "8192")));

            ImageStatus made = replicas.create("copy", originOf(source), Map.of("trim", "keep"));
            assertEquals(State.SERVING, made.state());
            assertEquals(Role.REPLICA, made.role());
            fails(Reason.EXISTS, () -> replicas.create("copy", originOf(source), Map.of()));
            fails(Reason.UNAVAILABLE, () -> node.new Client("copy"));
            fails(Reason.INVALID, () -> replicas.promote("copy"));

            Replica replica = replicas.receive("copy");
            assertEquals(Consistency.COPYING, replica.progress().consistency());
            replica.endBootstrap(Position.NONE);
            assertEquals(Consistency.CONSISTENT, replica.progress().consistency());
            try (Node.Client client = node.new Client("disk")) {
                client.write(512, (byte) 7).succeeded();
                send(node.directory.journal("disk"), replica, replicas.facts("disk"));
            }
            try (Node.Client reader = node.new Client("copy")) {
                assertEquals(7, reader.read(600));
                assertEquals(Reason.READ_ONLY, reader.write(0, (byte) 1).await().reason());
            }
            fails(Reason.READ_ONLY, () -> node.directory.resize("copy", 2L * Node.SIZE));
            replicas.order("copy", new HeadOrder.Hold(Position.NONE));
            try (Node.Client client = node.new Client("disk")) {
                client.write(512, (byte) 8).succeeded();
            }
            assertEquals(new Position(1, 1), node.status("copy").head());

            // A planned switch: the old primary ends, the replica gets the rest and takes over.
            ImageFacts demoted = replicas.demote("disk");
            assertEquals(Role.REPLICA, demoted.role());
            assertTrue(node.device("disk").readOnly());
            replicas.order("copy", HeadOrder.LIVE);
            send(node.directory.journal("disk"), replica, demoted);
            ImageFacts promoted = replicas.promote("copy");
            assertEquals(Role.PRIMARY, promoted.role());
            assertEquals(
                    demoted.watermarks().durable() + 1, promoted.epochs().get(1).firstSequence());
            fails(Reason.CLOSED, () -> replica.startEpoch(promoted.epochs().get(0)));
            try (Node.Client client = node.new Client("copy")) {
                assertEquals(8, client.read(600));
                client.write(512, (byte) 9).succeeded();
            }

            // And back: the old primary continues what the new one writes.
            Replica old = replicas.receive("disk");
            send(node.directory.journal("copy"), old, replicas.facts("copy"));
            try (Node.Client reader = node.new Client("disk")) {
                assertEquals(9, reader.read(600));
            }
            assertEquals(Role.REPLICA, node.status("disk").role());
            assertEquals(node.status("disk").received(), node.status("disk").head());
            node.directory.delete("disk");
            node.directory.delete("copy");
        }
    }

    @Test
    void aReplicaWithoutARelayKeepsNothingAndWaitsForNothing() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = new Replicas(node.directory);
            node.directory.plugins().addStrategy("keep", 0, s -> new TrimVote(0, "keeps all", List.of()));
            node.directory.create("disk", Node.SIZE, Map.of("trim", "keep"));
            ImageFacts source = replicas.facts("disk");
            replicas.create("copy", originOf(source), Map.of("trim", "keep", "relay", "off"));
            assertEquals(128L << 20, node.pools.settings("copy").limitBytes());
            Replica replica = replicas.receive("copy");
            replica.endBootstrap(Position.NONE);
            try (Node.Client client = node.new Client("disk")) {
                for (int i = 1; i <= 20; i++) {
                    client.write(512, (byte) i).succeeded();
                }
                send(node.directory.journal("disk"), replica, replicas.facts("disk"));
            }
            // The strategy that keeps all has no say, and no checkpoint has to be asked for.
            Journal journal = node.directory.journal("copy");
            Node.await(() -> journal.trimmed() == 20, () -> "trimmed " + journal.trimmed());
            assertEquals(0, node.directory.journal("disk").trimmed());
            try (Node.Client reader = node.new Client("copy")) {
                assertEquals(20, reader.read(600));
            }
            StorageException held =
                    fails(Reason.INVALID, () -> replicas.order("copy", new HeadOrder.Hold(Position.NONE)));
            assertTrue(held.getMessage().startsWith("relay: "), held.getMessage());
            fails(Reason.INVALID, () -> replicas.order("copy", new HeadOrder.Follow(1)));
            fails(Reason.INVALID, () -> replicas.delay("copy", 1));
            assertEquals(HeadOrder.LIVE, replicas.facts("copy").replica().order());

            // With one it can be held, and then not go without.
            node.directory.configure("copy", Map.of("relay", "on"));
            replicas.order("copy", new HeadOrder.Hold(Position.NONE));
            StorageException off =
                    fails(Reason.INVALID, () -> node.directory.configure("copy", Map.of("relay", "off")));
            assertTrue(off.getMessage().startsWith("relay: "), off.getMessage());
            replicas.order("copy", HeadOrder.LIVE);

            // Whoever follows it reads that journal.
            Journal relay = node.directory.journal("copy");
            JournalClient follower = new JournalClient(
                    ReplicaManager.CLIENT_PREFIX + "c", "c", new Position(1, 20), JournalClient.State.CONNECTED, 0);
            relay.putClient(follower);
            off = fails(Reason.INVALID, () -> node.directory.configure("copy", Map.of("relay", "off")));
            assertTrue(off.getMessage().contains("relay: others follow this replica"), off.getMessage());
            assertEquals("on", node.status("copy").properties().get("relay"));
            relay.removeClient(follower.id());
            node.directory.configure("copy", Map.of("relay", "off"));

            // As a primary it keeps what it is told to.
            replicas.promote("copy");
            try (Node.Client client = node.new Client("copy")) {
                client.write(512, (byte) 21).succeeded();
            }
            node.directory.checkpoint("copy");
            assertEquals(20, node.directory.journal("copy").trimmed());
            assertEquals(JournalSettings.DEFAULT, node.pools.settings("copy"));
            // A change of something else does not take that back.
            node.directory.configure("copy", Map.of("journal.warn", "70%"));
            assertEquals(JournalSettings.DEFAULT, node.pools.settings("copy"));
        }
    }

    @Test
    void aReplicaOutlivesItsStores() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = new Replicas(node.directory);
            // Stands in for the clients that a mirror registers.
            node.directory.plugins().addStrategy("keep", 0, s -> new TrimVote(0, "keeps all", List.of()));
            node.directory.create("disk", Node.SIZE, Map.of("trim", "keep"));
            replicas.create("copy", originOf(replicas.facts("disk")), Map.of());
            Replica replica = replicas.receive("copy");
            replica.endBootstrap(Position.NONE);
            try (Node.Client client = node.new Client("disk")) {
                client.write(512, (byte) 7).succeeded();
                send(node.directory.journal("disk"), replica, replicas.facts("disk"));
                node.directory.plugins().removeJournalStore(node.journals);
                fails(
                        Reason.UNAVAILABLE,
                        () -> replica.startEpoch(replicas.facts("disk").epochs().get(0)));
                node.directory.plugins().addJournalStore("default", 0, node.pools.journals());
                node.awaitState("copy", State.SERVING);
                node.awaitState("disk", State.SERVING);
                client.write(512, (byte) 8).succeeded();
                send(node.directory.journal("disk"), replica, replicas.facts("disk"));
            }
            assertNotNull(replicas.facts("copy").replica());
        }
    }

    /** A source with three writes of 7, 8 and 9, and its replica, held behind the first one, that has received all. */
    private static Replicas held(Node node) throws StorageException {
        Replicas replicas = new Replicas(node.directory);
        node.directory.plugins().addStrategy("keep", 0, s -> new TrimVote(0, "keeps all", List.of()));
        node.directory.create("disk", Node.SIZE, Map.of("trim", "keep"));
        replicas.create("copy", originOf(replicas.facts("disk")), Map.of("trim", "keep"));
        Replica replica = replicas.receive("copy");
        replica.endBootstrap(Position.NONE);
        try (Node.Client client = node.new Client("disk")) {
            client.write(512, (byte) 7).succeeded();
            send(node.directory.journal("disk"), replica, replicas.facts("disk"));
            replicas.order("copy", new HeadOrder.Hold(Position.NONE));
            client.write(512, (byte) 8).succeeded();
            client.write(512, (byte) 9).succeeded();
        }
        try (JournalReader reader = node.directory.journal("disk").reader(2)) {
            for (var header = reader.next(); header != null; header = reader.next()) {
                assertTrue(replica.offer(header, reader.body()));
            }
        }
        replica.commit();
        Node.await(() -> replica.progress().received() == 3, () -> "not received: " + replica.progress());
        return replicas;
    }

    private static void isSecondWriteAndGoesOn(Node node, Replicas replicas) throws StorageException {
        ImageFacts facts = replicas.facts("copy");
        assertEquals(Role.PRIMARY, facts.role());
        assertTrue(
                facts.watermarks().trimmed() >= 2,
                "trimmed " + facts.watermarks().trimmed());
        try (Node.Client client = node.new Client("copy")) {
            assertEquals(8, client.read(600));
            client.write(1024, (byte) 5).succeeded();
            assertEquals(5, client.read(1100));
        }
        facts = replicas.facts("copy");
        UUID source = replicas.facts("disk").epochs().get(0).identity();
        // Peers that end at the second write find it; what follows has another identity than the source's third write.
        assertEquals(source, facts.epochs().get(0).identity());
        assertEquals(source, facts.epochs().get(1).predecessorIdentity());
        assertEquals(3, facts.epochs().get(1).firstSequence());
        assertFalse(node.pools.head("copy").properties().containsKey("journal.cut"));
    }

    @Test
    void aReplicaTakesOverAsItWasAtAnEarlierMoment() throws Exception {
        MemoryPools pools = new MemoryPools();
        try (Node node = new Node(pools).withStores()) {
            Replicas replicas = held(node);
            fails(Reason.INVALID, () -> replicas.promoteAt("copy", new Position(1, 4)));
            fails(Reason.MISMATCH, () -> replicas.promoteAt("copy", new Position(2, 2)));
            replicas.order("copy", new HeadOrder.Hold(new Position(1, 2)));
            Node.await(() -> node.status("copy").head().sequence() == 2, () -> node.status("copy")
                    .toString());
            fails(Reason.INVALID, () -> replicas.promoteAt("copy", new Position(1, 1)));
            assertEquals(Role.REPLICA, replicas.facts("copy").role());
            assertEquals(3, replicas.facts("copy").watermarks().durable());

            ImageFacts promoted = replicas.promoteAt("copy", new Position(1, 2));
            assertEquals(3, promoted.epochs().get(1).firstSequence());
            isSecondWriteAndGoesOn(node, replicas);
        }
        try (Node node = new Node(pools).withStores()) {
            node.wish("copy", Map.of());
            node.wish("disk", Map.of());
            node.awaitState("disk", State.SERVING);
            // Its new journal knows nobody, and whom it followed may have been promoted again.
            isSecondWriteAndGoesOn(node, answered(node));
        }
    }

    /** Nobody else was promoted since the image was. */
    private static Replicas answered(Node node) throws StorageException {
        node.awaitState("copy", State.HOLDING);
        Replicas replicas = new Replicas(node.directory);
        replicas.answered("copy", replicas.asking().get("copy"));
        node.awaitState("copy", State.SERVING);
        return replicas;
    }

    /** Idle since then: whom it followed may have been promoted again while it was down. */
    @Test
    void whoWasPromotedEarlierAsksAlsoBeforeItsFirstWrite() throws Exception {
        MemoryPools pools = new MemoryPools();
        try (Node node = new Node(pools).withStores()) {
            Replicas replicas = held(node);
            replicas.promoteAt("copy", new Position(1, 2));
            assertEquals(Map.of(), replicas.asking(), "the one that was promoted just now is the newest");
            assertEquals(State.SERVING, node.state("copy"));
        }
        for (int i = 0; i < 2; i++) {
            try (Node node = new Node(pools).withStores()) {
                node.wish("copy", Map.of());
                node.awaitState("copy", State.HOLDING);
                assertEquals(
                        Set.of("copy"), new Replicas(node.directory).asking().keySet());
            }
        }
    }

    /** Its head is where it was registered: no epoch of its journal has an event there. */
    @Test
    void aReplicaTakesOverWhereItBegan() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = new Replicas(node.directory);
            node.directory.plugins().addStrategy("keep", 0, s -> new TrimVote(0, "keeps all", List.of()));
            node.directory.create("disk", Node.SIZE, Map.of("trim", "keep"));
            Position registered = new Position(1, 1);
            try (Node.Client client = node.new Client("disk")) {
                client.write(512, (byte) 7).succeeded();
                ImageFacts source = replicas.facts("disk");
                replicas.create(
                        "copy",
                        new ReplicaOrigin(
                                source.imageIdentity(),
                                source.sizeBytes(),
                                source.blockSizeBytes(),
                                source.epochs().get(0),
                                registered),
                        Map.of("trim", "keep"));
                Replica replica = replicas.receive("copy");
                replica.endBootstrap(registered);
                replicas.order("copy", new HeadOrder.Hold(Position.NONE));
                client.write(512, (byte) 8).succeeded();
                try (JournalReader reader = node.directory.journal("disk").reader(2)) {
                    assertTrue(replica.offer(reader.next(), reader.body()));
                }
                replica.commit();
                Node.await(() -> replica.progress().received() == 2, () -> "not received: " + replica.progress());
                ImageFacts promoted = replicas.promoteAt("copy", registered);
                assertEquals(Role.PRIMARY, promoted.role());
                assertEquals(
                        source.epochs().get(0).identity(),
                        promoted.epochs().get(0).identity());
                assertEquals(2, promoted.epochs().get(1).firstSequence());
            }
            try (Node.Client client = node.new Client("copy")) {
                assertEquals(0, client.read(600), "nothing was copied, and what was received is given up");
            }
        }
    }

    @Test
    void atItsEndAReplicaTakesOverWithTheJournalThatItHas() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = held(node);
            UUID journal = node.pools.head("copy").journalIdentity();
            ImageFacts promoted = replicas.promoteAt("copy", new Position(1, 3));
            assertEquals(4, promoted.epochs().get(1).firstSequence());
            assertEquals(journal, node.pools.head("copy").journalIdentity());
            try (Node.Client client = node.new Client("copy")) {
                assertEquals(9, client.read(600));
            }
        }
    }

    /** Whatever the change of the journal stops at, the image is what it was promoted as, and nothing of the end comes back. */
    @ParameterizedTest
    @ValueSource(strings = {"open journal", "delete journal", "create journal"})
    void aJournalThatCannotBeReplacedIsReplacedLater(String call) throws Exception {
        MemoryPools pools = new MemoryPools();
        try (Node node = new Node(pools).withStores()) {
            Replicas replicas = held(node);
            pools.fail(call, Reason.IO);
            fails(Reason.UNAVAILABLE, () -> replicas.promoteAt("copy", new Position(1, 2)));
            assertEquals(Role.PRIMARY, pools.head("copy").role());
            assertEquals(State.SUSPENDED, node.state("copy"));
        }
        try (Node node = new Node(pools).withStores()) {
            pools.fail(call, null);
            node.wish("disk", Map.of());
            node.awaitState("disk", State.SERVING);
            pools.fail(call, Reason.IO);
            node.wish("copy", Map.of());
            node.awaitState("copy", State.SUSPENDED);
            pools.fail(call, null);
            isSecondWriteAndGoesOn(node, answered(node));
        }
    }

    /** A crash between the new journal's first epochs and the head that names it. */
    @Test
    void aJournalThatWasMadeAndNotNamedIsMadeAnew() throws Exception {
        MemoryPools pools = new MemoryPools();
        try (Node node = new Node(pools).withStores()) {
            Replicas replicas = held(node);
            pools.fail("create journal", Reason.IO);
            fails(Reason.UNAVAILABLE, () -> replicas.promoteAt("copy", new Position(1, 2)));
        }
        pools.fail("create journal", null);
        pools.leaveEmptyJournal("copy");
        try (Node node = new Node(pools).withStores()) {
            node.wish("disk", Map.of());
            node.wish("copy", Map.of());
            node.awaitState("disk", State.SERVING);
            isSecondWriteAndGoesOn(node, answered(node));
        }
    }

    // ---- seeds

    /** A source with a write of 7, and an image of the same size that somebody wrote. */
    private static Replicas seeded(Node node) throws StorageException {
        node.directory.plugins().addStrategy("keep", 0, s -> new TrimVote(0, "keeps all", List.of()));
        node.directory.create("disk", Node.SIZE, Map.of("trim", "keep"));
        node.directory.create("copy", Node.SIZE, Map.of("trim", "keep"));
        for (String name : List.of("disk", "copy")) {
            try (Node.Client client = node.new Client(name)) {
                client.write(512, (byte) (name.equals("disk") ? 7 : 3)).succeeded();
            }
        }
        return new Replicas(node.directory);
    }

    /** It is compared, corrected, and follows. */
    private static void isASeedAndBecomesAReplica(Node node, Replicas replicas) throws StorageException {
        ImageFacts facts = replicas.facts("copy");
        assertEquals(replicas.facts("disk").imageIdentity(), facts.imageIdentity());
        assertEquals(Role.REPLICA, facts.role());
        assertEquals(Consistency.COPYING, facts.replica().consistency());
        assertEquals(0, facts.replica().nextOffset());
        assertFalse(node.pools.head("copy").properties().containsKey("journal.begin"));
        try (Replica replica = replicas.receive("copy")) {
            ByteBuffer bytes = ByteBuffer.allocate(1024);
            replica.readSeed(0, bytes);
            assertEquals(3, bytes.get(512), "the bytes stay");
            assertEquals(0, bytes.get(511));
            replica.copy(512, ByteBuffer.wrap(new byte[] {9}));
            replica.endBootstrap(Position.NONE);
            fails(Reason.INVALID, () -> replica.readSeed(0, bytes.clear()));
            send(node.directory.journal("disk"), replica, replicas.facts("disk"));
        }
        try (Node.Client client = node.new Client("copy")) {
            assertEquals(7, client.read(512));
        }
    }

    /** What front ends show of it, as NBD's flag of an export, they ask the device at each connection. */
    @Test
    void theDeviceOfAFencedImageIsReadOnlyUntilItIsUnfenced() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = new Replicas(node.directory);
            node.directory.create("disk", Node.SIZE, Map.of());
            assertFalse(node.device("disk").readOnly());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
                replicas.fence("disk", new Fence("b", 7, new UUID(7, 7)));
                assertTrue(node.device("disk").readOnly());
                assertEquals(
                        Reason.READ_ONLY, client.write(512, (byte) 2).await().reason());
            }
            try (Node.Client client = node.new Client("disk")) {
                assertEquals(1, client.read(0));
            }
            replicas.unfence("disk", new Fence("b", 7, new UUID(7, 7)));
            assertFalse(node.device("disk").readOnly());
        }
    }

    @Test
    void anImageThatIsThereIsTheSeedOfAReplica() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = seeded(node);
            ImageFacts before = replicas.facts("copy");
            ReplicaOrigin origin = originOf(replicas.facts("disk"));
            fails(Reason.MISMATCH, () -> replicas.adopt("copy", new UUID(1, 2), origin));
            fails(Reason.NOT_FOUND, () -> replicas.adopt("none", before.imageIdentity(), origin));
            ReplicaOrigin larger = new ReplicaOrigin(
                    origin.imageIdentity(),
                    2 * Node.SIZE,
                    origin.blockSizeBytes(),
                    origin.epoch(),
                    origin.registered());
            fails(Reason.INVALID, () -> replicas.adopt("copy", before.imageIdentity(), larger));
            try (Node.Client client = node.new Client("copy")) {
                fails(Reason.BUSY, () -> replicas.adopt("copy", before.imageIdentity(), origin));
                client.write(0, (byte) 0).succeeded();
            }
            assertEquals(before.imageIdentity(), replicas.facts("copy").imageIdentity());
            assertEquals(Role.PRIMARY, replicas.facts("copy").role());
            List<News> told = new CopyOnWriteArrayList<>();
            node.directory.news().add(told::add);
            replicas.adopt("copy", before.imageIdentity(), origin);
            Node.await(() -> told.stream().anyMatch(ReplicasTest::saysThatTheCopyIsAReplica), told::toString);
            isASeedAndBecomesAReplica(node, replicas);
            // It is the source's image now: the same order does nothing to it.
            fails(Reason.MISMATCH, () -> replicas.adopt("copy", before.imageIdentity(), origin));
        }
    }

    /** The order to begin anew is older than its promotion: what clients wrote since is nowhere else. */
    @Test
    void aReplicaThatWasPromotedIsNoSeedByItsJournal() throws Exception {
        try (Node node = new Node().withStores()) {
            Replicas replicas = held(node);
            UUID seed = node.directory.journal("copy").identity();
            ReplicaOrigin origin = originOf(replicas.facts("disk"));
            replicas.promote("copy");
            assertEquals(seed, node.directory.journal("copy").identity());
            try (Node.Client client = node.new Client("copy")) {
                client.write(512, (byte) 5).succeeded();
            }
            StorageException refused = fails(Reason.MISMATCH, () -> replicas.adopt("copy", seed, origin));
            assertTrue(refused.getMessage().contains("is primary"), refused.getMessage());
            assertEquals(Role.PRIMARY, replicas.facts("copy").role());
            try (Node.Client client = node.new Client("copy")) {
                assertEquals(5, client.read(600));
            }
            // Writing has ended by an order, and what it has then may be given up by another one.
            replicas.demote("copy");
            replicas.adopt("copy", seed, origin);
            assertEquals(Consistency.COPYING, replicas.facts("copy").replica().consistency());
        }
    }

    private static boolean saysThatTheCopyIsAReplica(News one) {
        return one.topic() == Topic.IMAGE_ROLE
                && one.image().equals("copy")
                && "replica".equals(one.facts().get("role"));
    }

    /** Wherever it stops, the image is either what it was or the replica. */
    @ParameterizedTest
    @ValueSource(strings = {"open journal", "delete journal", "create journal"})
    void aSeedWhoseJournalCannotBeReplacedIsTheReplicaAllTheSame(String call) throws Exception {
        MemoryPools pools = new MemoryPools();
        try (Node node = new Node(pools).withStores()) {
            Replicas replicas = seeded(node);
            UUID seed = replicas.facts("copy").imageIdentity();
            ReplicaOrigin origin = originOf(replicas.facts("disk"));
            pools.fail(call, Reason.IO);
            fails(Reason.UNAVAILABLE, () -> replicas.adopt("copy", seed, origin));
            assertEquals(Role.REPLICA, pools.head("copy").role());
            assertEquals(State.SUSPENDED, node.state("copy"));
        }
        try (Node node = new Node(pools).withStores()) {
            pools.fail(call, null);
            node.wish("disk", Map.of("trim", "keep"));
            node.directory.plugins().addStrategy("keep", 0, s -> new TrimVote(0, "keeps all", List.of()));
            node.awaitState("disk", State.SERVING);
            node.wish("copy", Map.of());
            node.awaitState("copy", State.SERVING);
            isASeedAndBecomesAReplica(node, new Replicas(node.directory));
        }
    }
}
