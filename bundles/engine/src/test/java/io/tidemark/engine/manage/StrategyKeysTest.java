package io.tidemark.engine.manage;

import static io.tidemark.engine.manage.Node.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Keys of trim strategies that none of an image's strategies reads: who wrote them believes in something that is not so. */
class StrategyKeysTest {
    private record Reads(Set<String> keys) implements TrimStrategy {
        @Override
        public TrimVote vote(TrimSituation situation) {
            return new TrimVote(0, "keeps all", List.of());
        }
    }

    private static Node node() {
        Node node = new Node().withStores();
        node.directory.plugins().addStrategy("age", 0, new Reads(Set.of("trim.age")));
        node.directory.plugins().addStrategy("size", 0, new Reads(Set.of("trim.size")));
        node.directory.plugins().addStrategy("tree", 0, new Reads(Set.of("trim.tree.")));
        node.directory.plugins().addStrategy("any", 0, situation -> new TrimVote(0, "keeps all", List.of()));
        return node;
    }

    @Test
    void aKeyThatNoStrategyOfAnImageReadsIsRefused() throws Exception {
        try (Node node = node()) {
            Map<String, String> keys = Map.of("trim", "age", "trim.age", "1h", "trim.size", "100G");
            StorageException refused = fails(Reason.INVALID, () -> node.directory.create("disk", Node.SIZE, keys));
            String line = "trim.size: it has no effect, because no strategy of trim=age reads it;"
                    + " what they read: trim.age";
            assertEquals(line, refused.getMessage());
            node.directory.create("disk", Node.SIZE, Map.of("trim", "age", "trim.age", "1h"));
            refused = fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("trim.size", "100G")));
            assertEquals(line, refused.getMessage());
            // Its size was wished for as long as it was not made.
            Map<String, String> kept = Map.of("trim", "age", "trim.age", "1h");
            Node.await(
                    () -> node.status("disk").properties().equals(kept),
                    () -> node.status("disk").properties().toString());

            node.directory.configure("disk", Map.of("trim", "age,size,tree", "trim.size", "1G", "trim.tree.top", "1"));
            fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("trim.trees", "1")));
            fails(Reason.INVALID, () -> node.directory.configure("disk", Map.of("trim", "age,tree")));
            node.directory.configure("disk", Map.of("trim", "age,tree", "trim.size", ""));

            node.wish("file", Map.of("size", "1MiB", "trim", "size", "trim.sizes", "1G"));
            node.awaitState("file", State.REFUSED);
        }
    }

    @Test
    void aStrategyThatIsNotThereOrDoesNotSayMayReadAnyKey() throws Exception {
        try (Node node = node()) {
            node.directory.create("disk", Node.SIZE, Map.of("trim", "age,any", "trim.age", "1h", "trim.other", "1"));
            node.wish("late", Map.of("size", "1MiB", "trim", "age,late", "trim.late", "1"));
            node.awaitState("late", State.SERVING);
        }
    }
}
