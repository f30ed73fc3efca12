package io.tidemark.engine.manage;

import static io.tidemark.engine.manage.Node.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitRule.MissingPeers;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.ImageHead.Role;
import io.tidemark.api.news.News;
import io.tidemark.engine.image.MemoryPools;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Stores that go, come back, are replaced and fail, under a client that should see a pause and no error. */
class SwapTest {
    private static void waitsFor(String sort, ImageStatus status) {
        assertTrue(status.detail().startsWith("no " + sort + " store for pool default; "), status.detail());
    }

    @Test
    void anImageWaitsForItsStores() throws Exception {
        try (Node node = new Node()) {
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SUSPENDED);
            waitsFor("journal", node.status("disk"));
            node.directory.plugins().addJournalStore("default", 0, node.pools.journals());
            Node.await(
                    () -> node.status("disk").detail().startsWith("no image store for pool default;"),
                    () -> node.status("disk").detail());
            fails(Reason.UNAVAILABLE, () -> node.directory.checkpoint("disk"));
            fails(Reason.UNAVAILABLE, () -> node.directory.journal("disk"));
            node.directory.plugins().addImageStore("default", 0, node.pools.images());
            node.awaitState("disk", State.SERVING);
        }
    }

    @Test
    void aStoreThatGoesAndComesBackIsAPause() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
                long before = System.nanoTime();
                node.directory.plugins().removeJournalStore(node.journals);
                assertTrue(System.nanoTime() - before < TimeUnit.SECONDS.toNanos(2), "unbind returns within a second");
                assertEquals(0, node.pools.openNow(), "stores were let go before the provider closes them");
                assertEquals(State.SUSPENDED, node.state("disk"));
                waitsFor("journal", node.status("disk"));
                Node.Request held = client.write(512, (byte) 2);
                assertFalse(held.isDone());
                node.directory.plugins().addJournalStore("default", 0, node.pools.journals());
                held.succeeded();
                node.awaitState("disk", State.SERVING);
                assertEquals(1, client.read(0));
                assertEquals(2, client.read(512));
                node.directory.plugins().removeImageStore(node.images);
                Node.Request second = client.write(1024, (byte) 3);
                node.directory.plugins().addImageStore("default", 0, node.pools.images());
                second.succeeded();
                assertEquals(3, client.read(1024));
            }
        }
    }

    @Test
    void aProviderThatClosesUnderUsIsAPauseToo() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
                node.journals.takeAway();
                client.write(512, (byte) 2).succeeded();
                client.flush().succeeded();
                node.awaitState("disk", State.SERVING);
                assertEquals(2, client.read(512));
            }
        }
    }

    @Test
    void aNewcomerWithAHigherRankingTakesOverOneImageAtATime() throws Exception {
        try (Node node = new Node().withStores()) {
            List<String> names = List.of("a", "b", "c");
            List<Node.Client> clients = new ArrayList<>();
            for (String name : names) {
                node.directory.create(name, Node.SIZE, Map.of());
                clients.add(node.new Client(name));
            }
            MemoryPools.Journals better = node.pools.journals();
            node.directory.plugins().addJournalStore("default", 10, better);
            for (Node.Client client : clients) {
                client.write(0, (byte) 1).succeeded();
            }
            Node.await(
                    () -> names.stream()
                            .allMatch(name -> node.status(name).counters().getOrDefault("suspensions", 0L) == 1),
                    () -> "not all moved: " + node.directory.images());
            names.forEach(name -> node.awaitState(name, State.SERVING));
            node.directory.plugins().removeJournalStore(node.journals);
            for (Node.Client client : clients) {
                client.write(512, (byte) 2).succeeded();
                client.close();
            }
            for (String name : names) {
                assertEquals(1, node.status(name).counters().get("suspensions"), "the old one is not needed any more");
            }
        }
    }

    @Test
    void aNewcomerThatFailsHurtsOneImage() throws Exception {
        try (Node node = new Node().withStores()) {
            List<String> names = List.of("a", "b", "c");
            for (String name : names) {
                node.directory.create(name, Node.SIZE, Map.of());
            }
            node.pools.fail("open journal", Reason.IO);
            MemoryPools.Journals bad = node.pools.journals();
            node.directory.plugins().addJournalStore("default", 10, bad);
            Node.await(
                    () -> names.stream()
                                    .filter(name -> node.state(name) == State.SUSPENDED)
                                    .count()
                            == 1,
                    () -> "none is suspended: " + node.directory.images());
            assertEquals(
                    2,
                    names.stream()
                            .filter(name -> node.state(name) == State.SERVING)
                            .count());
            node.pools.fail("open journal", null);
            node.directory.plugins().removeJournalStore(bad);
            names.forEach(name -> node.awaitState(name, State.SERVING));
        }
    }

    /** It does not resume there, but starts anew with another journal, and the others still wait for their turn. */
    @Test
    void anImageThatLosesItsJournalOnItsWayLetsTheOthersMove() throws Exception {
        try (Node node = new Node().withStores()) {
            List<String> names = List.of("a", "b");
            for (String name : names) {
                node.directory.create(name, Node.SIZE, Map.of());
            }
            node.pools.fail("open journal", Reason.IO);
            node.directory.plugins().addJournalStore("default", 10, node.pools.journals());
            Node.await(
                    () -> names.stream().anyMatch(name -> node.state(name) == State.SUSPENDED),
                    () -> "none is suspended: " + node.directory.images());
            String first = node.state("a") == State.SUSPENDED ? "a" : "b";
            String second = first.equals("a") ? "b" : "a";
            node.pools.loseJournal(first);
            node.pools.fail("open journal", null);
            node.directory.replaceLostJournal(first);
            Node.await(
                    () -> node.status(second).counters().getOrDefault("suspensions", 0L) == 1,
                    () -> "not moved: " + node.directory.images());
            node.awaitState(second, State.SERVING);
        }
    }

    @Test
    void aFailedForceIsRecoveredFromAndLosesNothing() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
                node.pools.failNextForceOfJournal("disk");
                client.write(512, (byte) 2).succeeded();
                node.awaitState("disk", State.SERVING);
                node.pools.failNextForceOfImage("disk");
                Node.await(
                        () -> {
                            try {
                                node.directory.checkpoint("disk");
                                return true;
                            } catch (StorageException e) {
                                return false;
                            }
                        },
                        () -> "no checkpoint");
                assertEquals(1, client.read(0));
                assertEquals(2, client.read(512));
            }
            ImageStatus status = node.status("disk");
            assertEquals(status.watermarks().durable(), status.watermarks().checkpointed());
        }
    }

    @Test
    void damageIsNotTriedAgainAndAgain() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of("suspend.timeout", "1s"));
            Node.Client client = node.new Client("disk");
            node.pools.damageImage("disk", new StorageException(Reason.CORRUPT, "sector 7 is damaged", "repair it"));
            client.write(0, (byte) 1).succeeded();
            node.awaitState("disk", State.SUSPENDED);
            Node.await(() -> node.pools.openNow() == 0, () -> "stores stay open");
            assertEquals("sector 7 is damaged; repair it", node.status("disk").detail());
            Node.Request held = client.write(512, (byte) 2);
            assertEquals(Reason.UNAVAILABLE, held.await().reason());
            assertEquals(1, node.pools.openings("image disk"), "it was opened again");
            node.awaitState("disk", State.REFUSED);
            assertEquals("sector 7 is damaged; repair it", node.status("disk").detail());
            node.pools.damageImage("disk", null);
            node.directory.configure("disk", Map.of());
            node.awaitState("disk", State.SERVING);
            try (Node.Client next = node.new Client("disk")) {
                assertEquals(1, next.read(0));
            }
        }
    }

    @Test
    void clientsWaitBoundedTime() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of("suspend.timeout", "1s"));
            Node.Client client = node.new Client("disk");
            client.write(0, (byte) 1).succeeded();
            node.directory.plugins().removeJournalStore(node.journals);
            Node.Request held = client.write(512, (byte) 2);
            assertEquals(Reason.UNAVAILABLE, held.await().reason());
            Node.await(() -> client.closed.get() != null, () -> "the session goes on");
            assertEquals(State.SUSPENDED, node.state("disk"));
            node.directory.plugins().addJournalStore("default", 0, node.pools.journals());
            node.awaitState("disk", State.SERVING);
            try (Node.Client next = node.new Client("disk")) {
                assertEquals(1, next.read(0));
            }
        }
    }

    /** What was acknowledged before it was durable is nowhere else then. */
    @Test
    void whatTheyHadNotFlushedIsSaidToBeLost() throws Exception {
        List<News> told = new CopyOnWriteArrayList<>();
        try (Node node = new Node().withStores()) {
            node.directory.news().add(told::add);
            CommitRule early =
                    new CommitRule("volatile", Watermark.APPENDED, Watermark.DURABLE, 0, MissingPeers.JOURNAL, true);
            node.directory.plugins().addPolicy("volatile", 0, situation -> early);
            node.directory.create("disk", Node.SIZE, Map.of("suspend.timeout", "1s", "commit", "volatile"));
            Node.Client client = node.new Client("disk");
            client.write(0, (byte) 1).succeeded();
            client.flush().succeeded();
            node.pools.fail("open journal", Reason.IO);
            node.pools.failNextForceOfJournal("disk");
            client.write(512, (byte) 2).succeeded();
            Node.await(() -> client.closed.get() != null, () -> "the session goes on");
            // Clients are told first, and news after that.
            Node.await(
                    () -> told.stream()
                            .anyMatch(each -> each.toString().contains("up to 1 writes")
                                    && each.toString().contains("may be lost")),
                    told::toString);
            node.pools.fail("open journal", null);
            node.awaitState("disk", State.SERVING);
        }
    }

    @Test
    void aClientThatThrowsDoesNotKeepAnImageFromItsNewRole() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            node.device("disk").connect("bad", new SessionListener() {
                @Override
                public void swept() {}

                @Override
                public void closed(String why) {
                    throw new IllegalStateException("on purpose");
                }
            });
            Node.Client client = node.new Client("disk");
            client.write(0, (byte) 1).succeeded();
            assertEquals(
                    Role.REPLICA, new Replicas(node.directory).demote("disk").role());
            node.awaitState("disk", State.SERVING);
            assertNotNull(client.closed.get());
        }
    }

    @Test
    void whatFailsInPassingIsTriedAgain() throws Exception {
        try (Node node = new Node().withStores()) {
            node.pools.fail("create journal", Reason.BUSY);
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SUSPENDED);
            node.pools.fail("create journal", null);
            node.awaitState("disk", State.SERVING);
        }
    }

    private static OutOfMemoryError noMemory() {
        return new OutOfMemoryError("on purpose");
    }

    /** Whoever opens a journal reads through memory of his own, and the process may have none just then. */
    @Test
    void lackOfMemoryWhileStoresAreOpenedIsAPause() throws Exception {
        try (Node node = new Node().withStores()) {
            node.pools.failOnce("create journal", noMemory());
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
                for (String call : List.of("open journal", "open image")) {
                    node.pools.failOnce(call, noMemory());
                    node.pools.failNextForceOfJournal("disk");
                    client.write(512, (byte) 2).succeeded();
                    node.awaitState("disk", State.SERVING);
                }
                assertEquals(1, client.read(0));
                assertEquals(2, client.read(512));
                assertNull(client.closed.get(), "it was attached all the time");
            }
        }
    }

    @Test
    void soItIsWhileTheyAreUsedAndClosed() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
                node.pools.failNextTrim("disk", noMemory());
                node.directory.checkpoint("disk");
                Node.await(() -> node.pools.trimmed("disk") > 0, () -> "nothing is trimmed any more");
                node.pools.failClosing("disk", noMemory());
                node.pools.failNextForceOfJournal("disk");
                client.write(512, (byte) 2).succeeded();
                node.awaitState("disk", State.SERVING);
                node.pools.failClosing("disk", noMemory());
            }
        }
    }

    /** Clients are told, and what they wait for ends: a worker that has failed opens nothing again. */
    @Test
    void anImageWhoseWorkerFailsLetsGoOfEverything() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB", "apply.idle", "1h"));
            node.awaitState("disk", State.SERVING);
            Node.Client client = node.new Client("disk");
            client.write(0, (byte) 1).succeeded();
            assertEquals(512, node.context.payloads().usedBytes());
            node.pools.failOnce("open journal", new AssertionError("on purpose"));
            node.pools.failNextForceOfJournal("disk");
            Node.Request held = client.write(512, (byte) 2);
            assertEquals(Reason.UNAVAILABLE, held.await().reason());
            Node.await(() -> client.closed.get() != null, () -> "the session goes on");
            Node.await(() -> node.context.payloads().usedBytes() == 0, () -> "payload leaked");
            node.awaitState("disk", State.SERVING);
            try (Node.Client next = node.new Client("disk")) {
                assertEquals(1, next.read(0));
            }
        }
    }

    @Test
    void aStoppedNodeLeavesCleanCheckpoints() throws Exception {
        MemoryPools pools = new MemoryPools();
        try (Node node = new Node(pools).withStores()) {
            for (String name : List.of("a", "b")) {
                node.directory.create(name, Node.SIZE, Map.of("apply.idle", "1h", "checkpoint.interval", "1h"));
                Node.Client client = node.new Client(name);
                for (int i = 0; i < 50; i++) {
                    client.write(512L * i, (byte) i).succeeded();
                }
            }
            node.directory.stop();
            assertEquals(List.of(), node.directory.devices());
            assertTrue(node.directory.device("a").isEmpty());
            assertTrue(node.directory.awaitStopped(TimeUnit.SECONDS.toNanos(20)));
            for (String name : List.of("a", "b")) {
                assertEquals(
                        pools.durable(name), pools.head(name).checkpointed().sequence(), name);
            }
            fails(Reason.UNAVAILABLE, () -> node.directory.create("c", Node.SIZE, Map.of()));
        }
    }

    @Test
    void anImageThatIsWishedAgainWhileItClosesComesBack() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            for (int i = 0; i < 20; i++) {
                node.directory.unwished("etc/disk");
                node.wish("disk", Map.of("size", "1MiB"));
                node.awaitState("disk", State.SERVING);
            }
            Node.await(() -> !node.directory.devices().isEmpty(), () -> "no device");
            assertNotNull(node.device("disk"));
        }
    }
}
