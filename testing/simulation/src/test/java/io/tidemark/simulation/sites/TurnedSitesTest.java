package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.ImageFacts;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A replica followed one that took over by force, and is turned to the primary before, which was demoted: that one is behind it. */
class TurnedSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site one = new Site("b", KEYS.get(1), this);
    private final Site other = new Site("c", KEYS.get(2), this);

    TurnedSitesTest() {
        super(91, Defect.NONE);
    }

    @Test
    void whoseSourceKnowsLessIsNotPromotedBesideWhoeverTookOver() {
        machine.run(() -> {
            mirror();
            writing = true;
            machine.sleep(2 * SECOND);
            source.mirrors.demote(Site.IMAGE);
            machine.sleep(SECOND);
            network.cut("a", "b");
            network.cut("a", "c");
            machine.sleep(10 * SECOND);
            one.mirrors.promote(Site.IMAGE, true);
            assertTrue(machine.awaitUntil(this::otherHasSomeOfOne, 60 * SECOND), "the third one goes on with it");
            network.cut("b", "c");
            machine.sleep(10 * SECOND);
            network.heal("a", "c");
            assertTrue(machine.awaitUntil(this::isLinkedWithSource, 60 * SECOND), "the first one is back");
            other.mirrors.disable(Site.IMAGE, "b");
            source.mirrors.enable(Site.IMAGE, "c", ReplicaOptions.DEFAULTS);
            machine.sleep(SECOND);
            StorageException unsure =
                    assertThrows(StorageException.class, () -> other.mirrors.promote(Site.IMAGE, false));
            assertEquals(StorageException.Reason.UNAVAILABLE, unsure.reason(), unsure.getMessage());
            assertTrue(unsure.getMessage().contains("b wrote last, and was not demoted"), unsure.getMessage());
            assertTrue(one.isPrimary() && !other.isPrimary(), "one is written");
        });
    }

    private boolean otherHasSomeOfOne() {
        ImageFacts facts = other.facts();
        if (facts == null || facts.epochs().isEmpty()) {
            return false;
        }
        Epoch newest = facts.epochs().get(facts.epochs().size() - 1);
        return newest.owner().equals("b") && facts.watermarks().durable() > newest.firstSequence();
    }

    /** Each end sees it for itself. */
    private boolean isLinkedWithSource() {
        return isLinked(other, "a") && isLinked(source, "c");
    }

    private static boolean isLinked(Site site, String name) {
        return site.mirrors.peers().stream().anyMatch(peer -> peer.name().equals(name) && peer.linked());
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, one, other);
    }
}
