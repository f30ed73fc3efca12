package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The store of a source's image fails once, so that its journal is closed and opened again, while a copy of it waits for its turn
 * and the replica takes no events: nobody asks the reader that would know.
 */
class ReopenedSourceSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    private static final String LIMIT = "16M";
    private static final int LACKED_EVENTS = 200;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);
    private boolean failing;
    private boolean failed;
    private boolean reopened;

    ReopenedSourceSitesTest() {
        super(88, Defect.NONE);
    }

    /** By its delay it stays where it is consistent first. */
    @Test
    void theCopyIsConsistentAtWhatItShows() {
        machine.run(() -> {
            begin();
            source.mirrors.copies(0, 0);
            source.mirrors.enable(
                    Site.IMAGE,
                    replica.name,
                    new ReplicaOptions("", 3600 * SECOND, Map.of(ImageKeys.JOURNAL_LIMIT, LIMIT)));
            writeUntilLacking(LACKED_EVENTS);
            assertTrue(words().contains("no room in its journal"), words());
            int begun = replica.begun;
            machine.disk().plan(this::decide);
            failing = true;
            writing = true;
            assertTrue(machine.awaitUntil(() -> reopened && source.facts() != null, 60 * SECOND), "it is opened again");
            writeUntilLacking(lacks() + LACKED_EVENTS);
            assertTrue(machine.awaitUntil(() -> replica.begun > begun, 10 * SECOND), "the channel of before goes on");
            source.mirrors.copies(1, 0);
            assertTrue(machine.awaitUntil(replica::isConsistent, 60 * SECOND), () -> words() + " " + replica.facts());
            machine.sleep(5 * SECOND);
            ImageFacts there = replica.facts();
            long head = there.replica().head();
            chronicle.shown(replica.name, there.epochs(), head, head, replica.bytes());
            assertEquals(head, replica.facts().replica().head());
        });
    }

    private void writeUntilLacking(long events) {
        writing = true;
        assertTrue(machine.awaitUntil(() -> lacks() >= events, 600 * SECOND), this::words);
        writing = false;
        machine.sleep(SECOND);
    }

    private Verdict decide(Operation operation, Path path) {
        if (!failing || !path.startsWith("/a/images") || !path.endsWith("data")) {
            return Verdict.PROCEED;
        }
        reopened |= failed && operation == Operation.OPEN;
        boolean fails = !failed && operation == Operation.FORCE;
        failed |= fails;
        return fails ? Verdict.FAIL_IO : Verdict.PROCEED;
    }

    private String words() {
        return replica.mirrors.status().stream()
                .map(one -> one.words() + one.trouble())
                .findFirst()
                .orElse("");
    }

    /** So many events of the source are not durable at the replica. */
    private long lacks() {
        ImageFacts here = source.facts();
        ImageFacts there = replica.facts();
        return here == null || there == null
                ? 0
                : here.watermarks().durable() - there.watermarks().durable();
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
