package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A replica is promoted, and its stores cannot be opened for a while: nobody runs in circles until they can. */
class ReopenedSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    /** One that runs in circles takes some hundred thousand. */
    private static final long MOST_STEPS = 10_000;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);
    private String failing = "";

    ReopenedSitesTest() {
        super(78, Defect.NONE);
    }

    @Test
    void whoReceivesForAnImageThatIsOpenedAgainWaits() {
        machine.run(() -> {
            prepare();
            failing = "/b/journals";
            assertThrows(StorageException.class, () -> replica.mirrors.promote(Site.IMAGE, true));
            long before = machine.steps();
            machine.sleep(SECOND);
            long taken = machine.steps() - before;
            assertEquals(null, replica.facts(), "it is not open yet");
            assertTrue(taken < MOST_STEPS, taken + " steps in a second");
            failing = "";
            assertTrue(machine.awaitUntil(replica::isPrimary, 60 * SECOND), "it is primary");
        });
    }

    /** The peer says that it failed, and is primary all the same: its source must not be primary beside it. */
    @Test
    void aChangeOfRolesIsDoneThoughThePeerCannotOpenItsImageAtOnce() {
        machine.run(() -> {
            prepare();
            failsForAWhile("/b/journals");
            Promotion done = source.mirrors.switchOver(Site.IMAGE, "b", WorkListener.QUIET);
            assertEquals("b", done.node());
            assertEquals(ImageHead.Role.REPLICA, source.facts().role());
            assertTrue(machine.awaitUntil(replica::isPrimary, 60 * SECOND), "it is primary");
        });
    }

    /** Nobody knows what it is, for longer than anybody waits: nobody is primary who might be the second one. */
    @Test
    void aChangeOfRolesOfWhichNobodyKnowsHowItEndedIsNotUndone() {
        machine.run(() -> {
            prepare();
            failing = "/b/journals";
            StorageException unknown = assertThrows(
                    StorageException.class, () -> source.mirrors.switchOver(Site.IMAGE, "b", WorkListener.QUIET));
            assertEquals(StorageException.Reason.STALE_SERVICE, unknown.reason(), unknown.getMessage());
            assertEquals(ImageHead.Role.REPLICA, source.facts().role());
            failing = "";
            assertTrue(machine.awaitUntil(replica::isPrimary, 60 * SECOND), "it is primary");
        });
    }

    /** What failed before anything was stored is undone. */
    @Test
    void aChangeOfRolesThatThePeerCannotStoreIsUndone() {
        machine.run(() -> {
            prepare();
            failsForAWhile("/b/images");
            assertThrows(StorageException.class, () -> source.mirrors.switchOver(Site.IMAGE, "b", WorkListener.QUIET));
            assertTrue(source.isPrimary(), "as before");
            assertTrue(
                    machine.awaitUntil(() -> replica.facts() != null && !replica.isPrimary(), 60 * SECOND),
                    "it is a replica as before");
        });
    }

    private void failsForAWhile(String where) {
        failing = where;
        replica.spawn("repair", () -> {
            replica.pause(5 * SECOND);
            failing = "";
        });
    }

    private void prepare() throws Exception {
        mirror();
        writeForAWhile();
        assertEquals(ImageHead.Role.REPLICA, replica.facts().role());
        machine.disk().plan((operation, path) -> {
            boolean stores = failing.endsWith("images") && operation != Operation.READ;
            return !failing.isEmpty() && path.startsWith(failing) && (stores || operation == Operation.OPEN)
                    ? Verdict.FAIL_IO
                    : Verdict.PROCEED;
        });
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
