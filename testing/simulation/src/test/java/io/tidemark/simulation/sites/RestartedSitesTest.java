package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A site has just started, and is linked before it is told of the image that is there. */
class RestartedSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site promoted = new Site("b", KEYS.get(1), this);
    private final Site replica = new Site("c", KEYS.get(2), this);
    private List<Site> sites = List.of(source, promoted, replica);

    RestartedSitesTest() {
        super(83, Defect.NONE);
    }

    /** What the replica received last is the demotion of a source that is gone. */
    @Test
    void nobodyIsPromotedBesideASiblingThatIsPrimaryAndHasJustStarted() {
        machine.run(() -> {
            demoted();
            network.cut("b", "c");
            promoted.mirrors.promote(Site.IMAGE, false);
            source.kill();
            refusedBeside(promoted);
        });
    }

    /** The demotion was taken back, and the replica was away. */
    @Test
    void norBesideASourceThatHasJustStarted() {
        sites = List.of(source, replica);
        machine.run(() -> {
            demoted();
            network.cut("a", "c");
            source.mirrors.promote(Site.IMAGE, true);
            refusedBeside(source);
        });
    }

    /** It asks for all of it, and cannot make what is there: meanwhile its source keeps what it lacks. */
    @Test
    void aReplicaThatIsToldOfItsImageLateGoesOn() {
        sites = List.of(source, replica);
        machine.run(() -> {
            mirror();
            writing = true;
            machine.sleep(5 * SECOND);
            replica.kill();
            long place = placeOfTheReplica();
            machine.sleep(2 * SECOND);
            replica.imageToldNanos = 20 * SECOND;
            boot(replica);
            machine.sleep(15 * SECOND);
            assertEquals(null, replica.facts(), "it was told of its image");
            assertEquals(place, placeOfTheReplica());
            assertTrue(source.facts().watermarks().durable() > place + 10, "it is written");
            writing = false;
            assertTrue(machine.awaitUntil(() -> replica.facts() != null, 20 * SECOND));
            assertTrue(machine.awaitUntil(
                    () -> placeOfTheReplica() == source.facts().watermarks().durable(), 60 * SECOND));
        });
    }

    private long placeOfTheReplica() throws StorageException {
        return source.clients().get(0).commit().sequence();
    }

    private void refusedBeside(Site primary) throws StorageException {
        assertTrue(machine.awaitUntil(primary::isPrimary, 10 * SECOND));
        // Links that are cut are known to be by then.
        machine.sleep(10 * SECOND);
        primary.kill();
        primary.imageToldNanos = 49 * SECOND / 10;
        boot(primary);
        network.heal(primary.name, "c");
        assertTrue(machine.awaitUntil(() -> isLinked(primary), 4 * SECOND), "they see each other");
        assertEquals(null, primary.facts(), "it was told of its image");
        StorageException unknown =
                assertThrows(StorageException.class, () -> replica.mirrors.promote(Site.IMAGE, false));
        assertEquals(StorageException.Reason.UNAVAILABLE, unknown.reason(), unknown.getMessage());
        // It may be about to make a replica of that name, which fails, because the image is there.
        boolean said = unknown.getMessage().contains("has just started")
                || unknown.getMessage().contains("1 of its images are not open");
        assertTrue(said, unknown.getMessage());
        assertTrue(machine.awaitUntil(primary::isPrimary, 10 * SECOND));
        StorageException known = assertThrows(StorageException.class, () -> replica.mirrors.promote(Site.IMAGE, false));
        assertEquals(StorageException.Reason.MISMATCH, known.reason(), known.getMessage());
    }

    private boolean isLinked(Site other) {
        return replica.mirrors.peers().stream().anyMatch(peer -> peer.name().equals(other.name) && peer.linked());
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return sites;
    }
}
