package io.tidemark.engine.manage;

import static io.tidemark.engine.manage.Node.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.base.wish.Wish;
import io.tidemark.engine.image.MemoryPools;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Images are deleted where they lie, whatever their configurations have become, and nothing else of their name is. */
class DeletionTest {
    private static final List<String> DISK = List.of("disk");

    private final MemoryPools fast = new MemoryPools();

    private Node node() {
        Node node = new Node().withStores();
        node.directory.plugins().addJournalStore("fast", 0, fast.journals());
        node.directory.plugins().addImageStore("fast", 0, fast.images());
        return node;
    }

    /** Makes an image, and then has its file say something else, as after a restart. */
    private static void make(Node node, Map<String, String> properties, Map<String, String> afterwards)
            throws Exception {
        node.directory.create("disk", Node.SIZE, properties);
        close(node);
        reconfigure(node, afterwards);
    }

    private static void close(Node node) {
        node.directory.unwished("etc/disk");
        Node.await(() -> node.directory.images().isEmpty(), () -> "still there: " + node.directory.images());
    }

    private static void reconfigure(Node node, Map<String, String> properties) throws Exception {
        node.wishes.add(new Wish("", "disk", properties));
        node.wish("disk", properties);
        node.awaitState("disk", State.REFUSED);
    }

    private static void refused(Node node, Reason reason, String... words) {
        StorageException failure = fails(reason, () -> node.directory.delete("disk"));
        for (String each : words) {
            assertTrue(failure.getMessage().contains(each), failure.getMessage());
        }
        assertTrue(node.wishes.kept.containsKey("etc/disk"), "the file that names what is there is gone");
        assertEquals(State.REFUSED, node.state("disk"));
    }

    private static void deleted(Node node) throws Exception {
        node.directory.delete("disk");
        assertEquals(Map.of(), node.wishes.kept);
        assertEquals(List.of(), node.directory.images());
    }

    @Test
    void aRefusedConfigurationStillSaysWhereItsImageLies() throws Exception {
        try (Node node = node()) {
            // A copy that somebody keeps beside it.
            node.directory.create("disk", Node.SIZE, Map.of());
            close(node);
            Map<String, String> places = Map.of("pool", "fast", "journalPool", "fast");
            make(node, places, Map.of("pool", "fast", "journalPool", "fast", "jornal.limit", "1G"));
            deleted(node);
            assertEquals(List.of(), fast.imageNames());
            assertEquals(List.of(), fast.journalNames());
            assertEquals(DISK, node.pools.imageNames(), "it was not meant");
            assertEquals(DISK, node.pools.journalNames(), "it was not meant");
        }
    }

    @Test
    void anImageThatLiesInAnotherPoolThanItsConfigurationSaysIsNamedAndKept() throws Exception {
        try (Node node = node()) {
            make(node, Map.of("pool", "fast"), Map.of());
            refused(node, Reason.INVALID, "pool: ", "is not in pool default", "write pool = fast", "remove etc/disk");
            assertEquals(DISK, fast.imageNames());
            assertEquals(DISK, node.pools.journalNames(), "it may hold what the image does not have yet");

            node.wish("disk", Map.of("pool", "fast", "jornal.limit", "1G"));
            deleted(node);
            assertEquals(List.of(), fast.imageNames());
            assertEquals(List.of(), node.pools.journalNames());
        }
    }

    @Test
    void theImageSaysWhereItsJournalLies() throws Exception {
        try (Node node = node()) {
            fast.leaveEmptyJournal("other");
            make(node, Map.of("journalPool", "fast"), Map.of());
            node.pools.leaveEmptyJournal("disk");
            deleted(node);
            assertEquals(List.of(), node.pools.imageNames());
            assertEquals(List.of("other"), fast.journalNames());
            assertEquals(DISK, node.pools.journalNames(), "it is of another image");
        }
    }

    @Test
    void aJournalWithoutItsImageIsDeletedWhereTheConfigurationNamesIt() throws Exception {
        try (Node node = node()) {
            make(node, Map.of("journalPool", "fast"), Map.of("jornal.limit", "1G"));
            node.pools.loseImage("disk");
            refused(node, Reason.INVALID, "journalPool: ", "write journalPool = fast");
            assertEquals(DISK, fast.journalNames());
            node.wish("disk", Map.of("journalPool", "fast", "jornal.limit", "1G"));
            deleted(node);
            assertEquals(List.of(), fast.journalNames());
        }
    }

    @Test
    void whereThereIsNothingToDeleteTheFileGoes() throws Exception {
        try (Node node = node()) {
            reconfigure(node, Map.of("pool", "fast"));
            node.directory.delete("disk");
            assertEquals(Map.of(), node.wishes.kept);
        }
    }

    @Test
    void withoutAConfigurationTheImageSaysWhichJournalIsIts() throws Exception {
        try (Node node = node()) {
            node.directory.create("disk", Node.SIZE, Map.of("pool", "fast", "journalPool", "fast"));
            close(node);
            node.pools.leaveEmptyJournal("disk");
            node.directory.delete("disk");
            assertEquals(List.of(), fast.imageNames());
            assertEquals(List.of(), fast.journalNames());
            assertEquals(DISK, node.pools.journalNames(), "it is of another image");
        }
    }
}
