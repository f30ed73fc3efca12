package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.Watermarks;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A copy of an idle image is promoted before its journal has had any event, at a site whose clock is behind. The source, which has
 * the event where the copy began, goes on behind the first event of the new primary all the same.
 */
class CopiedSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    private static final long HOUR = 3600 * SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site copy = new Site("b", KEYS.get(1), this);
    private final Site copyOfCopy = new Site("c", KEYS.get(2), this);
    private final Map<String, Long> skews = Map.of("a", 0L, "b", -5 * HOUR, "c", -9 * HOUR);
    private List<Site> sites = List.of(source, copy, copyOfCopy);

    CopiedSitesTest() {
        super(85, Defect.NONE);
    }

    @Test
    void theSourceFollowsItsCopy() {
        sites = List.of(source, copy);
        machine.run(() -> {
            written();
            copies(source, copy);
            isFollowedBySource(copy);
        });
    }

    /** Its journal lies beside the source's, and it reads that one. */
    @Test
    void theSourceFollowsACopyThatReadItsJournal() {
        sites = List.of(source, copy);
        copy.shares(source);
        machine.run(() -> {
            written();
            copies(source, copy);
            isFollowedBySource(copy);
        });
    }

    /** Its own source has no event either. */
    @Test
    void theFirstOneFollowsTheCopyOfItsCopy() {
        machine.run(() -> {
            written();
            copies(source, copy);
            copies(copy, copyOfCopy);
            copy.kill();
            isFollowedBySource(copyOfCopy);
        });
    }

    /** Its journal knows nothing of the source when it is told of the image. */
    @Test
    void theSourceFollowsACopyThatHasStartedAnew() {
        sites = List.of(source, copy);
        machine.run(() -> {
            written();
            copies(source, copy);
            source.kill();
            copy.kill();
            boot(copy);
            assertTrue(machine.awaitUntil(copy::isConsistent, 10 * SECOND), "the copy is there again");
            isFollowedBySource(copy);
        });
    }

    private void written() throws StorageException {
        begin();
        writeForAWhile();
    }

    private void copies(Site from, Site to) throws StorageException {
        from.mirrors.enable(Site.IMAGE, to.name, to.options(from));
        assertTrue(machine.awaitUntil(to::isConsistent, 60 * SECOND), "it is copied");
        machine.sleep(5 * SECOND);
        Watermarks all = from.facts().watermarks();
        Watermarks copied = to.facts().watermarks();
        assertEquals(all.durable(), copied.durable());
        assertEquals(all.durable(), copied.trimmed(), "it has received no event");
    }

    private void isFollowedBySource(Site primary) throws StorageException {
        source.kill();
        primary.mirrors.promote(Site.IMAGE, true);
        machine.sleep(SECOND);
        boot(source);
        boolean back = machine.awaitUntil(() -> source.isPrimary() && isLinked(primary), 60 * SECOND);
        assertTrue(back, "it is there again");
        source.mirrors.demote(Site.IMAGE);
        primary.mirrors.enable(Site.IMAGE, source.name, source.options(primary));
        boolean follows = machine.awaitUntil(
                () -> source.isConsistent() && end(source) == end(primary) && end(primary) > 0, 20 * SECOND);
        assertTrue(follows, () -> source.mirrors.status() + ", and " + primary.facts());
    }

    private boolean isLinked(Site primary) {
        return primary.mirrors.peers().stream().anyMatch(peer -> peer.name().equals(source.name) && peer.linked());
    }

    private static long end(Site site) {
        return site.facts() == null ? 0 : site.facts().watermarks().durable();
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return sites;
    }

    @Override
    long skewNanos(String site) {
        return skews.get(site);
    }
}
