package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.OrdersSimulationTest.mirrored;
import static io.tidemark.mirror.internal.run.OrdersSimulationTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.mirror.internal.manage.Mirrors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A configuration that somebody spoilt with an editor: what is shown of it leads on, and an order can remove it. */
class RefusedPagesSimulationTest {
    private static final String REPLICA = "io.tidemark.mirror.replica-disk.cfg";

    @Test
    void aReplicaThatIsRefusedSaysWhichFileAndCanBeEnded() {
        TwoNodes.play(4700, 3, nodes -> {
            mirrored(nodes);
            nodes.b.edit(Mirrors.REPLICAS, "disk", Map.of("delay", "soon"));
            assertEquals(State.REFUSED, nodes.b.status("disk").state());
            assertEquals("", nodes.b.status("disk").peer());
            String remedy = "correct or remove " + nodes.b.etc.resolve(REPLICA);
            String trouble = nodes.b.status("disk").trouble();
            assertTrue(trouble.startsWith("refused: delay") && trouble.endsWith("; " + remedy), trouble);
            assertEquals(
                    remedy,
                    refused(Reason.INVALID, () -> nodes.b.mirrors.verify("disk", "", WorkListener.QUIET))
                            .remedy());
            // Whom it followed is not told: nobody knows who that is.
            assertFalse(nodes.b.mirrors.disable("disk", ""));
            assertEquals(List.of(), nodes.b.mirrors.status());
            assertFalse(nodes.b.process.files().list(nodes.b.etc).contains(REPLICA));
            nodes.b.restart();
            assertEquals(List.of(), nodes.b.mirrors.status());
            refused(Reason.NOT_FOUND, () -> nodes.b.mirrors.disable("disk", ""));
        });
    }

    @Test
    void aPeerThatIsRefusedSaysWhichFile() {
        TwoNodes.play(4720, 1, nodes -> {
            nodes.a.edit(Mirrors.PEERS, "b", Map.of("key", "spoilt"));
            String remedy = "correct or remove " + nodes.a.etc.resolve("io.tidemark.mirror.peer-b.cfg");
            PeerStatus peer = nodes.a.mirrors.peers().get(0);
            assertTrue(peer.trouble().startsWith("key: ") && peer.trouble().endsWith("; " + remedy), peer.trouble());
            assertEquals(
                    remedy,
                    refused(Reason.NOT_FOUND, () -> nodes.a.mirrors.verify("disk", "b", WorkListener.QUIET))
                            .remedy());
            nodes.a.mirrors.removePeer("b");
            assertEquals(List.of(), nodes.a.mirrors.peers());
        });
    }
}
