package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.faults.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who takes over in a planned change must be close: nobody could write while it applies what it was held from. */
class FarReplicaSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final SeededRandom random = machine.random("driver");
    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);

    FarReplicaSitesTest() {
        super(81, Defect.NONE);
    }

    @Test
    void aReplicaThatIsHeldFarBehindIsRefusedUntilItFollows() {
        machine.run(() -> {
            mirror(random);
            source.markOften();
            machine.sleep(SECOND);
            replica.hold();
            machine.sleep(10 * SECOND);
            StorageException refused = assertThrows(
                    StorageException.class, () -> source.mirrors.switchOver(Site.IMAGE, "b", WorkListener.QUIET));
            assertEquals(StorageException.Reason.BUSY, refused.reason(), refused.getMessage());
            assertTrue(refused.getMessage().contains("does not come closer"), refused.getMessage());
            assertTrue(source.isPrimary());
            assertEquals(ImageHead.Role.REPLICA, replica.facts().role());

            replica.follow(0);
            source.mirrors.switchOver(Site.IMAGE, "b", WorkListener.QUIET);
            assertTrue(replica.isPrimary());
        });
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }

    @Override
    boolean writing() {
        return false;
    }
}
