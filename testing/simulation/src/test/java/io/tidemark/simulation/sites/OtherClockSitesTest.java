package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.mirror.ReplicaOptions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A delayed replica is linked to another site than the one that wrote what it has, and their clocks differ. None of them steps. */
class OtherClockSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    private static final long HOUR = 3600 * SECOND;
    private static final long DELAY = 60 * SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site middle = new Site("b", KEYS.get(1), this);
    private final Site replica = new Site("c", KEYS.get(2), this);
    private final Map<String, Long> skews = Map.of("a", 0L, "b", 2 * HOUR, "c", -HOUR);

    OtherClockSitesTest() {
        super(83, Defect.NONE);
    }

    /** It knows no clock but the middle one's. */
    @Test
    void inACascadeNothingIsEarlyWhenALinkComesBack() {
        machine.run(() -> {
            begin();
            source.mirrors.enable(Site.IMAGE, "b", ReplicaOptions.DEFAULTS);
            assertTrue(machine.awaitUntil(middle::isConsistent, 60 * SECOND), "the first one is copied");
            middle.mirrors.enable(Site.IMAGE, "c", ReplicaOptions.DEFAULTS);
            write();
            network.cut("b", "c");
            machine.sleep(5 * SECOND);
            network.heal("b", "c");
            isShownInTime();
        });
    }

    @Test
    void afterAPromotionNothingIsEarlyWhenTheReplicaStarts() {
        machine.run(() -> {
            begin();
            source.mirrors.enable(Site.IMAGE, "b", ReplicaOptions.DEFAULTS);
            source.mirrors.enable(Site.IMAGE, "c", ReplicaOptions.DEFAULTS);
            write();
            source.kill();
            middle.mirrors.promote(Site.IMAGE, true);
            machine.sleep(5 * SECOND);
            replica.kill();
            boot(replica);
            isShownInTime();
        });
    }

    /** Whoever writes it says so, also over the link beside a journal that is read here. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatAPrimaryWroteItselfCountsSinceThen(boolean shared) {
        if (shared) {
            replica.shares(source);
        }
        machine.run(() -> {
            begin();
            source.mirrors.enable(Site.IMAGE, "c", replica.options(source));
            assertTrue(machine.awaitUntil(replica::isConsistent, 60 * SECOND), "the replica is copied");
            replica.follow(DELAY);
            replica.kill();
            writing = true;
            machine.sleep(5 * SECOND);
            writing = false;
            machine.sleep(40 * SECOND);
            boot(replica);
            machine.sleep(30 * SECOND);
            assertEquals(
                    source.facts().watermarks().durable(),
                    replica.facts().replica().head(),
                    () -> "at " + replica.facts());
        });
    }

    /** A backlog of which nothing is due. */
    private void write() throws StorageException {
        assertTrue(machine.awaitUntil(replica::isConsistent, 60 * SECOND), "the replica is copied");
        machine.sleep(SECOND);
        replica.follow(DELAY);
        writing = true;
        machine.sleep(5 * SECOND);
        writing = false;
        machine.sleep(SECOND);
        long head = replica.facts().replica().head();
        long received = replica.facts().watermarks().durable();
        assertTrue(received > head + 20, "a backlog from " + head + " to " + received);
    }

    /** Not before its time, and a delay after it came or this started at the latest: the site itself looks for early ones. */
    private void isShownInTime() {
        Site last = source.alive() ? source : middle;
        long received = last.facts().watermarks().durable();
        machine.sleep(20 * SECOND);
        assertTrue(linksToItsSource(), "it is linked, and knows how the clocks differ");
        assertTrue(replica.facts().replica().head() < received, "nothing was due");
        machine.sleep(DELAY);
        assertEquals(received, replica.facts().replica().head(), () -> "at " + replica.facts());
    }

    private boolean linksToItsSource() {
        return replica.mirrors.peers().stream().anyMatch(peer -> peer.name().equals("b") && peer.linked());
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, middle, replica);
    }

    @Override
    long skewNanos(String site) {
        return skews.get(site);
    }
}
