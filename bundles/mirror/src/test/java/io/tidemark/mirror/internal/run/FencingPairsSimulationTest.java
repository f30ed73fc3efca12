package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.SEEDS;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Consistency;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Whom a primary asks whether it was taken over is what is configured now: peers come and go, images are mirrored to them and no
 * longer, and roles change. Links stay up where it is possible, so that nothing but the change itself can be what is noticed.
 */
class FencingPairsSimulationTest {
    /** Longer than anybody takes to look again. */
    private static final long LOOKED_NANOS = 10 * SECOND;

    private static boolean linked(TwoNodes.Node node, String peer) {
        return node.mirrors.peers().stream().anyMatch(one -> one.name().equals(peer) && one.linked());
    }

    private static void cut(TwoNodes nodes, TwoNodes.Node one, TwoNodes.Node other) {
        nodes.network.cut(one.name, other.name);
        assertTrue(nodes.machine.awaitUntil(() -> !linked(one, other.name) && !linked(other, one.name), 60 * SECOND));
    }

    private static void heal(TwoNodes nodes, TwoNodes.Node one, TwoNodes.Node other) {
        nodes.network.heal(one.name, other.name);
        assertTrue(nodes.machine.awaitUntil(() -> linked(one, other.name) && linked(other, one.name), 60 * SECOND));
    }

    private static void awaitFenced(TwoNodes nodes, TwoNodes.Node node, String by) throws StorageException {
        assertTrue(
                nodes.machine.awaitUntil(() -> node.image("disk").fence != null, LOOKED_NANOS),
                () -> node.name + " asks " + asked(nodes, node) + ": " + node.mirrors.status() + " / " + nodes.broken);
        assertEquals(by, node.image("disk").fence.peer());
        assertFalse(node.write("disk"));
    }

    private static void neverFenced(TwoNodes nodes, TwoNodes.Node node) throws StorageException {
        nodes.machine.sleep(LOOKED_NANOS);
        assertNull(node.image("disk").fence, () -> node.mirrors.status().toString());
        assertTrue(node.write("disk"));
    }

    /** Peers that have a worker of this process's, which asks them. */
    private static List<String> asked(TwoNodes nodes, TwoNodes.Node node) {
        String prefix = node.process.name() + "/mirror-asks-";
        return List.copyOf(new TreeSet<>(nodes.machine.workers().stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .toList()));
    }

    private static void awaitAsked(TwoNodes nodes, TwoNodes.Node node, String... peers) {
        assertTrue(
                nodes.machine.awaitUntil(() -> asked(nodes, node).equals(List.of(peers)), LOOKED_NANOS),
                () -> node.name + " asks " + asked(nodes, node));
    }

    /** It follows a and is linked with everybody, the peer b of a has the image already. */
    private static TwoNodes.Node andAThird(TwoNodes nodes) throws StorageException {
        mirrored(nodes);
        TwoNodes.Node c = nodes.third();
        nodes.a.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
        nodes.awaitEqual(nodes.a, c);
        nodes.awaitEqual(nodes.a, nodes.b);
        return c;
    }

    /** The one that is cut off from both its replicas is replaced by b, which c follows. */
    private static void siblingsGoOn(TwoNodes nodes, TwoNodes.Node c) throws StorageException {
        cut(nodes, nodes.a, nodes.b);
        cut(nodes, nodes.a, c);
        nodes.b.mirrors.promote("disk", true);
        nodes.write(nodes.b, 2);
        nodes.awaitEqual(nodes.b, c);
    }

    // ---- peers and images

    @Test
    void whoCameLaterFencesToo() {
        TwoNodes.play(3400, SEEDS, nodes -> {
            assertEquals(List.of(), asked(nodes, nodes.a), "nothing is mirrored");
            mirrored(nodes);
            awaitAsked(nodes, nodes.a, "b");
            TwoNodes.Node c = nodes.third();
            awaitAsked(nodes, nodes.a, "b");
            nodes.a.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
            nodes.awaitEqual(nodes.a, c);
            awaitAsked(nodes, nodes.a, "b", "c");
            c.mirrors.promote("disk", true);
            awaitFenced(nodes, nodes.a, "c");
        });
    }

    /** Its node cannot be told, so it still has all that a replica has, and answers. */
    @Test
    void whoIsNoLongerMirroredWithFencesNobody() {
        boolean[] both = new boolean[2];
        TwoNodes.play(3420, 2 * SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            cut(nodes, nodes.a, c);
            boolean whole = nodes.random.coin();
            both[whole ? 1 : 0] = true;
            nodes.a.mirrors.disable("disk", "c");
            if (whole) {
                nodes.a.mirrors.removePeer("c");
                nodes.a.mirrors.addPeer("c", PeerSettings.of("sim:c", c.key.toString()));
            }
            awaitAsked(nodes, nodes.a, "b");
            c.mirrors.promote("disk", true);
            heal(nodes, nodes.a, c);
            neverFenced(nodes, nodes.a);
            // The other one still does.
            nodes.b.mirrors.promote("disk", true);
            awaitFenced(nodes, nodes.a, "b");
        });
        assertTrue(both[0] && both[1]);
    }

    @Test
    void aPeerIsAskedUnderTheNameThatItHasNow() {
        TwoNodes.play(3440, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.a.mirrors.disable("disk", "b");
            nodes.a.mirrors.removePeer("b");
            nodes.a.mirrors.addPeer("site2", PeerSettings.of("sim:b", nodes.b.key.toString()));
            assertTrue(nodes.machine.awaitUntil(() -> linked(nodes.a, "site2") && linked(nodes.b, "a"), 60 * SECOND));
            nodes.a.mirrors.enable("disk", "site2", ReplicaOptions.DEFAULTS);
            nodes.awaitEqual(nodes.a, nodes.b);
            awaitAsked(nodes, nodes.a, "site2");
            nodes.b.mirrors.promote("disk", true);
            awaitFenced(nodes, nodes.a, "site2");
        });
    }

    /** Of those that were to be asked all have answered but one, which is no longer to be asked. */
    @Test
    void aQuestionIsAnsweredWhenWhoIsLeftHasAnswered() {
        TwoNodes.play(3460, SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            cut(nodes, nodes.a, c);
            nodes.a.engine.ask(nodes.a.image("disk"));
            nodes.machine.sleep(LOOKED_NANOS);
            assertTrue(nodes.a.image("disk").question != 0, "it was answered without c");
            nodes.a.mirrors.disable("disk", "c");
            assertTrue(
                    nodes.machine.awaitUntil(() -> nodes.a.image("disk").question == 0, LOOKED_NANOS),
                    () -> nodes.a.mirrors.status().toString());
            nodes.write(nodes.a, 1);
        });
    }

    // ---- roles

    /** It was a replica, and whom it asks says what it followed; then that is gone from its configuration. */
    @Test
    void aReplicaThatWasPromotedGivesWayToItsSourceWhileItIsMirroredWithIt() {
        boolean[] both = new boolean[2];
        TwoNodes.play(3480, 2 * SEEDS, nodes -> {
            mirrored(nodes);
            awaitAsked(nodes, nodes.b, "a");
            cut(nodes, nodes.a, nodes.b);
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 2);
            nodes.a.mirrors.demote("disk");
            nodes.a.mirrors.promote("disk", true);
            boolean unwished = nodes.random.coin();
            both[unwished ? 1 : 0] = true;
            if (unwished) {
                String file = "io.tidemark.mirror.replica-disk.cfg";
                nodes.b.process.files().delete(nodes.b.etc.resolve(file));
                nodes.b.mirrors.replicaUnwished(nodes.b.etc.resolve(file).toString());
                awaitAsked(nodes, nodes.b);
            }
            nodes.acknowledged.clear();
            heal(nodes, nodes.a, nodes.b);
            if (unwished) {
                neverFenced(nodes, nodes.b);
            } else {
                // Neither knew of the other one's promotion, and this one was later.
                awaitFenced(nodes, nodes.b, "a");
            }
            assertNull(nodes.a.image("disk").fence);
        });
        assertTrue(both[0] && both[1]);
    }

    /** Where the roles were changed by an order, both know whom to ask without another word. */
    @Test
    void rolesThatWereChangedAreKnownToWhoIsPrimaryNow() {
        boolean[] both = new boolean[2];
        TwoNodes.play(3500, 2 * SEEDS, nodes -> {
            mirrored(nodes);
            boolean planned = nodes.random.coin();
            both[planned ? 1 : 0] = true;
            if (planned) {
                nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            } else {
                nodes.b.mirrors.promote("disk", true);
                awaitFenced(nodes, nodes.a, "b");
                nodes.a.mirrors.resync("disk", "b", GivenUp.LOST);
            }
            nodes.write(nodes.b, 2);
            nodes.awaitEqual(nodes.b, nodes.a);
            nodes.a.mirrors.promote("disk", true);
            awaitFenced(nodes, nodes.b, "a");
        });
        assertTrue(both[0] && both[1]);
    }

    // ---- siblings

    /** c turns to b by itself when that took the place of a; nobody ever said to b that c has the image. */
    @Test
    void aSiblingThatTurnedFencesTheOneThatItTurnedTo() {
        TwoNodes.play(3520, SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            awaitAsked(nodes, nodes.b, "a");
            siblingsGoOn(nodes, c);
            awaitAsked(nodes, nodes.b, "a", "c");
            c.mirrors.promote("disk", true);
            awaitFenced(nodes, nodes.b, "c");
        });
    }

    /** It follows who took over, is not mirrored with the old primary any more, and so gives it no leave to write. */
    @Test
    void aSiblingThatTurnedAnswersNoQuestionOfItsSourceBefore() {
        TwoNodes.play(3540, SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            siblingsGoOn(nodes, c);
            nodes.a.restart();
            nodes.a.engine.ask(nodes.a.image("disk"));
            nodes.network.heal("a", "c");
            assertTrue(nodes.machine.awaitUntil(() -> linked(nodes.a, "c") && linked(c, "a"), 60 * SECOND));
            nodes.machine.sleep(LOOKED_NANOS);
            assertTrue(nodes.a.image("disk").question != 0, "b was not asked");
            assertFalse(nodes.a.write("disk"));
            nodes.network.heal("a", "b");
            awaitLinkedAndFenced(nodes);
        });
    }

    /** Neither of the two that go on names the one that was before them: the one's wish and the other's are each other. */
    @Test
    void aSourceThatComesBackAfterTheRolesChangedAgainGivesWay() {
        boolean[] both = new boolean[2];
        TwoNodes.play(3560, 2 * SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            siblingsGoOn(nodes, c);
            nodes.b.mirrors.switchOver("disk", "c", WorkListener.QUIET);
            nodes.write(c, 1);
            nodes.awaitEqual(c, nodes.b);
            boolean asks = nodes.random.coin();
            both[asks ? 1 : 0] = true;
            if (asks) {
                nodes.a.restart();
                nodes.a.engine.ask(nodes.a.image("disk"));
            }
            heal(nodes, nodes.a, nodes.b);
            nodes.machine.sleep(LOOKED_NANOS);
            assertTrue(!asks || nodes.a.image("disk").question != 0, "who follows another one gives no leave");
            assertNull(nodes.a.image("disk").fence, "who follows fences nobody");
            heal(nodes, nodes.a, c);
            awaitFenced(nodes, nodes.a, "c");
            assertNull(c.image("disk").fence);
        });
        assertTrue(both[0] && both[1]);
    }

    @Test
    void anOrderThatCameToNothingLeavesWhomTheImageFollowedBefore() {
        TwoNodes.play(3580, SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            siblingsGoOn(nodes, c);
            WorkListener givesUp = (what, done, total) -> !what.startsWith("demotes");
            assertThrows(StorageException.class, () -> nodes.b.mirrors.switchOver("disk", "c", givesUp));
            assertEquals(
                    "a", nodes.b.keys("io.tidemark.mirror.replica-disk.cfg").get("peer"));
            nodes.write(nodes.b, 1);
            heal(nodes, nodes.a, nodes.b);
            awaitFenced(nodes, nodes.a, "b");
        });
    }

    /** b and c followed a, and either was promoted while the other one could not be asked. */
    @Test
    void siblingsThatWerePromotedApartFindEachOther() {
        boolean[] both = new boolean[2];
        TwoNodes.play(3600, 2 * SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            cut(nodes, nodes.a, nodes.b);
            cut(nodes, nodes.a, c);
            cut(nodes, nodes.b, c);
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 2);
            boolean linked = nodes.random.coin();
            both[linked ? 1 : 0] = true;
            if (linked) {
                // It was asked, and was none yet.
                heal(nodes, nodes.b, c);
                nodes.machine.sleep(LOOKED_NANOS);
                assertNull(nodes.b.image("disk").fence);
                c.mirrors.promote("disk", true);
            } else {
                c.mirrors.promote("disk", true);
                heal(nodes, nodes.b, c);
            }
            awaitFenced(nodes, nodes.b, "c");
            assertNull(c.image("disk").fence);
            assertTrue(c.write("disk"));
            // They are not mirrored with each other, so that is ordered first.
            nodes.b.mirrors.demote("disk");
            nodes.b.mirrors.disable("disk", "a");
            c.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS);
            nodes.b.mirrors.resync("disk", "c", GivenUp.LOST);
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.b.isPrimary("disk")
                            && nodes.b.image("disk").consistency == Consistency.CONSISTENT
                            && nodes.b.image("disk").head
                                    == c.image("disk").journal.appended(),
                    60 * SECOND));
            assertArrayEquals(c.image("disk").bytes, nodes.b.image("disk").bytes);
        });
        assertTrue(both[0] && both[1]);
    }

    /** It followed the one that is primary, and was let go; that it was promoted then is nobody else's matter. */
    @Test
    void whoPartedAfterAPromotionAndWasLetGoFencesNobody() {
        TwoNodes.play(3620, SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            siblingsGoOn(nodes, c);
            cut(nodes, nodes.b, c);
            nodes.b.mirrors.disable("disk", "c");
            c.mirrors.promote("disk", true);
            heal(nodes, nodes.b, c);
            neverFenced(nodes, nodes.b);
        });
    }

    /** Nobody looks through all its images again and again for peers that have no news. */
    @Test
    void whoHasNothingNewerIsNotSearchedAgain() {
        TwoNodes.play(3640, SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            nodes.awaitEqual(nodes.b, nodes.a);
            awaitAsked(nodes, nodes.b, "a", "c");
            nodes.machine.sleep(LOOKED_NANOS);
            int searched = c.engine.listed;
            int own = nodes.b.engine.listed;
            nodes.machine.sleep(60 * LOOKED_NANOS);
            // Each node looks at its own now and then, and nobody asks the primary.
            assertEquals(nodes.b.engine.listed - own, c.engine.listed - searched, 1);
            assertNull(nodes.b.image("disk").fence);
        });
    }

    /** What is configured is told only when the mirror runs already, and no journal knows whom it followed. */
    @Test
    void whoWasPromotedIsAnsweredByNobodyBeforeItIsKnownWhomItFollowed() {
        TwoNodes.play(3660, SEEDS, nodes -> {
            mirrored(nodes);
            cut(nodes, nodes.a, nodes.b);
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 1);
            nodes.b.process.kill();
            nodes.b.bootUntold();
            nodes.b.engine.ask(nodes.b.image("disk"));
            nodes.machine.sleep(SECOND);
            assertTrue(nodes.b.image("disk").question != 0, "nobody was asked");
            nodes.b.tell();
            nodes.machine.sleep(LOOKED_NANOS);
            assertTrue(nodes.b.image("disk").question != 0, "a was not asked");
            heal(nodes, nodes.a, nodes.b);
            assertTrue(nodes.machine.awaitUntil(() -> nodes.b.image("disk").question == 0, LOOKED_NANOS));
            assertTrue(nodes.b.write("disk"));
            // Nor does it wait for ever where it follows nobody any more.
            cut(nodes, nodes.a, nodes.b);
            nodes.b.mirrors.disable("disk", "a");
            nodes.b.restart();
            nodes.b.engine.ask(nodes.b.image("disk"));
            assertTrue(nodes.machine.awaitUntil(() -> nodes.b.image("disk").question == 0, LOOKED_NANOS));
        });
    }

    /** Its new journal knows nobody, and the replica that the lost one knew has taken over. */
    @Test
    void whoseJournalWasLostIsAnsweredByNobodyBeforeItIsKnownWhoItsReplicasAre() {
        TwoNodes.play(3680, SEEDS, nodes -> {
            mirrored(nodes);
            cut(nodes, nodes.a, nodes.b);
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 1);
            nodes.a.process.kill();
            loseJournal(nodes.a.image("disk"));
            nodes.a.bootUntold();
            nodes.a.engine.ask(nodes.a.image("disk"));
            nodes.machine.sleep(SECOND);
            assertTrue(nodes.a.image("disk").question != 0, "nobody was asked");
            nodes.a.tell();
            nodes.machine.sleep(LOOKED_NANOS);
            assertTrue(nodes.a.image("disk").question != 0, "b was not asked");
            heal(nodes, nodes.a, nodes.b);
            awaitFenced(nodes, nodes.a, "b");
        });
    }

    /** The one replica that its new journal knows again has answered; the one that has taken over is told of only then. */
    @Test
    void whoseJournalWasLostWaitsAlsoForThoseThatTheNewOneDoesNotKnowYet() {
        TwoNodes.play(3700, SEEDS, nodes -> {
            TwoNodes.Node c = andAThird(nodes);
            cut(nodes, nodes.a, nodes.b);
            cut(nodes, nodes.b, c);
            nodes.b.mirrors.promote("disk", true);
            nodes.write(nodes.b, 1);
            nodes.a.process.kill();
            loseJournal(nodes.a.image("disk"));
            nodes.a.bootUntold();
            nodes.a.tellPeer("c");
            nodes.a.engine.ask(nodes.a.image("disk"));
            assertTrue(
                    nodes.machine.awaitUntil(
                            () -> !nodes.a.image("disk").journal.clients().isEmpty(), 2 * SECOND),
                    () -> nodes.a.mirrors.peers().toString());
            nodes.machine.sleep(SECOND);
            assertEquals(List.of("c"), asked(nodes, nodes.a));
            assertTrue(nodes.a.image("disk").question != 0, "nobody has told of b yet");
            nodes.a.tell();
            nodes.machine.sleep(LOOKED_NANOS);
            assertTrue(nodes.a.image("disk").question != 0, "b was not asked");
            heal(nodes, nodes.a, nodes.b);
            awaitFenced(nodes, nodes.a, "b");
        });
    }

    private static void loseJournal(MemoryImage image) throws StorageException {
        for (JournalClient client : image.journal.clients()) {
            image.journal.removeClient(client.id());
        }
        image.lostItsJournal = true;
    }

    private static void awaitLinkedAndFenced(TwoNodes nodes) throws StorageException {
        assertTrue(nodes.machine.awaitUntil(() -> linked(nodes.a, "b"), 60 * SECOND));
        awaitFenced(nodes, nodes.a, "b");
    }
}
