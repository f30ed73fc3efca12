package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.faults.FaultPlan;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import io.tidemark.faults.SeededRandom;
import io.tidemark.mirror.internal.identity.NodeKey;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A replica is promoted, and its stores cannot be opened for a while: nobody runs in circles until they can. */
class ReopenedSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    /** One that runs in circles takes some hundred thousand. */
    private static final long MOST_STEPS = 10_000;

    private final SeededRandom random = machine.random("driver");
    private final Site source = new Site("a", NodeKey.generate(), this);
    private final Site replica = new Site("b", NodeKey.generate(), this);
    private boolean writing;

    ReopenedSitesTest() {
        super(78, Defect.NONE);
    }

    @Test
    void whoReceivesForAnImageThatIsOpenedAgainWaits() {
        machine.run(() -> {
            prepare();
            machine.disk()
                    .plan((operation, path) -> operation == Operation.OPEN && path.startsWith("/b/journals")
                            ? Verdict.FAIL_IO
                            : Verdict.PROCEED);
            assertThrows(StorageException.class, () -> replica.mirrors.promote(Site.IMAGE, true));
            long before = machine.steps();
            machine.sleep(SECOND);
            long taken = machine.steps() - before;
            assertEquals(null, replica.facts(), "it is not open yet");
            assertTrue(taken < MOST_STEPS, taken + " steps in a second");
            machine.disk().plan(FaultPlan.NONE);
            assertTrue(machine.awaitUntil(replica::isPrimary, 60 * SECOND), "it is primary");
        });
    }

    private void prepare() throws Exception {
        mirror(random);
        writing = true;
        machine.sleep(2 * SECOND);
        writing = false;
        machine.sleep(2 * SECOND);
        assertEquals(ImageHead.Role.REPLICA, replica.facts().role());
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }

    @Override
    boolean writing() {
        return writing;
    }
}
