package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static io.tidemark.mirror.internal.run.TwoNodes.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whether a replica is followed in turn is a choice: without a journal of its own it has nothing to send. */
class CascadeSimulationTest {
    @Test
    void aReplicaWithoutARelayIsNotFollowedUntilItHasOne() {
        TwoNodes.play(3400, 3, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            TwoNodes.Node c = nodes.third();
            nodes.b.image("disk").properties = Map.of("relay", "off");
            String said = refused(Reason.INVALID, () -> nodes.b.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS))
                    .getMessage();
            assertTrue(said.contains("nothing can follow it") && said.contains("set relay=on"), said);
            assertEquals(1, nodes.b.mirrors.status().size(), "it is not mirrored to c");
            assertEquals(List.of(), c.mirrors.status());

            nodes.b.image("disk").properties = Map.of("relay", "on");
            nodes.b.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
            nodes.write(nodes.a, 3);
            nodes.awaitEqual(nodes.a, c);
        });
    }

    /** The one in the middle says that it follows nobody; that the image is primary at a, which c cannot ask, it does not say. */
    @Test
    void whoFollowsAReplicaThatFollowsNobodyIsNotSure() {
        TwoNodes.play(3420, 3, nodes -> {
            TwoNodes.Node c = chain(nodes);
            nodes.b.mirrors.disable("disk", "a");
            refused(Reason.UNAVAILABLE, () -> c.mirrors.promote("disk", false));
            refused(Reason.UNAVAILABLE, () -> c.mirrors.promoteAt("disk", new Position(1, 1), false, GivenUp.LOST));
            nodes.write(nodes.a, 3);
        });
    }

    /** Nor where that does not know yet whom it follows. */
    @Test
    void norIsWhoseSourceWasNotToldYetWhomItFollows() {
        TwoNodes.play(3430, 3, nodes -> {
            TwoNodes.Node c = chain(nodes);
            nodes.b.process.kill();
            nodes.b.bootUntold();
            nodes.b.tellPeer("c");
            assertTrue(nodes.machine.awaitUntil(
                    () -> nodes.b.mirrors.peers().stream().allMatch(PeerStatus::linked), 20 * SECOND));
            refused(Reason.UNAVAILABLE, () -> c.mirrors.promote("disk", false));
            nodes.write(nodes.a, 3);
        });
    }

    /** The one in the middle is called as the first one is, of which c has never heard. */
    @Test
    void nobodyIsTakenForAnotherOneOfTheSameName() {
        TwoNodes.play(3450, 3, nodes -> {
            TwoNodes.Node c = chain(nodes);
            c.mirrors.removePeer("a");
            for (TwoNodes.Node node : List.of(c, nodes.b)) {
                node.process.kill();
                node.calls = "a";
                node.boot();
                nodes.machine.sleep(10 * SECOND);
            }
            assertTrue(nodes.machine.awaitUntil(
                    () -> c.mirrors.peers().stream().allMatch(PeerStatus::linked), 20 * SECOND));
            nodes.b.mirrors.disable("disk", "a");
            refused(Reason.UNAVAILABLE, () -> c.mirrors.promote("disk", false));
            nodes.write(nodes.a, 3);
        });
    }

    /** What it has received says that the image was handed over, whoever sent that. */
    @Test
    void whoHasTheDemotionIsSure() {
        TwoNodes.play(3440, 3, nodes -> {
            TwoNodes.Node c = chain(nodes);
            long end = nodes.a.mirrors.demote("disk").sequence();
            assertTrue(nodes.machine.awaitUntil(() -> c.image("disk").journal.durable() == end, 20 * SECOND));
            nodes.b.mirrors.disable("disk", "a");
            assertEquals(0, c.mirrors.promote("disk", false).missingEvents());
            nodes.checkAcknowledged(c);
        });
    }

    /** From a to b, and from there to c, which has no link with a. */
    private static TwoNodes.Node chain(TwoNodes nodes) throws StorageException {
        OrdersSimulationTest.mirrored(nodes);
        TwoNodes.Node c = nodes.third();
        nodes.b.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
        nodes.awaitEqual(nodes.a, c);
        nodes.network.cut("a", "c");
        assertTrue(nodes.machine.awaitUntil(
                () -> c.mirrors.peers().stream().anyMatch(peer -> peer.name().equals("a") && !peer.linked()),
                60 * SECOND));
        return c;
    }

    /** Who follows a replica gets what that has received, and may have applied more of it. */
    @Test
    void aSourceThatIsBehindTheReplicaDiffersInNothing() {
        TwoNodes.play(3410, 3, nodes -> {
            OrdersSimulationTest.mirrored(nodes);
            TwoNodes.Node c = nodes.third();
            nodes.b.mirrors.enable("disk", "c", ReplicaOptions.DEFAULTS);
            nodes.awaitEqual(nodes.a, c);
            nodes.b.mirrors.hold("disk");
            nodes.write(nodes.a, 2);
            nodes.awaitEqual(nodes.a, c);
            Verification found = c.mirrors.verify("disk", "b", WorkListener.QUIET);
            assertEquals(0, found.differingBytes(), found.toString());
            assertTrue(found.skippedBytes() > 0 && found.equalBytes() > 0, found.toString());

            // What is trimmed already cannot say what changed.
            c.image("disk").journal.lose(c.image("disk").head);
            assertEquals(0, c.mirrors.verify("disk", "b", WorkListener.QUIET).differingBytes());
            nodes.b.mirrors.release("disk");
            nodes.awaitEqual(nodes.a, nodes.b);
            assertEquals(
                    MemoryImage.SIZE_BYTES,
                    c.mirrors.verify("disk", "b", WorkListener.QUIET).equalBytes());
        });
    }
}
