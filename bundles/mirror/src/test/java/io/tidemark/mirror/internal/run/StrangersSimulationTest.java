package io.tidemark.mirror.internal.run;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.api.transport.ReplicationTransport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Somebody opens links to a node and says nothing. */
class StrangersSimulationTest {
    private static final int SEEDS = 10;
    private static final int STRANGERS = 40;

    private static final class Silent implements LinkInitiator {
        private final List<String> ends = new ArrayList<>();

        @Override
        public LinkListener opened(Link link) {
            return new MuteListener() {
                @Override
                public void closed(StorageException why) {
                    ends.add(why.getMessage());
                }
            };
        }

        @Override
        public void failed(StorageException why) {}
    }

    /** They never keep the node from its own peers. */
    @Test
    void whoKeepsTheDoorBusyDoesNotKeepANodeFromDialling() {
        TwoNodes.play(1700, SEEDS, nodes -> besetAndCut(nodes, "a"));
    }

    /** Who has said nothing for longest makes room, and hears why. */
    @Test
    void norItsPeersOut() {
        TwoNodes.play(1710, SEEDS, nodes -> {
            Silent strangers = besetAndCut(nodes, "b");
            assertTrue(
                    strangers.ends.stream().anyMatch(why -> why.contains("too many peers try at once")),
                    () -> strangers.ends.toString());
        });
    }

    /** All dial one of both nodes, and the link between these breaks: a dials b again. */
    private static Silent besetAndCut(TwoNodes nodes, String beset) throws StorageException {
        ReplicationTransport transport = nodes.network.transport(nodes.machine.boot("s"), "s");
        Silent strangers = new Silent();
        for (int i = 0; i < STRANGERS; i++) {
            transport.connect(PeerAddress.of("sim:" + beset), strangers);
        }
        nodes.machine.sleep(TwoNodes.SECOND / 10);
        nodes.network.reset("a", "b");
        assertTrue(
                nodes.machine.awaitUntil(() -> !nodes.b.mirrors.peers().get(0).linked(), TwoNodes.SECOND));
        long mostNanos = TwoSites.SETTINGS.handshakeNanos() / 2;
        assertTrue(
                nodes.machine.awaitUntil(() -> nodes.b.mirrors.peers().get(0).linked(), mostNanos),
                () -> nodes.a.mirrors.peers().toString());
        return strangers;
    }
}
