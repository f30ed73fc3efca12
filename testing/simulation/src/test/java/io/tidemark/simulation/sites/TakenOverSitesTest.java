package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.PeerStatus;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A replica is promoted by force while its source cannot be reached, and the source is demoted when it learns of that. Another replica
 * that does not know the promoted one is not to take the source's word for it that nobody is primary.
 */
class TakenOverSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);
    private final Site promoted = new Site("c", KEYS.get(2), this);

    TakenOverSitesTest() {
        super(93, Defect.NONE);
    }

    @Test
    void whoWasTakenOverDoesNotVouchForItself() {
        machine.run(() -> {
            mirror();
            takenOver();
            String said = refused(replica, Reason.MISMATCH);
            assertTrue(said.contains("gone for good, --force promotes disk"), said);
            restart();
            refused(replica, Reason.MISMATCH);
            // It goes on with the one that took its place, and is a replica of that as any other.
            promoted.mirrors.enable(Site.IMAGE, "a", source.options(promoted));
            refused(replica, Reason.MISMATCH);
        });
    }

    /** It has events of that one, then: whoever wrote last is not it any more, and no peer that answers. */
    @Test
    void whoHasFollowedTheOneThatTookItOverDoesNotVouchForThat() {
        machine.run(() -> {
            mirror();
            takenOver();
            promoted.mirrors.enable(Site.IMAGE, "a", source.options(promoted));
            writeForAWhile();
            assertTrue(machine.awaitUntil(() -> end(source) == end(promoted), 60 * SECOND), "it does not follow");
            assertTrue(machine.awaitUntil(() -> end(replica) == end(promoted), 60 * SECOND), "nor does who follows it");
            source.mirrors.disable(Site.IMAGE, "c");
            String said = refused(replica, Reason.UNAVAILABLE);
            assertTrue(said.contains("c wrote last, and was not demoted"), said);
        });
    }

    /** Then there are two, and neither knows of the other one: the log says what makes them known to each other. */
    @Test
    void whoIsPromotedByForceIsToldWhatToDo() {
        machine.run(() -> {
            mirror();
            takenOver();
            network.cut("a", "c");
            String logged = logged(() -> replica.mirrors.promote(Site.IMAGE, true));
            assertTrue(logged.contains("where none of the two is fenced soon, run mirror:peer-add on both"), logged);
            writeForAWhile();
            assertTrue(replica.isPrimary() && promoted.isPrimary());
            assertFalse(replica.isFenced() || promoted.isFenced());
            introduce(replica, promoted);
            introduce(promoted, replica);
            assertTrue(machine.awaitUntil(() -> replica.isFenced() != promoted.isFenced(), 60 * SECOND), "nobody is");
        });
    }

    private static String logged(Site.Body body) throws StorageException {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            body.run();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** The one that it was fenced by knows what it did itself. */
    @Test
    void whoTookItOverIsNotRefused() {
        machine.run(() -> {
            mirror();
            takenOver();
            promoted.mirrors.demote(Site.IMAGE);
            promoted.mirrors.promote(Site.IMAGE, false);
            assertTrue(promoted.isPrimary());
        });
    }

    /** An order has decided that it stays: it is a source again. */
    @Test
    void whoIsPromotedAgainIsASource() {
        machine.run(() -> {
            mirror();
            takenOver();
            chronicle.succession().forced();
            source.mirrors.promote(Site.IMAGE, true);
            assertTrue(machine.awaitUntil(promoted::isFenced, 60 * SECOND), "the other one is not fenced");
            writeForAWhile();
            source.mirrors.demote(Site.IMAGE);
            assertTrue(
                    machine.awaitUntil(() -> end(source) == end(replica), 60 * SECOND), "the demotion does not come");
            replica.mirrors.promote(Site.IMAGE, false);
            assertTrue(replica.isPrimary());
        });
    }

    /** What is acknowledged behind a fenced demotion is beside what the other one acknowledges. */
    @Test
    void itHandsNothingOver() {
        machine.run(() -> {
            mirror();
            takenOver();
            Chronicle.Place end = chronicle.place(
                    source.facts().epochs(), source.facts().watermarks().durable());
            assertFalse(chronicle.succession().isHandedOver(end), "it handed over at " + end);
        });
    }

    /** With a source that was primary without a write since the others parted from it. */
    private void takenOver() throws StorageException {
        replica.mirrors.removePeer("c");
        promoted.mirrors.removePeer("b");
        writeForAWhile();
        network.cut("a", "c");
        machine.sleep(10 * SECOND);
        promoted.mirrors.promote(Site.IMAGE, true);
        network.heal("a", "c");
        assertTrue(machine.awaitUntil(source::isFenced, 60 * SECOND), "it is not fenced");
        source.mirrors.demote(Site.IMAGE);
        assertEquals(ImageHead.Role.REPLICA, source.facts().role());
    }

    private static long end(Site site) {
        return site.facts() == null ? -1 : site.facts().watermarks().durable();
    }

    private static String refused(Site site, Reason reason) {
        StorageException refused = assertThrows(StorageException.class, () -> site.mirrors.promote(Site.IMAGE, false));
        assertEquals(reason, refused.reason(), refused.getMessage());
        assertFalse(site.isPrimary());
        return refused.getMessage();
    }

    private void restart() throws StorageException {
        source.kill();
        boot(source);
        assertTrue(
                machine.awaitUntil(
                        () -> source.facts() != null
                                && source.mirrors.peers().stream().allMatch(PeerStatus::linked),
                        60 * SECOND),
                "it does not come back");
        // It is told of its images only now, and says nothing for a while.
        machine.sleep(60 * SECOND);
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica, promoted);
    }
}
