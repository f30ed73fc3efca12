package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.Branch;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Split;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.base.event.export.ExportReader;
import io.tidemark.mirror.internal.identity.NodeKey;
import io.tidemark.mirror.internal.wire.Order;
import io.tidemark.mirror.internal.wire.Point;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What people order, between two nodes under a simulated network: it is done on both sides, or undone and said. */
class OrdersSimulationTest {
    static final int SEEDS = Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 4 : 8);

    /** The other one is primary for a while, in single steps: the one that is left first, then the one that takes over. */
    static void thereAndBack(TwoNodes nodes) throws StorageException {
        nodes.a.mirrors.demote("disk");
        nodes.b.mirrors.promote("disk", false);
        nodes.write(nodes.b, 3);
        nodes.awaitEqual(nodes.b, nodes.a);
        nodes.b.mirrors.demote("disk");
        nodes.a.mirrors.promote("disk", false);
    }

    static void mirrored(TwoNodes nodes) throws StorageException {
        nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS);
        nodes.awaitEqual(nodes.a, nodes.b);
    }

    static StorageException refused(Reason reason, Executable order) {
        StorageException refused = assertThrows(StorageException.class, order);
        assertEquals(reason, refused.reason(), refused.getMessage());
        return refused;
    }

    // ---- peers and images

    @Test
    void anImageIsMirroredAndNoLongerAndRestartsForgetNothing() {
        TwoNodes.play(1000, SEEDS, nodes -> {
            mirrored(nodes);
            assertEquals(Map.of("peer", "a"), nodes.b.keys("io.tidemark.mirror.replica-disk.cfg"));
            assertEquals("disk", nodes.a.keys("io.tidemark.mirror.peer-b.cfg").get("images"));
            nodes.a.restart();
            nodes.write(nodes.a, 3);
            nodes.b.restart();
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.status("disk").state() == State.UP_TO_DATE
                            && nodes.a.status("disk").state() == State.UP_TO_DATE
                            && nodes.a.status("disk").lag().events() == 0,
                    10 * SECOND));
            refused(Reason.BUSY, () -> nodes.a.mirrors.removePeer("b"));
            boolean atSource = nodes.random.coin();
            assertTrue(atSource ? nodes.a.mirrors.disable("disk", "b") : nodes.b.mirrors.disable("disk", "a"));
            assertEquals(List.of(), nodes.a.mirrors.status());
            assertEquals(List.of(), nodes.b.mirrors.status());
            nodes.machine.sleep(5 * SECOND);
            assertEquals(List.of(), nodes.a.image("disk").journal.clients());
            assertFalse(nodes.b.isPrimary("disk"));
            nodes.a.restart();
            nodes.b.restart();
            nodes.machine.sleep(5 * SECOND);
            assertEquals(List.of(), nodes.a.image("disk").journal.clients());
            nodes.a.mirrors.removePeer("b");
            assertEquals(List.of(), nodes.a.mirrors.peers());
        });
    }

    @Test
    void imagesOfOneNodeFollowEachOther() {
        TwoNodes.play(1050, SEEDS, nodes -> {
            refused(
                    Reason.INVALID,
                    () -> nodes.a.mirrors.addPeer(
                            "here", local("", NodeKey.generate().toString())));
            refused(Reason.INVALID, () -> nodes.a.mirrors.addPeer("here", local("sim:b", "")));
            nodes.a.mirrors.addPeer("here", local("", ""));
            refused(Reason.INVALID, () -> nodes.a.mirrors.enable("disk", "here", ReplicaOptions.DEFAULTS));
            oneWithEachPeer(nodes);
            nodes.a.mirrors.enable("disk", "here", new ReplicaOptions("copy", 0, Map.of()));
            nodes.write(nodes.a, 5);
            nodes.awaitSame(nodes.a, "disk", nodes.a, "copy");
            // Its source's journal wakes it.
            nodes.machine.sleep(3 * SECOND);
            nodes.write(nodes.a, 1);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.image("copy").head
                            == nodes.a.image("disk").journal.appended(),
                    SECOND / 5));
            // It would be lost with the node, so nobody waits for it.
            assertEquals(Map.of(), nodes.a.engine.peers);
            String words = nodes.a.status("disk").words();
            assertTrue(words.contains("no commit policy counts it, because it is on the same node"), words);
            nodes.a.restart();
            nodes.write(nodes.a, 5);
            nodes.awaitSame(nodes.a, "disk", nodes.a, "copy");
            assertEquals("here", nodes.a.status("copy").peer());
            assertTrue(nodes.machine.awaitUntil(() -> nodes.a.status("disk").state() == State.UP_TO_DATE, 10 * SECOND));
            Verification same = nodes.a.mirrors.verify("disk", "here", WorkListener.QUIET);
            assertEquals(0, same.differingBytes());

            // Roles change, and back.
            nodes.a.mirrors.switchOver("disk", "here", WorkListener.QUIET);
            assertTrue(nodes.a.isPrimary("copy") && !nodes.a.isPrimary("disk"));
            assertTrue(nodes.a.write("copy"));
            nodes.awaitSame(nodes.a, "copy", nodes.a, "disk");
            nodes.a.restart();
            nodes.a.mirrors.switchOver("copy", "here", WorkListener.QUIET);
            nodes.write(nodes.a, 3);
            nodes.awaitSame(nodes.a, "disk", nodes.a, "copy");

            refused(Reason.BUSY, () -> nodes.a.mirrors.removePeer("here"));
            assertTrue(nodes.a.mirrors.disable("disk", "here"));
            nodes.machine.sleep(3 * SECOND);
            assertEquals(List.of(), nodes.a.mirrors.status());
            assertEquals(List.of(), nodes.a.image("disk").journal.clients());
            nodes.a.mirrors.removePeer("here");
        });
    }

    @Test
    void manyImagesAreListedWithOneQuestion() {
        TwoNodes.play(1060, 1, nodes -> {
            mirrored(nodes);
            for (int i = 0; i < 3; i++) {
                String name = "more" + i;
                nodes.a.images.put(name, new MemoryImage(name, new UUID(19, i), ImageHead.Role.PRIMARY, 0));
                nodes.a.image(name).newEpoch(new UUID(20, i), "a");
                nodes.a.mirrors.enable(name, "b", ReplicaOptions.DEFAULTS);
            }
            nodes.network.cut("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.mirrors.status().stream().allMatch(one -> one.state() == State.UNLINKED),
                    60 * SECOND));
            int before = nodes.a.engine.asked;
            assertEquals(4, nodes.a.mirrors.status().size());
            assertEquals(1, nodes.a.engine.asked - before);
        });
    }

    /** The journal keeps it, over a restart, and while there is no link. */
    @Test
    void whatAReplicaHasAppliedIsKnownWithoutIt() {
        TwoNodes.play(1065, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
            long all = nodes.a.image("disk").journal.durable();
            assertTrue(
                    nodes.machine.awaitUntil(
                            () -> nodes.a.image("disk").journal.clients().stream()
                                    .allMatch(client -> client.applied() == all),
                            60 * SECOND),
                    () -> nodes.a.image("disk").journal.clients().toString());
            nodes.network.cut("a", "b");
            nodes.a.restart();
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.mirrors.status().stream().anyMatch(one -> one.state() == State.UNLINKED),
                    60 * SECOND));
            MirrorStatus.Marks marks = nodes.a.mirrors.status().get(0).marks();
            assertEquals(all, marks.received());
            assertEquals(all, marks.replayed());
        });
    }

    /** A node that is a peer, and knows how images are called. */
    @Test
    void whoHasNoPartInAnImageIsToldNothingOfIt() {
        TwoNodes.play(1070, SEEDS, nodes -> {
            mirrored(nodes);
            MirrorNode stranger = nodes.stranger();
            assertTrue(nodes.machine.awaitUntil(() -> stranger.linked("a") && stranger.linked("b"), 20 * SECOND));
            Position at = new Position(1, 1);
            Point first = new Point(
                    at.epoch(), nodes.a.image("disk").journal.epochs().get(0).identity(), at.sequence());
            for (Order order : List.of(
                    new Order.Look("disk"),
                    new Order.Sums(0, 4096, 1, "disk"),
                    new Order.Branch(first, "disk"),
                    new Order.Verify("disk"),
                    new Order.Disable("disk", "disk"))) {
                for (String peer : List.of("a", "b")) {
                    refused(Reason.NOT_FOUND, () -> stranger.ask(peer, order, 5 * SECOND, WorkListener.QUIET));
                }
            }
            refused(
                    Reason.READ_ONLY,
                    () -> stranger.ask("b", new Order.Promote(first, 0, "disk"), 5 * SECOND, WorkListener.QUIET));
            assertTrue(nodes.a.isPrimary("disk") && !nodes.b.isPrimary("disk"));
        });
    }

    /** What one has with a peer is told apart by the image; so a chain on one node takes one peer for each link of it. */
    private static void oneWithEachPeer(TwoNodes nodes) throws StorageException {
        nodes.a.mirrors.enable("disk", "here", new ReplicaOptions("middle", 0, Map.of()));
        nodes.awaitSame(nodes.a, "disk", nodes.a, "middle");
        refused(Reason.BUSY, () -> nodes.a.mirrors.enable("middle", "here", new ReplicaOptions("end", 0, Map.of())));
        nodes.a.mirrors.addPeer("further", local("", ""));
        nodes.a.mirrors.enable("middle", "further", new ReplicaOptions("end", 0, Map.of()));
        nodes.awaitSame(nodes.a, "disk", nodes.a, "end");
        StorageException middle = refused(Reason.MISMATCH, () -> nodes.a.mirrors.promote("end", false));
        assertTrue(middle.getMessage().contains("is a replica itself"), middle.getMessage());
        nodes.a.mirrors.disable("middle", "further");
        nodes.a.mirrors.removePeer("further");
        nodes.a.mirrors.disable("disk", "here");
    }

    private static PeerSettings local(String address, String key) {
        return new PeerSettings(PeerSettings.LOCAL, address, "", key, true);
    }

    /** From a to b, and from there to a second image of b: whoever is in the middle passes on what it has received. */
    @Test
    void aReplicaIsFollowedInTurnAndTakesOverForWhoeverFollowsIt() {
        TwoNodes.play(1070, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.b.mirrors.addPeer("here", local("", ""));
            nodes.b.mirrors.enable("disk", "here", new ReplicaOptions("third", 0, Map.of()));
            nodes.write(nodes.a, 5);
            nodes.awaitSame(nodes.a, "disk", nodes.b, "third");
            assertEquals(
                    nodes.a.image("disk").journal.epochs().get(0).identity(),
                    nodes.b.image("third").journal.epochs().get(0).identity(),
                    "epochs pass through as they are");
            StorageException middle = refused(Reason.MISMATCH, () -> nodes.b.mirrors.promote("third", false));
            assertTrue(middle.getMessage().contains("is a replica itself"), middle.getMessage());

            // The middle goes away and comes back, and so does the source.
            nodes.b.restart();
            nodes.write(nodes.a, 5);
            nodes.a.restart();
            nodes.write(nodes.a, 2);
            nodes.awaitSame(nodes.a, "disk", nodes.b, "third");

            // The middle becomes primary, and is followed as before.
            nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            nodes.write(nodes.b, 5);
            nodes.awaitSame(nodes.b, "disk", nodes.b, "third");
            nodes.awaitEqual(nodes.b, nodes.a);
            nodes.b.mirrors.switchOver("disk", "a", WorkListener.QUIET);
            nodes.write(nodes.a, 5);
            nodes.awaitSame(nodes.a, "disk", nodes.b, "third");
            nodes.awaitSame(nodes.a, "disk", nodes.b, "disk");
        });
    }

    @Test
    void theFirstKeyIsKeptWhereThatIsWanted() {
        TwoNodes.play(1100, 3, nodes -> {
            nodes.a.mirrors.removePeer("b");
            nodes.a.mirrors.addPeer("b", PeerSettings.of("sim:b", ""));
            nodes.awaitLinked();
            String key = nodes.b.key.toString();
            assertTrue(nodes.machine.awaitUntil(
                    () -> key.equals(
                            nodes.a.keys("io.tidemark.mirror.peer-b.cfg").get("key")),
                    5 * SECOND));
            long before = nodes.network.openLinks();
            nodes.machine.sleep(5 * SECOND);
            assertEquals(before, nodes.network.openLinks(), "the link stays as it is");
            assertEquals(key, nodes.a.mirrors.peers().get(0).settings().key());
            assertEquals("b", nodes.a.mirrors.peers().get(0).nodeName());
            assertTrue(
                    nodes.a.mirrors.peers().get(0).clockKnown(),
                    () -> nodes.a.mirrors.peers().toString());
            nodes.a.restart();
            nodes.awaitLinked();
        });
    }

    @Test
    void whatCannotBeIsRefusedAndLeavesNothing() {
        TwoNodes.play(1200, 3, nodes -> {
            refused(Reason.INVALID, () -> nodes.a.mirrors.addPeer("c", PeerSettings.of("", "")));
            refused(Reason.INVALID, () -> nodes.a.mirrors.addPeer("c", PeerSettings.of("x:1", "ed25519:12")));
            refused(Reason.INVALID, () -> nodes.a.mirrors.addPeer("c", PeerSettings.of("", nodes.a.key.toString())));
            refused(Reason.EXISTS, () -> nodes.a.mirrors.addPeer("c", PeerSettings.of("", nodes.b.key.toString())));
            refused(Reason.EXISTS, () -> nodes.a.mirrors.addPeer("b", PeerSettings.of("sim:b", "")));
            refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.enable("none", "b", ReplicaOptions.DEFAULTS));
            refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS));
            refused(Reason.INVALID, () -> nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("a b", 0, Map.of())));

            nodes.b.images.put("disk", new MemoryImage("disk", new UUID(1, 1), ImageHead.Role.PRIMARY, 0));
            StorageException taken =
                    refused(Reason.EXISTS, () -> nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS));
            assertTrue(taken.getMessage().contains("another image disk"), taken.getMessage());
            nodes.b.images.remove("disk");

            nodes.b.mirrors.removePeer("a");
            nodes.b.mirrors.addPeer("a", new PeerSettings("tcp", "", "", nodes.a.key.toString(), false));
            nodes.awaitLinked();
            refused(Reason.READ_ONLY, () -> nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS));
            nodes.network.cut("a", "b");
            nodes.machine.sleep(10 * SECOND);
            StorageException away = assertThrows(
                    StorageException.class, () -> nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS));
            assertTrue(away.reason() == Reason.UNAVAILABLE || away.reason() == Reason.STALE_SERVICE, away.getMessage());
            nodes.network.heal("a", "b");
            nodes.awaitLinked();
            if (away.reason() == Reason.UNAVAILABLE) {
                assertEquals(List.of(), nodes.a.mirrors.status());
            }
            assertEquals(List.of(), nodes.b.mirrors.status());
            assertEquals(List.of(), nodes.a.image("disk").journal.clients());
        });
    }

    @Test
    void aReplicaMayHaveAnotherNameAndConfiguration() {
        TwoNodes.play(1300, 3, nodes -> {
            ReplicaOptions options = new ReplicaOptions("copy", 0, Map.of("pool", "fast"));
            nodes.a.mirrors.enable("disk", "b", options);
            assertEquals(
                    "fast", nodes.b.keys("io.tidemark.mirror.replica-copy.cfg").get("create.pool"));
            assertEquals(
                    "disk", nodes.b.keys("io.tidemark.mirror.replica-copy.cfg").get("image"));
            assertEquals(
                    "disk:copy", nodes.a.keys("io.tidemark.mirror.peer-b.cfg").get("images"));
            assertTrue(nodes.machine.awaitUntil(() -> nodes.b.status("copy").state() == State.UP_TO_DATE, 30 * SECOND));
            assertEquals("disk", nodes.b.status("copy").peerImage());
            assertEquals("copy", nodes.a.status("disk").peerImage());
            refused(Reason.EXISTS, () -> nodes.a.mirrors.enable("disk", "b", ReplicaOptions.DEFAULTS));
            Promotion switched = nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            assertEquals("b", switched.node());
            assertTrue(nodes.b.isPrimary("copy"));
        });
    }

    // ---- heads

    @Test
    void aReplicaIsHeldSteppedAndReleased() {
        TwoNodes.play(1400, SEEDS, nodes -> {
            mirrored(nodes);
            long head = nodes.b.image("disk").head;
            assertEquals(
                    head, nodes.b.mirrors.hold("disk").heldAt().orElseThrow().sequence());
            nodes.write(nodes.a, 20);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.status("disk").state() == State.HELD
                            && nodes.b.status("disk").lag().unreceivedEvents() == 0,
                    10 * SECOND));
            assertEquals(head, nodes.b.image("disk").head);
            MirrorStatus stepped = nodes.b.mirrors.step("disk", 4);
            assertEquals(head + 4, stepped.heldAt().orElseThrow().sequence());
            assertEquals(head + 4, nodes.b.image("disk").head);
            Position further = new Position(stepped.heldAt().orElseThrow().epoch(), head + 6);
            assertEquals(further, nodes.b.mirrors.step("disk", further).heldAt().orElseThrow());
            refused(Reason.INVALID, () -> nodes.b.mirrors.step("disk", 0));
            assertEquals(
                    head + 20,
                    nodes.b.mirrors.step("disk", 1000).heldAt().orElseThrow().sequence());
            refused(Reason.INVALID, () -> nodes.b.mirrors.step("disk", 1));
            refused(Reason.MISMATCH, () -> nodes.a.mirrors.hold("disk"));
            nodes.b.mirrors.release("disk");
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    @Test
    void aDelayIsWishedSurvivesAHoldAndChangesLive() {
        TwoNodes.play(1500, SEEDS, nodes -> {
            long delay = 20 * SECOND;
            nodes.a.mirrors.enable("disk", "b", new ReplicaOptions("", delay, Map.of()));
            assertTrue(nodes.machine.awaitUntil(() -> nodes.b.status("disk").state() == State.UP_TO_DATE, 30 * SECOND));
            long head = nodes.b.image("disk").head;
            nodes.write(nodes.a, 5);
            nodes.machine.sleep(10 * SECOND);
            assertEquals(head, nodes.b.image("disk").head);
            assertEquals(delay, nodes.b.status("disk").delayWantedNanos());
            long actual = nodes.b.status("disk").delayActualNanos();
            assertTrue(actual >= 9 * SECOND && actual <= 13 * SECOND, actual + " ns behind");
            nodes.b.mirrors.hold("disk");
            nodes.b.restart();
            assertTrue(nodes.machine.awaitUntil(() -> nodes.b.status("disk").state() == State.HELD, 20 * SECOND));
            nodes.b.mirrors.delay("disk", 5 * SECOND);
            assertEquals(
                    "5s", nodes.b.keys("io.tidemark.mirror.replica-disk.cfg").get("delay"));
            assertEquals(State.HELD, nodes.b.status("disk").state());
            nodes.b.mirrors.release("disk");
            nodes.write(nodes.a, 1);
            long last = nodes.a.image("disk").journal.appended();
            nodes.machine.sleep(4 * SECOND);
            assertTrue(nodes.b.image("disk").head < last, "not before the delay is over");
            assertTrue(nodes.machine.awaitUntil(() -> nodes.b.image("disk").head == last, 10 * SECOND));
            nodes.b.mirrors.delay("disk", 0);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    // ---- roles

    @Test
    void rolesChangeByOrderAndNothingIsLost() {
        TwoNodes.play(1600, SEEDS, nodes -> {
            mirrored(nodes);
            boolean[] ended = new boolean[1];
            nodes.a.process.workers().start("client", () -> {
                try {
                    while (nodes.a.write("disk")) {
                        nodes.a.process.workers().newGate().await(SECOND / 2000);
                    }
                } catch (StorageException e) {
                    nodes.broken.add("a client at a: " + e);
                }
                ended[0] = true;
            });
            nodes.machine.sleep(SECOND / 10);
            Promotion there = nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            assertEquals("b", there.node());
            assertEquals(0, there.missingEvents());
            assertTrue(nodes.machine.awaitUntil(() -> ended[0], 5 * SECOND));
            nodes.write(nodes.b, 5);
            nodes.awaitEqual(nodes.b, nodes.a);

            // In two steps, and back.
            refused(Reason.MISMATCH, () -> nodes.a.mirrors.promote("disk", false));
            Position end = nodes.b.mirrors.demote("disk");
            assertEquals(ImageHead.Role.REPLICA, nodes.b.status("disk").role());
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.image("disk").journal.durable() == end.sequence(), 20 * SECOND));
            Promotion back = nodes.a.mirrors.promote("disk", false);
            assertEquals(0, back.missingEvents());
            assertEquals(end, back.at());
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** Whatever happens to the link or to either node meanwhile: never two primaries, and nothing that was acknowledged is lost. */
    @Test
    void aPlannedChangeThatIsDisturbedIsDoneOrUndone() {
        int[] outcomes = new int[3];
        TwoNodes.play(1700, 6 * SEEDS, nodes -> {
            mirrored(nodes);
            String[] outcome = new String[1];
            nodes.a.process.workers().start("operator", () -> {
                try {
                    outcome[0] = nodes.a
                            .mirrors
                            .switchOver("disk", "b", WorkListener.QUIET)
                            .node();
                } catch (StorageException e) {
                    outcome[0] = e.reason() + ": " + e.getMessage();
                }
            });
            nodes.machine.sleep(nodes.random.below(3 * SECOND / 2));
            int mishap = nodes.random.below(5);
            disturb(nodes, mishap);
            for (int i = 0; i < 200; i++) {
                assertFalse(nodes.a.isPrimary("disk") && nodes.b.isPrimary("disk"), "two primaries");
                nodes.machine.sleep(SECOND / 20);
            }
            nodes.network.heal("a", "b");
            assertTrue(nodes.machine.awaitUntil(() -> mishap == 4 || outcome[0] != null, 120 * SECOND), "no outcome");
            nodes.awaitLinked();
            settle(nodes, outcome[0], outcomes);
        });
        assertTrue(outcomes[0] > 0 && outcomes[1] > 0, "done " + outcomes[0] + ", undone " + outcomes[1]);
    }

    /** The answer is lost, or not: either way the old primary does not take the image back. */
    @Test
    void anAnswerThatIsLostIsAskedForAgain() {
        TwoNodes.play(1750, 2 * SEEDS, nodes -> {
            mirrored(nodes);
            String[] outcome = new String[1];
            nodes.a.process.workers().start("operator", () -> {
                try {
                    outcome[0] = nodes.a
                            .mirrors
                            .switchOver("disk", "b", WorkListener.QUIET)
                            .node();
                } catch (StorageException e) {
                    outcome[0] = e.reason() + ": " + e.getMessage();
                }
            });
            assertTrue(nodes.machine.awaitUntil(() -> nodes.b.isPrimary("disk"), 20 * SECOND));
            if (nodes.random.coin()) {
                nodes.network.reset("a", "b");
            } else {
                nodes.network.cut("a", "b");
                nodes.machine.sleep(nodes.random.below(30 * SECOND));
                nodes.network.heal("a", "b");
            }
            assertTrue(nodes.machine.awaitUntil(() -> outcome[0] != null, 120 * SECOND), "no outcome");
            assertEquals("b", outcome[0]);
            assertFalse(nodes.a.isPrimary("disk"));
            nodes.write(nodes.b, 3);
            nodes.awaitEqual(nodes.b, nodes.a);
        });
    }

    private static void disturb(TwoNodes nodes, int mishap) throws StorageException {
        switch (mishap) {
            case 0 -> nodes.network.cut("a", "b");
            case 1 -> nodes.network.reset("a", "b");
            case 2 -> nodes.network.stall("a", "b", nodes.random.below(4 * SECOND));
            case 3 -> nodes.b.restart();
            default -> nodes.a.restart();
        }
    }

    /** One of both is primary, or a person can make it so without force; the other one follows. */
    private static void settle(TwoNodes nodes, String outcome, int[] outcomes) throws StorageException {
        boolean there = nodes.b.isPrimary("disk");
        boolean here = nodes.a.isPrimary("disk");
        assertFalse(here && there, "two primaries");
        if (outcome != null && !outcome.startsWith("STALE_SERVICE")) {
            assertEquals(outcome.equals("b"), there, outcome);
            assertEquals(!outcome.equals("b"), here, outcome);
        }
        outcomes[there ? 0 : here ? 1 : 2]++;
        if (!here && !there) {
            nodes.machine.sleep(5 * SECOND);
            nodes.a.mirrors.promote("disk", false);
            here = true;
        }
        TwoNodes.Node primary = here ? nodes.a : nodes.b;
        nodes.checkAcknowledged(primary);
        nodes.write(primary, 3);
        nodes.awaitEqual(primary, here ? nodes.b : nodes.a);
    }

    /** Its peer has less than it has, which is no split: it was written in one place only. */
    @Test
    void whoIsDemotedAloneAndPromotedAgainHasNotParted() {
        TwoNodes.play(1775, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.network.cut("a", "b");
            nodes.write(nodes.a, 3);
            nodes.a.mirrors.demote("disk");
            nodes.network.heal("a", "b");
            nodes.awaitLinked();
            nodes.machine.sleep(SECOND / 20);
            String trouble = nodes.a.status("disk").trouble();
            assertFalse(trouble.contains("split brain"), trouble);
            assertEquals(List.of(), nodes.a.mirrors.splits("disk"));
            Promotion back = nodes.a.mirrors.promote("disk", false);
            assertEquals(0, back.missingEvents());
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    /** Else its journal would fill as soon as roles have changed twice. */
    @Test
    void whoFollowsAgainKeepsNothingForItsSource() {
        TwoNodes.play(1750, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            nodes.write(nodes.b, 2);
            nodes.awaitEqual(nodes.b, nodes.a);
            nodes.b.mirrors.switchOver("disk", "a", WorkListener.QUIET);
            nodes.write(nodes.a, 20);
            nodes.awaitEqual(nodes.a, nodes.b);
            MemoryJournal journal = nodes.b.image("disk").journal;
            assertEquals(1, journal.clients().size());
            assertTrue(
                    nodes.machine.awaitUntil(
                            () -> journal.clients().get(0).commit().sequence() == journal.durable(), 30 * SECOND),
                    () -> journal.clients() + " of " + journal.durable());
        });
    }

    @Test
    void aPlannedChangeMayBeGivenUp() {
        TwoNodes.play(1800, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.b.image("disk").stopped = true;
            nodes.write(nodes.a, 5);
            refused(
                    Reason.CLOSED,
                    () -> nodes.a.mirrors.switchOver("disk", "b", (step, done, total) -> {
                        // What is stopped never arrives: this shows when it is waited for.
                        return !step.contains("has everything");
                    }));
            assertTrue(nodes.a.isPrimary("disk"));
            nodes.b.image("disk").stopped = false;
            nodes.write(nodes.a, 5);
            nodes.awaitEqual(nodes.a, nodes.b);
        });
    }

    @Test
    void aLostPrimaryIsReplacedByForceOnly() {
        TwoNodes.play(1900, SEEDS, nodes -> {
            mirrored(nodes);
            StorageException beside = refused(Reason.MISMATCH, () -> nodes.b.mirrors.promote("disk", false));
            assertTrue(beside.getMessage().contains("is primary at a"), beside.getMessage());
            nodes.a.process.kill();
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
            refused(Reason.UNAVAILABLE, () -> nodes.b.mirrors.promote("disk", false));
            assertFalse(nodes.b.isPrimary("disk"));
            Promotion forced = nodes.b.mirrors.promote("disk", true);
            assertEquals(-1, forced.missingEvents());
            nodes.checkAcknowledged(nodes.b);
            nodes.write(nodes.b, 5);

            nodes.a.boot();
            nodes.awaitLinked();
            refused(Reason.BUSY, () -> nodes.a.mirrors.resync("disk", "b", false));
            nodes.a.mirrors.resync("disk", "b", true);
            nodes.awaitEqual(nodes.b, nodes.a);
        });
    }

    // ---- branches

    /** Both are written behind the position that is returned. */
    static Position parted(TwoNodes nodes, int writesOfA, int writesOfB) throws StorageException {
        mirrored(nodes);
        nodes.network.cut("a", "b");
        assertTrue(
                nodes.machine.awaitUntil(() -> !nodes.b.mirrors.peers().get(0).linked(), 60 * SECOND));
        Promotion forced = nodes.b.mirrors.promote("disk", true);
        nodes.write(nodes.b, writesOfB);
        nodes.write(nodes.a, writesOfA);
        nodes.network.heal("a", "b");
        nodes.awaitLinked();
        return forced.at();
    }

    private static Split split(TwoNodes.Node node) throws StorageException {
        List<Split> splits = node.mirrors.splits("disk");
        assertEquals(1, splits.size(), () -> node.name + " " + node.mirrors.status());
        return splits.get(0);
    }

    /** Looks at every sector. */
    private static void changed(TwoNodes.Node node, Position fork, Branch found) {
        MemoryJournal journal = node.image("disk").journal;
        BitSet sectors = new BitSet();
        for (MemoryJournal.Kept event : journal.kept(fork.sequence() + 1, journal.durable())) {
            if (event.header().kind().changesData()) {
                int first = (int) event.header().offset() / 512;
                sectors.set(first, first + (int) event.header().length() / 512);
            }
        }
        int parts = 0;
        for (int at = sectors.nextSetBit(0); at >= 0; at = sectors.nextSetBit(sectors.nextClearBit(at))) {
            parts++;
        }
        assertEquals(journal.durable(), found.last());
        assertEquals(parts, found.extents());
        assertEquals(512L * sectors.cardinality(), found.bytes());
        assertEquals(0, found.missing());
        assertTrue(found.exact());
    }

    @Test
    void aSplitBrainIsShownWithWhatEachSideChanged() {
        TwoNodes.play(2500, SEEDS, nodes -> {
            Position fork = parted(nodes, 7, 5);
            Split atA = split(nodes.a);
            Split atB = split(nodes.b);
            assertEquals(fork, atA.fork());
            assertEquals(fork, atB.fork());
            assertEquals("", atA.trouble());
            assertEquals(atA.here(), atB.there());
            assertEquals(atA.there(), atB.here());
            changed(nodes.a, fork, atA.here().orElseThrow());
            changed(nodes.b, fork, atA.there().orElseThrow());

            // What is written later is seen some seconds later at the latest, and what was trimmed is said to be
            // missing.
            nodes.write(nodes.b, 3);
            nodes.machine.sleep(11 * SECOND);
            changed(nodes.b, fork, split(nodes.a).there().orElseThrow());
            nodes.b.image("disk").journal.lose(fork.sequence() + 2);
            nodes.write(nodes.b, 1);
            nodes.machine.sleep(11 * SECOND);
            Branch rest = split(nodes.a).there().orElseThrow();
            assertEquals(2, rest.missing());
            assertTrue(rest.bytes() > 0);
        });
    }

    @Test
    void whoFollowsIsNotApart() {
        TwoNodes.play(2550, SEEDS, nodes -> {
            mirrored(nodes);
            assertEquals(List.of(), nodes.a.mirrors.splits("disk"));
            assertEquals(List.of(), nodes.b.mirrors.splits("disk"));
            nodes.a.mirrors.switchOver("disk", "b", WorkListener.QUIET);
            nodes.write(nodes.b, 2);
            nodes.awaitEqual(nodes.b, nodes.a);
            assertEquals(List.of(), nodes.a.mirrors.splits("disk"));
            assertEquals(List.of(), nodes.b.mirrors.splits("disk"));
            refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.splits("none"));
        });
    }

    @Test
    void aBranchThatIsGivenUpIsKeptUntilItIsDiscarded() {
        TwoNodes.play(2600, SEEDS, nodes -> {
            Position fork = parted(nodes, 7, 5);
            byte[] bytes = nodes.a.image("disk").bytes.clone();
            long last = nodes.a.image("disk").journal.durable();
            List<MemoryJournal.Kept> events = nodes.a.image("disk").journal.kept(fork.sequence() + 1, last);
            refused(Reason.BUSY, () -> nodes.a.mirrors.resync("disk", "b", GivenUp.REFUSED));
            assertEquals(List.of(), nodes.a.mirrors.keptBranches());
            // As after a promotion at an earlier moment: nobody but the branch needs its events any more.
            JournalClient follower = nodes.a.image("disk").journal.clients().get(0);
            nodes.a
                    .image("disk")
                    .journal
                    .putClient(new JournalClient(
                            follower.id(),
                            follower.description(),
                            new Position(fork.epoch(), last),
                            JournalClient.State.CONNECTED,
                            0));
            nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT);
            KeptBranch kept = nodes.a.mirrors.keptBranches().get(0);
            assertEquals("disk", kept.image());
            assertEquals(fork, kept.fork());
            assertTrue(kept.last() >= last, "and its demotion");
            checkExport(nodes.a, kept, events);
            nodes.acknowledged.clear();
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.image("disk") != null && !nodes.a.isPrimary("disk"), 60 * SECOND));
            nodes.write(nodes.b, 1);
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.image("disk").head
                            == nodes.b.image("disk").journal.durable(),
                    60 * SECOND));
            assertArrayEquals(nodes.b.image("disk").bytes, nodes.a.image("disk").bytes);
            assertFalse(Arrays.equals(bytes, nodes.a.image("disk").bytes));

            nodes.a.restart();
            assertEquals(List.of(kept.name()), names(nodes.a));
            refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.discardBranch("../" + kept.name()));
            nodes.a.mirrors.discardBranch(kept.name());
            assertEquals(List.of(), names(nodes.a));
            refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.discardBranch(kept.name()));
        });
    }

    private static List<String> names(TwoNodes.Node node) throws StorageException {
        return node.mirrors.keptBranches().stream().map(KeptBranch::name).toList();
    }

    private static void checkExport(TwoNodes.Node node, KeptBranch kept, List<MemoryJournal.Kept> events)
            throws IOException {
        byte[] content;
        try (StorageFile file = node.process.files().open(Path.of(kept.file()), Files.Mode.READ)) {
            assertEquals(kept.fileBytes(), file.size());
            ByteBuffer whole = ByteBuffer.allocate((int) file.size());
            file.read(whole, 0);
            content = whole.array();
        }
        try (ExportReader reader = new ExportReader(new ByteArrayInputStream(content), kept.file())) {
            for (MemoryJournal.Kept event : events) {
                assertEquals(event.header(), reader.next());
                ByteBuffer body = reader.body();
                byte[] read = new byte[body.remaining()];
                body.get(read);
                assertArrayEquals(event.body(), read);
            }
            long last = kept.fork().sequence() + events.size();
            for (EventHeader more = reader.next(); more != null; more = reader.next()) {
                last = more.position().sequence();
            }
            assertEquals(kept.last(), last);
        }
    }

    @Test
    void aBranchThatCannotBeKeptIsGivenUpByAnExplicitOrderOnly() {
        TwoNodes.play(2650, SEEDS, nodes -> {
            Position fork = parted(nodes, 60, 5);
            StorageException large = refused(Reason.NO_SPACE, () -> nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT));
            assertTrue(large.getMessage().contains("--no-keep"), large.getMessage());
            assertTrue(nodes.a.isPrimary("disk"), "nothing was changed");
            nodes.a.image("disk").journal.lose(fork.sequence() + 1);
            StorageException trimmed =
                    refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.resync("disk", "b", GivenUp.KEPT));
            assertTrue(trimmed.getMessage().contains("no longer has the first 1 events"), trimmed.getMessage());
            nodes.a.mirrors.resync("disk", "b", GivenUp.LOST);
            assertEquals(List.of(), nodes.a.mirrors.keptBranches());
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.a.image("disk") != null && !nodes.a.isPrimary("disk"), 60 * SECOND));
        });
    }

    // ---- comparing

    @Test
    void comparingFindsAFlippedByteAndNothingElseWhileClientsWrite() {
        TwoNodes.play(2000, SEEDS, nodes -> {
            mirrored(nodes);
            boolean[] stop = new boolean[1];
            boolean[] stopped = new boolean[1];
            nodes.a.process.workers().start("client", () -> {
                try {
                    while (!stop[0] && nodes.a.write("disk")) {
                        nodes.a.process.workers().newGate().await(SECOND / 2000);
                    }
                } catch (StorageException e) {
                    nodes.broken.add("a client at a: " + e);
                }
                stopped[0] = true;
            });
            boolean atSource = nodes.random.coin();
            nodes.a.image("disk").longestRead = 0;
            nodes.b.image("disk").longestRead = 0;
            Verification sound = verify(nodes, atSource);
            assertEquals(BlockImage.LONG_BYTES, nodes.a.image("disk").longestRead);
            assertEquals(BlockImage.LONG_BYTES, nodes.b.image("disk").longestRead);
            assertEquals(0, sound.differingBytes(), sound.toString());
            assertEquals(MemoryImage.SIZE_BYTES, sound.equalBytes() + sound.skippedBytes());
            stop[0] = true;
            assertTrue(nodes.machine.awaitUntil(() -> stopped[0], 60 * SECOND));
            nodes.awaitEqual(nodes.a, nodes.b);
            int victim = nodes.random.below(MemoryImage.SIZE_BYTES);
            nodes.b.image("disk").bytes[victim] ^= 4;
            Verification found = verify(nodes, atSource);
            assertEquals(0, found.skippedBytes(), found.toString());
            assertNotEquals(0, found.differingBytes(), found.toString());
            assertTrue(found.differences().stream()
                    .anyMatch(each -> victim >= each.offset() && victim < each.offset() + each.lengthBytes()));
            nodes.b.image("disk").bytes[victim] ^= 4;
        });
    }

    private static Verification verify(TwoNodes nodes, boolean atSource) throws StorageException {
        return atSource
                ? nodes.a.mirrors.verify("disk", "b", WorkListener.QUIET)
                : nodes.b.mirrors.verify("disk", "a", WorkListener.QUIET);
    }

    @Test
    void aHeldReplicaIsComparedAsFarAsItCanBe() {
        TwoNodes.play(2100, SEEDS, nodes -> {
            mirrored(nodes);
            nodes.b.mirrors.hold("disk");
            nodes.write(nodes.a, 1);
            Verification found = verify(nodes, nodes.random.coin());
            assertEquals(0, found.differingBytes(), found.toString());
            assertTrue(found.skippedBytes() > 0 && found.equalBytes() > 0, found.toString());
        });
    }
}
