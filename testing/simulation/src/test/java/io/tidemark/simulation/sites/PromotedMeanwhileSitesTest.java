package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.faults.SeededRandom;
import io.tidemark.mirror.internal.identity.NodeKey;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A promotion asks a replica that is slow to answer, and another site is promoted meanwhile: there is one primary. */
class PromotedMeanwhileSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final SeededRandom random = machine.random("driver");
    private final Site source = new Site("a", NodeKey.generate(), this);
    private final Site slow = new Site("b", NodeKey.generate(), this);
    private final Site replica = new Site("c", NodeKey.generate(), this);
    private final List<Site> sites = List.of(source, slow, replica);
    private boolean writing;
    private boolean ended;
    private StorageException refused;

    PromotedMeanwhileSitesTest() {
        super(79, Defect.NONE);
    }

    private interface Order {
        void run() throws StorageException;
    }

    @Test
    void whoAskedForLongLooksAgainWhetherThereIsAPrimary() {
        isRefused(() -> replica.mirrors.promote(Site.IMAGE, false));
    }

    @Test
    void soDoesWhoIsPromotedAtAnEarlierMoment() {
        isRefused(() -> replica.mirrors.promoteAt(Site.IMAGE, new Position(1, 3), false, GivenUp.LOST));
    }

    private void isRefused(Order promotion) {
        machine.run(() -> {
            prepare();
            source.mirrors.demote(Site.IMAGE);
            network.stall("b", "c", 4 * SECOND);
            replica.spawn("operator", () -> promote(promotion));
            machine.sleep(SECOND / 2);
            assertTrue(!ended, "nobody was asked");
            source.mirrors.promote(Site.IMAGE, false);
            assertTrue(machine.awaitUntil(() -> ended, 60 * SECOND), "it ends");
            assertTrue(refused != null, "two are primary");
            assertEquals(StorageException.Reason.MISMATCH, refused.reason(), refused.getMessage());
            assertTrue(source.isPrimary());
            assertEquals(ImageHead.Role.REPLICA, replica.facts().role());
        });
    }

    private void promote(Order promotion) {
        try {
            promotion.run();
        } catch (StorageException e) {
            refused = e;
        }
        ended = true;
    }

    private void prepare() throws Exception {
        mirror(random);
        writing = true;
        machine.sleep(2 * SECOND);
        writing = false;
        machine.sleep(2 * SECOND);
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return sites;
    }

    @Override
    boolean writing() {
        return writing;
    }
}
