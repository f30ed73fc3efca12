package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two replicas of a source were promoted apart, and demoted again: neither has everything, and each can say so. */
class PartedSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site one = new Site("b", KEYS.get(1), this);
    private final Site other = new Site("c", KEYS.get(2), this);

    PartedSitesTest() {
        super(89, Defect.NONE);
    }

    @Test
    void nobodyIsPromotedBesideABranchThatWasPromotedApart() {
        machine.run(() -> {
            demoted();
            source.kill();
            promoteApart();
            for (Site each : List.of(one, other)) {
                StorageException apart =
                        assertThrows(StorageException.class, () -> each.mirrors.promote(Site.IMAGE, false));
                assertEquals(StorageException.Reason.MISMATCH, apart.reason(), apart.getMessage());
                assertTrue(apart.getMessage().contains("are on different branches"), apart.getMessage());
            }
            one.mirrors.promote(Site.IMAGE, true);
            assertTrue(one.isPrimary(), "an order decides");
        });
    }

    /** It follows one of them, as far as that has come, and so says nothing against it. */
    @Test
    void norWhereTheSourceIsThere() {
        machine.run(() -> {
            demoted();
            promoteApart();
            assertTrue(
                    machine.awaitUntil(
                            () -> source.facts().watermarks().durable()
                                    == one.facts().watermarks().durable(),
                            60 * SECOND),
                    "it follows");
            StorageException apart = assertThrows(StorageException.class, () -> one.mirrors.promote(Site.IMAGE, false));
            assertEquals(StorageException.Reason.MISMATCH, apart.reason(), apart.getMessage());
            assertTrue(apart.getMessage().contains("that of c are on different branches"), apart.getMessage());
        });
    }

    private void promoteApart() throws StorageException {
        network.cut("b", "c");
        // Links that are cut are known to be by then.
        machine.sleep(10 * SECOND);
        for (Site each : List.of(one, other)) {
            each.mirrors.promote(Site.IMAGE, true);
            each.mirrors.demote(Site.IMAGE);
        }
        network.heal("b", "c");
        assertTrue(machine.awaitUntil(this::areLinked, 60 * SECOND), "they see each other");
    }

    private boolean areLinked() {
        return one.mirrors.peers().stream().anyMatch(peer -> peer.name().equals("c") && peer.linked());
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, one, other);
    }
}
