package io.tidemark.engine.manage;

import static io.tidemark.engine.manage.Node.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.EventSource;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.api.admin.RefusedConfiguration;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.base.event.EventCodec;
import io.tidemark.base.wish.Wish;
import io.tidemark.engine.image.JournaledImage;
import io.tidemark.engine.image.MemoryPools;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Images made, listed, changed and deleted by command and by configuration. */
class ImageDirectoryTest {
    @Test
    void aCreatedImageServesAndIsConfigured() throws Exception {
        try (Node node = new Node().withStores()) {
            ImageStatus status = node.directory.create("disk", Node.SIZE, Map.of("description", "mine"));
            assertEquals(State.SERVING, status.state());
            assertEquals(Node.SIZE, status.sizeBytes());
            assertEquals(4096, status.blockSizeBytes());
            assertEquals("journal", status.commitRule());
            assertEquals(
                    Map.of("description", "mine"),
                    node.wishes.kept.get("etc/disk").properties());
            try (Node.Client client = node.new Client("disk")) {
                client.write(512, (byte) 7).succeeded();
                assertEquals(7, client.read(600));
            }
            assertEquals(
                    List.of("disk"),
                    node.directory.devices().stream().map(d -> d.name()).toList());
        }
    }

    @Test
    void aNameIsTakenOnceAndBadOnesAreNamed() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            fails(Reason.EXISTS, () -> node.directory.create("disk", Node.SIZE, Map.of()));
            assertEquals(State.SERVING, node.state("disk"));
            fails(Reason.INVALID, () -> node.directory.create("a/b", Node.SIZE, Map.of()));
            fails(Reason.INVALID, () -> node.directory.create("..", Node.SIZE, Map.of()));
            for (long size : new long[] {0, -512, 513}) {
                StorageException failure = fails(Reason.INVALID, () -> node.directory.create("other", size, Map.of()));
                assertTrue(failure.getMessage().startsWith("size: "), failure.getMessage());
            }
        }
    }

    @Test
    void wrongKeysAreNamedBeforeAnythingIsMade() throws Exception {
        try (Node node = new Node().withStores()) {
            Map<String, Map<String, String>> wrong = Map.of(
                    "jornal.limit", Map.of("jornal.limit", "1G"),
                    "journal.limit", Map.of("journal.limit", "1"),
                    "journal.full", Map.of("journal.full", "maybe"),
                    "blockSize", Map.of("blockSize", "1000"),
                    "journal.warn", Map.of("journal.warn", "120%"),
                    "backlog.limit", Map.of("backlog.limit", "1G", "journal.limit", "512M"),
                    "trim.age", Map.of("trim.age", "1h"),
                    "description", Map.of("description", "two\nlines"));
            for (Map.Entry<String, Map<String, String>> each : wrong.entrySet()) {
                StorageException failure =
                        fails(Reason.INVALID, () -> node.directory.create("disk", Node.SIZE, each.getValue()));
                assertTrue(failure.getMessage().startsWith(each.getKey() + ": "), failure.getMessage());
            }
            fails(Reason.NOT_FOUND, () -> node.directory.create("disk", Node.SIZE, Map.of("pool", "slow")));
            fails(Reason.NOT_FOUND, () -> node.directory.create("disk", Node.SIZE, Map.of("journalPool", "slow")));
            fails(Reason.NOT_FOUND, () -> node.directory.create("disk", Node.SIZE, Map.of("commit", "never")));
            fails(Reason.NOT_FOUND, () -> node.directory.create("disk", Node.SIZE, Map.of("trim", "never")));
            assertEquals(List.of(), node.directory.images());
            assertEquals(List.of(), node.pools.imageNames());
        }
    }

    @Test
    void aFailedCreationLeavesNothing() throws Exception {
        try (Node node = new Node().withStores()) {
            for (String call : List.of("create journal", "create image")) {
                node.pools.fail(call, Reason.NO_SPACE);
                fails(Reason.NO_SPACE, () -> node.directory.create("disk", Node.SIZE, Map.of()));
                node.pools.fail(call, null);
                nothingIsLeft(node);
            }
            node.wishes.failing = true;
            fails(Reason.NO_SPACE, () -> node.directory.create("disk", Node.SIZE, Map.of()));
            node.wishes.failing = false;
            nothingIsLeft(node);
            assertEquals(
                    State.SERVING,
                    node.directory.create("disk", Node.SIZE, Map.of()).state());
        }
    }

    /** One that tries again and again to attach is quicker than the file. */
    @Test
    void anImageThatCannotBeKeptAndHasAClientSaysBoth() throws Exception {
        try (Node node = new Node().withStores()) {
            List<Node.Client> clients = new ArrayList<>();
            node.wishes.failing = true;
            node.wishes.before = () -> clients.add(node.new Client("disk"));
            StorageException failure = fails(Reason.NO_SPACE, () -> node.directory.create("disk", Node.SIZE, Map.of()));
            node.wishes.before = () -> {};
            node.wishes.failing = false;
            assertTrue(failure.getMessage().contains("etc is full"), failure.getMessage());
            assertTrue(failure.getMessage().contains("has clients"), failure.getMessage());
            clients.get(0).write(0, (byte) 1).succeeded();
            clients.get(0).close();
            node.directory.delete("disk");
            nothingIsLeft(node);
        }
    }

    private static void nothingIsLeft(Node node) {
        Node.await(() -> node.directory.images().isEmpty(), () -> "still listed: " + node.directory.images());
        assertEquals(List.of(), node.pools.imageNames());
        assertEquals(List.of(), node.pools.journalNames());
        assertEquals(Map.of(), node.wishes.kept);
    }

    @Test
    void whatAnInterruptedCreationLeftDoesNotStandInTheWay() throws Exception {
        try (Node node = new Node().withStores()) {
            node.pools.leaveEmptyJournal("disk");
            assertEquals(
                    State.SERVING,
                    node.directory.create("disk", Node.SIZE, Map.of()).state());
        }
    }

    @Test
    void aFileMakesAnImageAndItsRemovalOnlyClosesIt() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 9).succeeded();
            }
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there: " + node.directory.images());
            assertEquals(0, node.pools.openNow());
            assertEquals(List.of("disk"), node.pools.imageNames());
            assertEquals(
                    node.pools.durable("disk"),
                    node.pools.head("disk").checkpointed().sequence());
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            try (Node.Client client = node.new Client("disk")) {
                assertEquals(9, client.read(0));
            }
        }
    }

    @Test
    void aFileWithoutASizeMakesNothing() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of());
            node.awaitState("disk", State.REFUSED);
            assertTrue(
                    node.status("disk").detail().startsWith("size: "),
                    node.status("disk").detail());
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
        }
    }

    @Test
    void aRefusedFileIsListedWithItsKey() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB", "jornal.limit", "1G"));
            node.awaitState("disk", State.REFUSED);
            assertTrue(node.status("disk").detail().startsWith("jornal.limit: "));
            assertTrue(node.status("disk").detail().contains("write journal.limit")
                    || node.status("disk").detail().contains("journal.limit"));
            assertEquals(List.of(), node.directory.devices());
            ImageStatus mended = node.directory.configure("disk", Map.of("jornal.limit", ""));
            assertNotEquals(State.REFUSED, mended.state(), "the reason is none any more");
            assertEquals("", mended.detail());
            node.awaitState("disk", State.SERVING);
        }
    }

    @Test
    void aRunningImageKeepsItsLastGoodSettings() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB", "journal.full", "fail"));
            node.awaitState("disk", State.SERVING);
            for (Map<String, String> bad : List.of(
                    Map.of("size", "1MiB", "journal.full", "perhaps"),
                    Map.of("size", "2MiB"),
                    Map.of("size", "1MiB", "pool", "other"),
                    Map.of("size", "1MiB", "journalPool", "other"),
                    Map.of("size", "1MiB", "blockSize", "512"))) {
                node.wish("disk", bad);
                Node.await(
                        () -> node.status("disk").warnings().stream().anyMatch(line -> line.contains("refused")),
                        () -> "no warning: " + node.status("disk"));
                assertEquals(State.SERVING, node.state("disk"));
                assertEquals("fail", node.status("disk").properties().get("journal.full"));
                node.wish("disk", Map.of("size", "1MiB", "journal.full", "fail"));
                Node.await(() -> node.status("disk").warnings().isEmpty(), () -> "warned: " + node.status("disk"));
            }
        }
    }

    @Test
    void aDifferentSizeIsRefusedAndResizeNamed() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            node.wish("disk", Map.of("size", "2MiB"));
            node.awaitState("disk", State.REFUSED);
            String detail = node.status("disk").detail();
            assertTrue(detail.startsWith("size: ") && detail.contains("image:resize disk"), detail);
        }
    }

    @Test
    void resizingTakesTheSizeOutOfTheFile() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB", "commit", "journal"));
            node.awaitState("disk", State.SERVING);
            fails(Reason.INVALID, () -> node.directory.resize("disk", 1000));
            fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("size", "2MiB")));
            assertEquals(2 << 20, node.directory.resize("disk", 2 << 20).sizeBytes());
            assertEquals(
                    Map.of("commit", "journal"),
                    node.wishes.kept.get("etc/disk").properties());
            assertEquals(2 << 20, node.device("disk").sizeBytes());
        }
    }

    @Test
    void oneImageHasOneConfiguration() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            node.directory.wished(new Wish("etc/zz", "disk", Map.of("size", "2MiB")));
            node.directory.unwished("etc/zz");
            assertEquals(State.SERVING, node.state("disk"));
            assertEquals(List.of(), node.status("disk").warnings());
        }
    }

    @Test
    void commandsChangeFilesAndTakeEffect() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            ImageStatus status =
                    node.directory.configure("disk", Map.of("journal.limit", "1G", "journal.full", "fail"));
            assertEquals("fail", status.properties().get("journal.full"));
            assertEquals("1G", node.wishes.kept.get("etc/disk").properties().get("journal.limit"));
            node.directory.configure("disk", Map.of("journal.full", ""));
            assertFalse(node.wishes.kept.get("etc/disk").properties().containsKey("journal.full"));
            StorageException failure =
                    fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("journal.full", "x")));
            assertTrue(failure.getMessage().startsWith("journal.full: "), failure.getMessage());
            fails(Reason.NOT_FOUND, () -> node.directory.configure("disk", Map.of("commit", "never")));
            node.wishes.failing = true;
            fails(Reason.NO_SPACE, () -> node.directory.configure("disk", Map.of("journal.full", "fail")));
            node.wishes.failing = false;
            assertEquals(Map.of("journal.limit", "1G"), node.status("disk").properties());
            fails(Reason.NOT_FOUND, () -> node.directory.configure("none", Map.of()));
        }
    }

    /** The worker may be between taking up a configuration and carrying out orders at any moment. */
    @Test
    void aChangeIsInForceWhenItsCommandReturns() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            for (int i = 0; i < 500; i++) {
                String wanted = i % 2 == 0 ? "fail" : "hold";
                ImageStatus status = node.directory.configure("disk", Map.of("journal.full", wanted));
                assertEquals(wanted, status.properties().get("journal.full"), "change " + i);
            }
        }
    }

    @Test
    void deletingRemovesEverythingUnlessAClientIsThere() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 1).succeeded();
                fails(Reason.BUSY, () -> node.directory.delete("disk"));
                client.write(0, (byte) 2).succeeded();
            }
            node.directory.delete("disk");
            nothingIsLeft(node);
            fails(Reason.NOT_FOUND, () -> node.directory.delete("disk"));
        }
    }

    @Test
    void whatNoConfigurationNamesCanBeDeleted() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            StorageException failure = fails(Reason.EXISTS, () -> node.directory.create("disk", Node.SIZE, Map.of()));
            assertTrue(failure.getMessage().contains("image:delete disk"), failure.getMessage());
            assertEquals(List.of("disk"), node.pools.imageNames(), "a failed creation deletes nothing it did not make");
            node.directory.delete("disk");
            nothingIsLeft(node);
        }
    }

    @Test
    void aRefusedImageCanBeDeleted() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            node.pools.fail("open journal", Reason.CORRUPT);
            node.wish("disk", Map.of());
            node.awaitState("disk", State.REFUSED);
            node.directory.delete("disk");
            nothingIsLeft(node);
        }
    }

    @Test
    void whatKeepsAnImageFromBeingDeletedIsSaidWithBothWaysOut() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            node.directory.plugins().removeImageStore(node.images);
            StorageException failure = fails(Reason.UNAVAILABLE, () -> node.directory.delete("disk"));
            assertTrue(failure.getMessage().contains("bring the pool back"), failure.getMessage());
            assertTrue(failure.getMessage().contains("remove etc/disk"), failure.getMessage());
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            assertEquals(List.of("disk"), node.pools.imageNames());
        }
    }

    /** Whoever mends an image with a change sees at once whether that was it. */
    @Test
    void aChangeOfAnImageThatIsNotServedAnswersWithWhatBecameOfIt() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            node.pools.fail("open journal", Reason.CORRUPT);
            node.wish("disk", Map.of());
            node.awaitState("disk", State.REFUSED);
            ImageStatus still = node.directory.configure("disk", Map.of("description", "mine"));
            assertEquals(State.REFUSED, still.state());
            node.pools.fail("open journal", null);
            ImageStatus mended = node.directory.configure("disk", Map.of("description", "mine again"));
            assertEquals(State.SERVING, mended.state(), mended.detail());
            assertTrue(node.directory.device("disk").isPresent());
        }
    }

    /** The lost journal knew who the replicas are, if there are any. */
    private static void nobodyWasPromoted(Node node) throws StorageException {
        JournaledImage engine = node.directory.engine("disk");
        engine.answered(engine.question());
        assertEquals(State.SERVING, node.status("disk").state());
    }

    @Test
    void aLostJournalIsASituationWithACommand() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 5).succeeded();
            }
            fails(Reason.INVALID, () -> node.directory.replaceLostJournal("disk"));
            node.directory.checkpoint("disk");
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            node.pools.loseJournal("disk");
            node.wish("disk", Map.of());
            node.awaitState("disk", State.REFUSED);
            assertTrue(node.status("disk").detail().contains("image:open --journal-lost disk"));
            assertEquals(
                    State.HOLDING, node.directory.replaceLostJournal("disk").state());
            nobodyWasPromoted(node);
            try (Node.Client client = node.new Client("disk")) {
                assertEquals(5, client.read(0));
                client.write(512, (byte) 6).succeeded();
            }
            assertTrue(node.status("disk").head().epoch() > 1, "the new epoch follows the old one");
        }
    }

    @Test
    void givingUpALostJournalThatWasCutShortCanBeRepeated() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            try (Node.Client client = node.new Client("disk")) {
                client.write(0, (byte) 5).succeeded();
            }
            node.directory.checkpoint("disk");
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            node.pools.loseJournal("disk");
            node.wish("disk", Map.of());
            node.awaitState("disk", State.REFUSED);
            node.pools.failNextForceOfImage("disk");
            fails(Reason.IO, () -> node.directory.replaceLostJournal("disk"));
            assertEquals(List.of("disk"), node.pools.journalNames());
            assertEquals(
                    State.HOLDING, node.directory.replaceLostJournal("disk").state());
            nobodyWasPromoted(node);
            try (Node.Client client = node.new Client("disk")) {
                assertEquals(5, client.read(0));
                client.write(512, (byte) 6).succeeded();
            }
        }
    }

    /** Though it never had an event: it may be that of a replica, or have been cut by a repair. */
    @Test
    void theJournalThatTheImageKnowsIsNotReplaced() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            node.wish("disk", Map.of("size", "2MiB"));
            node.awaitState("disk", State.REFUSED);
            fails(Reason.EXISTS, () -> node.directory.replaceLostJournal("disk"));
            node.wish("disk", Map.of());
            node.awaitState("disk", State.SERVING);
        }
    }

    @Test
    void aJournalWithoutItsImageIsNoReasonToStartAnew() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.SERVING);
            node.directory.unwished("etc/disk");
            Node.await(() -> node.directory.images().isEmpty(), () -> "still there");
            node.pools.loseImage("disk");
            node.wish("disk", Map.of("size", "1MiB"));
            node.awaitState("disk", State.REFUSED);
            assertEquals(List.of(), node.pools.imageNames());
        }
    }

    @Test
    void poolsTellOfThemselves() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            List<PoolStatus> pools = node.directory.pools();
            assertEquals(
                    List.of("image", "journal"),
                    pools.stream().map(PoolStatus::sort).toList());
            assertEquals(List.of("disk"), pools.get(0).members());
            assertEquals("", pools.get(0).problem());
        }
    }

    /** Two files that give one name to two pools: people learn that one of them is not used. */
    @Test
    void aPoolThatIsNotUsedBecauseOfItsNameIsMentioned() throws Exception {
        try (Node node = new Node().withStores()) {
            String where = node.directory.pools().get(1).description();
            node.directory.plugins().addJournalStore("default", 0, new MemoryPools().journals());
            String said = node.directory.pools().get(1).description();
            assertTrue(said.startsWith(where + "; not used: 1 more of this name"), said);
            node.directory.plugins().addJournalStore("default", 1, node.journals);
            assertEquals(where, node.directory.pools().get(1).description(), "the ranking says which one is meant");
        }
    }

    /** Whoever looks for a pool, or for why an image waits for it, finds the key that is wrong. */
    @Test
    void aRefusedPoolIsShownWhereItIsMissed() throws Exception {
        try (Node node = new Node().withStores()) {
            RefusedConfiguration refusal = new RefusedConfiguration(
                    RefusedConfiguration.Sort.JOURNAL_POOL, "fast", "etc/fast.cfg", "batchSize: 'much' is no size");
            node.directory.plugins().addRefusal(refusal);
            String line = "refused: batchSize: 'much' is no size (etc/fast.cfg)";
            PoolStatus pool = node.directory.pools().get(2);
            assertEquals(new PoolStatus("fast", "journal", "refused", "etc/fast.cfg", -1, -1, List.of(), line), pool);
            node.wish("disk", Map.of("size", "1MiB", "journalPool", "fast"));
            node.awaitState("disk", State.SUSPENDED);
            assertEquals(
                    "no journal store for pool fast: its configuration is " + line
                            + "; mend it, the image goes on by itself",
                    node.status("disk").detail());
            StorageException missing = fails(
                    Reason.NOT_FOUND, () -> node.directory.create("other", Node.SIZE, Map.of("journalPool", "fast")));
            assertTrue(missing.getMessage().contains(line), missing::getMessage);
            missing = fails(Reason.UNAVAILABLE, () -> node.directory.delete("disk"));
            assertTrue(missing.getMessage().contains(line), missing::getMessage);

            node.directory.plugins().removeRefusal(refusal);
            assertEquals(2, node.directory.pools().size());
            node.directory.plugins().addJournalStore("fast", 0, node.pools.journals());
            node.awaitState("disk", State.SERVING);
        }
    }

    /** What concerns all images is shown by each, as what the engine's own configuration is refused for. */
    @Test
    void aRefusalThatConcernsTheNodeIsShownByEveryImage() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            node.directory
                    .plugins()
                    .addRefusal(new RefusedConfiguration(
                            RefusedConfiguration.Sort.NODE, "mirror", "etc/mirror.cfg", "copies: 0 is too little"));
            assertEquals(
                    List.of("mirror refused: copies: 0 is too little (etc/mirror.cfg)"),
                    node.status("disk").warnings());
            assertEquals(2, node.directory.pools().size());
        }
    }

    /** Of two files for one image neither can be taken; what runs already goes on. */
    @Test
    void aConfigurationThatIsNoneAsAWholeIsRefused() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            node.directory.wished(new Wish("etc/disk", "disk", Map.of(), "disk.cfg: there is disk.config"));
            Node.await(() -> !node.status("disk").warnings().isEmpty(), () -> "not warned");
            assertTrue(node.status("disk").warnings().toString().contains("in force: disk.cfg: there is disk.config"));
            assertEquals(State.SERVING, node.state("disk"));
            fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("description", "x")));
            node.directory.wished(new Wish("etc/other", "other", Map.of("size", "1MiB"), "other.cfg: twice"));
            node.awaitState("other", State.REFUSED);
            node.directory.wished(new Wish("etc/other", "other", Map.of("size", "1MiB")));
            node.awaitState("other", State.SERVING);
        }
    }

    @Test
    void eventsAreReplayedAsWritesOfAClient() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            assertEquals(2, node.directory.replay("disk", new Source(Node.SIZE, 8192)), "the mark is left out");
            try (Node.Client client = node.new Client("disk")) {
                assertEquals(1, client.read(8192 + 511));
                assertEquals(0, client.read(8192));
            }
            fails(Reason.INVALID, () -> node.directory.replay("disk", new Source(Node.SIZE, Node.SIZE - 512)));
            assertTrue(node.status("disk").clients().isEmpty());
        }
    }

    /** In a journal are only those zeros whose space is to stay. */
    @Test
    void replayedZerosKeepTheirSpace() throws Exception {
        try (Node node = new Node().withStores()) {
            node.directory.create("disk", Node.SIZE, Map.of());
            assertEquals(2, node.directory.replay("disk", new Source(Node.SIZE, 0, EventKind.WRITE, EventKind.ZERO)));
            try (JournalReader reader = node.directory.journal("disk").reader(1)) {
                assertEquals(EventKind.WRITE, reader.next().kind());
                assertEquals(EventKind.ZERO, reader.next().kind());
            }
        }
    }

    /** Otherwise the image would be refused at the next start, because it has not the size that its file says. */
    @Test
    void aReplayedResizeTakesTheSizeOutOfTheFile() throws Exception {
        try (Node node = new Node().withStores()) {
            node.wish("disk", Map.of("size", "1MiB", "commit", "journal"));
            node.awaitState("disk", State.SERVING);
            assertEquals(1, node.directory.replay("disk", new Source(2 << 20, 0, EventKind.RESIZE)));
            assertEquals(2 << 20, node.device("disk").sizeBytes());
            assertEquals(
                    Map.of("commit", "journal"),
                    node.wishes.kept.get("etc/disk").properties());
        }
    }

    /** A write of 1024 bytes, a discard of its first 256, a mark, or what else is asked for. */
    private static final class Source implements EventSource {
        private final long size;
        private final long offset;
        private final EventKind[] kinds;
        private int next;
        private ByteBuffer body;

        Source(long size, long offset) {
            this(size, offset, EventKind.WRITE, EventKind.DISCARD, EventKind.MARK);
        }

        Source(long size, long offset, EventKind... kinds) {
            this.size = size;
            this.offset = offset;
            this.kinds = kinds;
        }

        @Override
        public EventHeader next() {
            if (next == kinds.length) {
                return null;
            }
            EventKind kind = kinds[next++];
            long length =
                    switch (kind) {
                        case WRITE -> 1024;
                        case RESIZE -> size;
                        default -> 256;
                    };
            body = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
            int payload = kind == EventKind.WRITE ? (int) length : 0;
            EventCodec.putHead(body, kind, offset, length, payload, kind == EventKind.MARK ? "here" : "");
            for (int i = 0; kind == EventKind.WRITE && i < length; i++) {
                body.put((byte) 1);
            }
            EventCodec.putTail(body, 1);
            body.flip();
            return new EventHeader(new Position(1, next), kind, 0, 1, offset, length, body.remaining());
        }

        @Override
        public ByteBuffer body() {
            return body;
        }
    }
}
