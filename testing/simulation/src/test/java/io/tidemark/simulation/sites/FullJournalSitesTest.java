package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.ImageFacts;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A replica whose journal is full before the copy has ended that makes room in it. */
class FullJournalSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    private static final String LIMIT = "16M";
    private static final int LACKED_EVENTS = 200;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);

    FullJournalSitesTest() {
        super(84, Defect.NONE);
    }

    @ParameterizedTest
    @CsvSource({"on, false", "off, false", "off, true"})
    void isCopiedAllTheSameAndTakesTheEventsThen(String relay, boolean restarts) {
        machine.run(() -> {
            beginsToBeCopied(relay);
            writing = true;
            assertTrue(machine.awaitUntil(() -> lacks() > LACKED_EVENTS, 600 * SECOND), this::words);
            writing = false;
            machine.sleep(SECOND);
            assertTrue(words().contains("no room in its journal"), words());
            if (restarts) {
                replica.kill();
                boot(replica);
                machine.sleep(2 * SECOND);
            }
            assertEquals(Consistency.COPYING, replica.facts().replica().consistency());
            assertTrue(lacks() > 0, this::words);
            source.mirrors.copies(1, 0);
            assertTrue(machine.awaitUntil(this::isEven, 60 * SECOND), () -> words() + " " + replica.facts());
            assertEquals(Consistency.CONSISTENT, replica.facts().replica().consistency());
            assertArrayEquals(source.bytes(), replica.bytes());
        });
    }

    /** Its copy waits, as for others, while events come. */
    private void beginsToBeCopied(String relay) throws StorageException {
        begin();
        source.mirrors.copies(0, 0);
        source.mirrors.enable(
                Site.IMAGE,
                replica.name,
                new ReplicaOptions("", 0, Map.of(ImageKeys.RELAY, relay, ImageKeys.JOURNAL_LIMIT, LIMIT)));
    }

    private String words() {
        return replica.mirrors.status().stream()
                .map(one -> one.words() + one.trouble())
                .findFirst()
                .orElse("");
    }

    /** So many events of the source are not durable at the replica. */
    private long lacks() {
        ImageFacts there = replica.facts();
        return there == null
                ? 0
                : source.facts().watermarks().durable() - there.watermarks().durable();
    }

    private boolean isEven() {
        ImageFacts there = replica.facts();
        long durable = source.facts().watermarks().durable();
        return there != null && there.replica() != null && there.replica().replayed() == durable;
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
