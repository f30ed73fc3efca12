package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A primary comes back without the journal that knew its replica, and by order goes on with an empty one. */
class LostJournalSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);

    LostJournalSitesTest() {
        super(89, Defect.NONE);
    }

    @Test
    void admitsNoWriteBeforeTheReplicaThatTookOverIsAsked() {
        machine.run(() -> {
            comesBackAlone(true);
            restartsAndAsks();
            network.heal("a", "b");
            assertTrue(machine.awaitUntil(source::isFenced, 20 * SECOND), "it was taken over");
            assertEquals("b", source.fence().get().peer());
        });
    }

    @Test
    void goesOnWhenItsReplicaWasNotPromoted() {
        machine.run(() -> {
            comesBackAlone(false);
            restartsAndAsks();
            network.heal("a", "b");
            assertTrue(machine.awaitUntil(() -> !source.asks(), 20 * SECOND), "it was asked");
            assertTrue(source.fence().isEmpty(), "nobody took it over");
        });
    }

    private void comesBackAlone(boolean promoted) throws StorageException {
        mirror();
        writeForAWhile();
        network.cut("a", "b");
        source.kill();
        if (promoted) {
            replica.mirrors.promote(Site.IMAGE, true);
        }
        source.loseJournal();
        boot(source);
        machine.sleep(SECOND);
        assertEquals(State.HOLDING, source.replaceLostJournal().state());
        machine.sleep(10 * SECOND);
        assertTrue(source.asks(), "nobody was asked");
    }

    private void restartsAndAsks() throws StorageException {
        source.kill();
        boot(source);
        machine.sleep(10 * SECOND);
        assertTrue(source.asks(), "nobody was asked after the restart");
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
