package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport;
import org.junit.jupiter.api.Test;

/** Somebody opens links to a node and says nothing. */
class StrangersSimulationTest {
    private static final int SEEDS = 10;
    private static final int STRANGERS = 40;

    private static final class Silent implements LinkInitiator {
        @Override
        public LinkListener opened(Link link) {
            return new MuteListener();
        }

        @Override
        public void failed(StorageException why) {}
    }

    /** They keep others out for a while, and never the node from its own peers. */
    @Test
    void whoKeepsTheDoorBusyDoesNotKeepANodeFromDialling() {
        TwoNodes.play(1700, SEEDS, nodes -> {
            ReplicationTransport transport = nodes.network.transport(nodes.machine.boot("s"), "s");
            for (int i = 0; i < STRANGERS; i++) {
                transport.connect(PeerAddress.of("sim:a"), new Silent());
            }
            nodes.machine.sleep(TwoNodes.SECOND / 10);
            nodes.network.reset("a", "b");
            assertTrue(nodes.machine.awaitUntil(
                    () -> !nodes.b.mirrors.peers().get(0).linked(), TwoNodes.SECOND));
            long mostNanos = TwoSites.SETTINGS.handshakeNanos() / 2;
            assertTrue(
                    nodes.machine.awaitUntil(
                            () -> nodes.b.mirrors.peers().get(0).linked(), mostNanos),
                    () -> nodes.a.mirrors.peers().toString());
        });
    }
}
