package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.faults.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A planned change of roles takes long, and a third site is promoted meanwhile, for it sees that the source is none any more. */
class SwitchedMeanwhileSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final SeededRandom random = machine.random("driver");
    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site peer = new Site("b", KEYS.get(1), this);
    private final Site third = new Site("c", KEYS.get(2), this);
    private boolean writing;
    private boolean ended;
    private StorageException refused;

    SwitchedMeanwhileSitesTest() {
        super(80, Defect.NONE);
    }

    /** The peer asks before it is promoted; and so does the source before it takes its role back, also who cannot answer. */
    @Test
    void neitherThePeerNorTheSourceIsPrimaryBesideIt() {
        machine.run(() -> {
            prepare();
            source.spawn("operator", () -> {
                try {
                    source.mirrors.switchOver(Site.IMAGE, "b", this::delayOrder);
                } catch (StorageException e) {
                    refused = e;
                }
                ended = true;
            });
            assertTrue(machine.awaitUntil(this::thirdHasTheEnd, 10 * SECOND), "the third site has everything");
            network.cut("a", "c");
            third.mirrors.promote(Site.IMAGE, false);
            assertTrue(!ended, "the order was not delayed");
            assertTrue(machine.awaitUntil(() -> ended, 120 * SECOND), "it ends");
            assertTrue(refused != null, "two are primary");
            assertEquals(StorageException.Reason.MISMATCH, refused.reason(), refused.getMessage());
            assertTrue(refused.getMessage().contains("promoted meanwhile at c ("), refused.getMessage());
            assertTrue(third.isPrimary());
            assertEquals(ImageHead.Role.REPLICA, source.facts().role());
            assertEquals(ImageHead.Role.REPLICA, peer.facts().role());
        });
    }

    private boolean delayOrder(String what, long done, long all) {
        if (what.startsWith("demotes")) {
            network.stall("a", "b", 5 * SECOND);
        }
        return true;
    }

    private boolean thirdHasTheEnd() {
        return source.facts() != null
                && source.facts().role() == ImageHead.Role.REPLICA
                && third.facts().watermarks().durable()
                        == source.facts().watermarks().durable();
    }

    private void prepare() throws Exception {
        mirror(random);
        writing = true;
        machine.sleep(2 * SECOND);
        writing = false;
        machine.sleep(2 * SECOND);
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, peer, third);
    }

    @Override
    boolean writing() {
        return writing;
    }
}
