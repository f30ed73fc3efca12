package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The journal of a replica is closed while a branch of it is being kept: else it would be kept for that order for good, and fill. */
class PinnedJournalSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);
    private boolean late;
    private boolean taken;

    PinnedJournalSitesTest() {
        super(86, Defect.NONE);
    }

    /** It is open again when the order ends, or later. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anOrderThatIsCutKeepsNothingInTheJournal(boolean isLate) {
        late = isLate;
        machine.run(() -> {
            mirror();
            source.markOften();
            machine.sleep(SECOND);
            replica.hold();
            Position held = new Position(1, replica.facts().replica().head());
            machine.sleep(SECOND);
            machine.disk().plan(this::decide);
            assertThrows(StorageException.class, () -> replica.mirrors.promoteAt(Site.IMAGE, held, true, GivenUp.KEPT));
            assertTrue(taken, "no branch was being kept");
            if (late) {
                replica.bringJournals();
            }
            assertTrue(machine.awaitUntil(this::isForReplicasAlone, 60 * SECOND), "it is kept for nobody else");
            assertEquals(ImageHead.Role.REPLICA, replica.facts().role());
            assertEquals(List.of(), replica.mirrors.keptBranches());
        });
    }

    private Verdict decide(Operation operation, Path path) {
        if (!taken && operation == Operation.OPEN && path.toString().endsWith(".part")) {
            taken = true;
            replica.takeJournals();
            replica.pause(SECOND);
            if (!late) {
                replica.bringJournals();
                replica.pause(SECOND);
            }
        }
        return Verdict.PROCEED;
    }

    private boolean isForReplicasAlone() {
        try {
            return replica.clients().stream().allMatch(one -> one.id().startsWith(ReplicaManager.CLIENT_PREFIX));
        } catch (StorageException e) {
            return false;
        }
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
