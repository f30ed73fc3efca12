package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.StorageContext;
import io.tidemark.api.transport.PeerAddress;
import io.tidemark.faults.ForwardingContext;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.wire.Wire;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Several have a replica received again, each at the end of what it does: at the same time, or when the node ends. */
class AddedTwiceSimulationTest {
    private static final ReplicaWish WISH = new ReplicaWish("disk", "a", "disk", 0, Map.of());

    /** What somebody does in the middle of the next addition; null for nothing. */
    private Runnable meanwhile;

    /** A mirror of b in place of the one that it has. */
    private MirrorNode mirror(TwoSites sites) {
        sites.b.mirror.close();
        StorageContext context = new ForwardingContext(sites.b.process) {
            @Override
            public Gate newGate() {
                Runnable now = meanwhile;
                meanwhile = null;
                if (now != null) {
                    now.run();
                }
                return super.newGate();
            }
        };
        MirrorNode mirror = new MirrorNode(
                context,
                sites.b.engine.services(),
                TwoSites.SETTINGS,
                new Handshake.Self(sites.b.key, "b", Wire.LEAST_VERSION, Wire.VERSION),
                () -> ByteBuffer.allocate(32)
                        .putLong(sites.b.process.randomBits())
                        .array(),
                TwoSites.nobody());
        mirror.transport("sim", sites.network.transport(sites.b.process, "b"));
        mirror.start();
        mirror.addPeer(new PeerWish("a", "sim", Optional.of(PeerAddress.of("sim:a")), sites.b.peerKey));
        return mirror;
    }

    @Test
    void ofTwoThatAreAddedAtOnceOneStays() {
        TwoSites.play(5200, 4, sites -> {
            MemoryImage image = sites.following("disk");
            MirrorNode mirror = mirror(sites);
            assertTrue(sites.machine.awaitUntil(() -> mirror.linked("a"), 20 * SECOND));
            meanwhile = () -> mirror.addReplica(WISH);
            mirror.addReplica(WISH);
            sites.write(image, 3, 512);
            sites.awaitEqual("disk", 20 * SECOND);
            assertTrue(mirror.endReplica("disk", false, SECOND));
            sites.machine.sleep(5 * SECOND);
            // Else it is refused, because somebody receives it.
            sites.b.engine.receive("disk").close();
        });
    }

    @Test
    void whatIsAddedBehindTheEndEndsAtOnce() {
        TwoSites.play(5210, 2, sites -> {
            sites.following("disk");
            MirrorNode mirror = mirror(sites);
            mirror.close();
            mirror.addReplica(WISH);
            assertFalse(mirror.receives("disk"));
            assertTrue(sites.machine.awaitUntil(
                    () -> sites.machine.workers().stream().noneMatch(name -> name.contains("mirror-replica")),
                    10 * SECOND));
        });
    }
}
