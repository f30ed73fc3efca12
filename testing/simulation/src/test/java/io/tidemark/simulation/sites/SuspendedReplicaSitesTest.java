package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.replica.ImageFacts;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store of a replica's image fails under load, so that the image applies again what it had: the channel to its source goes on. */
class SuspendedReplicaSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);
    private boolean failing;
    private boolean reopened;
    private long furthest;

    SuspendedReplicaSitesTest() {
        super(85, Defect.NONE);
    }

    /** Over the link, and beside a journal that is read here. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anImageThatGoesBackEndsNoChannel(boolean shared) {
        if (shared) {
            replica.shares(source);
        }
        machine.run(() -> {
            begin();
            source.mirrors.enable(Site.IMAGE, "b", replica.options(source));
            assertTrue(machine.awaitUntil(replica::isConsistent, 60 * SECOND), "it is copied");
            machine.disk().plan(this::decide);
            machine.sleep(5 * SECOND);
            int begun = replica.begun;
            writing = true;
            int wentBack = 0;
            // Where the checkpoint is stored just before, there is nothing to go back over; then once more.
            for (int tries = 0; tries < 20 && wentBack < 3; tries++) {
                assertTrue(machine.awaitUntil(this::isAheadOfItsCheckpoint, 60 * SECOND), "at " + replica.facts());
                furthest = replayed();
                reopened = false;
                failing = true;
                wentBack += machine.awaitUntil(this::isBack, 10 * SECOND) ? 1 : 0;
                failing = false;
                long from = furthest;
                assertTrue(machine.awaitUntil(() -> replayed() > from, 60 * SECOND), "at " + replica.facts());
            }
            writing = false;
            assertEquals(3, wentBack, "how often the image went back");
            assertEquals(begun, replica.begun, "a channel ended");
            long last = source.facts().watermarks().durable();
            assertTrue(machine.awaitUntil(() -> replayed() == last, 60 * SECOND), "at " + replica.facts());
        });
    }

    /**
     * It cannot store a checkpoint when it is suspended, so it begins again at the one before; and stays there, because nothing comes
     * into it.
     */
    private Verdict decide(Operation operation, Path path) {
        if (!failing || !path.startsWith("/b/images") || !path.endsWith("data")) {
            return Verdict.PROCEED;
        }
        reopened |= operation == Operation.OPEN;
        return operation == Operation.WRITE || operation == Operation.FORCE && !reopened
                ? Verdict.FAIL_IO
                : Verdict.PROCEED;
    }

    private boolean isAheadOfItsCheckpoint() {
        ImageFacts facts = replica.facts();
        return facts != null && facts.replica().replayed() > facts.watermarks().checkpointed() + 10;
    }

    private boolean isBack() {
        long now = replayed();
        furthest = Math.max(furthest, now);
        return now < furthest;
    }

    /** That of before while the image is not there. */
    private long replayed() {
        ImageFacts facts = replica.facts();
        return facts == null ? furthest : facts.replica().replayed();
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
