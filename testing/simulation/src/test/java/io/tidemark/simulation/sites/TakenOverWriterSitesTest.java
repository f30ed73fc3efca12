package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.ReplicaOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The last one of a chain whose middle has stopped following asks the node that wrote last. Where that was taken over by one that the
 * last one does not know, its word says nothing, though it is a peer that answers and is not primary.
 */
class TakenOverWriterSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site writer = new Site("a", KEYS.get(0), this);
    private final Site middle = new Site("b", KEYS.get(1), this);
    private final Site last = new Site("c", KEYS.get(2), this);
    private final Site promoted = new Site("d", KEYS.get(3), this);

    TakenOverWriterSitesTest() {
        super(94, Defect.NONE);
    }

    @Test
    void theLastOfAChainDoesNotBelieveIt() {
        machine.run(() -> {
            begin();
            writer.mirrors.enable(Site.IMAGE, "d", ReplicaOptions.DEFAULTS);
            chain();
            stranger(middle);
            stranger(last);
            writeForAWhile();
            middle.mirrors.disable(Site.IMAGE, "a");
            network.cut("a", "d");
            machine.sleep(10 * SECOND);
            chronicle.succession().forced();
            promoted.mirrors.promote(Site.IMAGE, true);
            network.heal("a", "d");
            assertTrue(machine.awaitUntil(writer::isFenced, 60 * SECOND), "it is not fenced");
            writer.mirrors.demote(Site.IMAGE);
            StorageException refused =
                    assertThrows(StorageException.class, () -> last.mirrors.promote(Site.IMAGE, false));
            assertEquals(Reason.UNAVAILABLE, refused.reason(), refused.getMessage());
            assertTrue(refused.getMessage().contains("who took over from it, is gone for good"), refused.getMessage());
            assertFalse(last.isPrimary());
        });
    }

    /** The same where nobody took it over: then it knows. */
    @Test
    void theLastOfAChainBelievesWhoWasOnlyDemoted() {
        machine.run(() -> {
            begin();
            chain();
            writeForAWhile();
            middle.mirrors.disable(Site.IMAGE, "a");
            writer.mirrors.demote(Site.IMAGE);
            last.mirrors.promote(Site.IMAGE, false);
            assertTrue(last.isPrimary());
        });
    }

    private void chain() throws StorageException {
        writer.mirrors.enable(Site.IMAGE, "b", ReplicaOptions.DEFAULTS);
        awaitWhole(middle);
        middle.mirrors.enable(Site.IMAGE, "c", ReplicaOptions.DEFAULTS);
        awaitWhole(last);
    }

    private void awaitWhole(Site site) {
        assertTrue(machine.awaitUntil(site::isConsistent, 60 * SECOND), () -> site + " has no replica");
    }

    private void stranger(Site site) throws StorageException {
        site.mirrors.removePeer("d");
        promoted.mirrors.removePeer(site.name);
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(writer, middle, last, promoted);
    }
}
