package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A promotion asks a replica that is slow to answer, and another site is promoted meanwhile: there is one primary. */
class PromotedMeanwhileSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    private static final int ROUNDS = 20;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site slow = new Site("b", KEYS.get(1), this);
    private final Site replica = new Site("c", KEYS.get(2), this);
    private final Site sibling = new Site("d", KEYS.get(3), this);
    private List<Site> sites = List.of(source, slow, replica);
    private boolean ended;
    private StorageException refused;

    PromotedMeanwhileSitesTest() {
        super(79, Defect.NONE);
    }

    private interface Order {
        void run() throws StorageException;
    }

    @Test
    void whoAskedForLongLooksAgainWhetherThereIsAPrimary() {
        isRefused(() -> replica.mirrors.promote(Site.IMAGE, false));
    }

    @Test
    void soDoesWhoIsPromotedAtAnEarlierMoment() {
        isRefused(() -> replica.mirrors.promoteAt(Site.IMAGE, new Position(1, 3), false, GivenUp.LOST));
    }

    /** Their source was shut down in order, so that each of them is sure that it lacks nothing. */
    @Test
    void soDoesWhoseSiblingIsPromoted() {
        sites = List.of(source, slow, replica, sibling);
        machine.run(() -> {
            demoted();
            source.kill();
            network.stall("c", "d", 4 * SECOND);
            replica.spawn("operator", () -> {
                promote(() -> replica.mirrors.promote(Site.IMAGE, false));
                ended = true;
            });
            machine.sleep(SECOND / 2);
            assertTrue(!ended, "nobody was asked");
            // As a rule this one is the first; it is refused where the other one is about to be promoted.
            promote(() -> slow.mirrors.promote(Site.IMAGE, false));
            assertTrue(machine.awaitUntil(() -> ended, 60 * SECOND), "it ends");
            assertTrue(refused != null, "two are primary");
            assertTrue(slow.isPrimary() != replica.isPrimary(), "one of both");
        });
    }

    /** The demotion that it received last is an old one: who sees nobody cannot know that, and must not be sure. */
    @Test
    void whoSeesNobodyIsNotPromotedBehindAnOldDemotion() {
        machine.run(() -> {
            demoted();
            network.cut("a", "c");
            network.cut("b", "c");
            source.mirrors.promote(Site.IMAGE, true);
            writing = true;
            machine.sleep(2 * SECOND);
            promote(() -> replica.mirrors.promote(Site.IMAGE, false));
            assertTrue(refused != null, "two are primary");
            assertEquals(StorageException.Reason.UNAVAILABLE, refused.reason(), refused.getMessage());
            // Two of three that see each other are sure.
            source.mirrors.demote(Site.IMAGE);
            machine.sleep(SECOND);
            source.kill();
            network.heal("b", "c");
            assertTrue(
                    machine.awaitUntil(
                            () -> slow.mirrors.peers().stream()
                                    .anyMatch(peer -> peer.name().equals("c") && peer.linked()),
                            60 * SECOND),
                    "they see each other");
            slow.mirrors.promote(Site.IMAGE, false);
            assertTrue(slow.isPrimary());
        });
    }

    /**
     * The order to become primary is under way to a peer for long, and a third site sees that the source is none any more. The peer
     * asks before it is promoted; and so does the source before it takes its role back, also who cannot answer.
     */
    @Test
    void neitherSideOfAPlannedChangeIsPrimaryBesideAThirdSite() {
        machine.run(() -> {
            prepare();
            source.spawn("operator", () -> {
                promote(() -> source.mirrors.switchOver(Site.IMAGE, "b", this::delayOrder));
                ended = true;
            });
            assertTrue(machine.awaitUntil(this::replicaHasTheEnd, 10 * SECOND), "the third site has everything");
            network.cut("a", "c");
            replica.mirrors.promote(Site.IMAGE, false);
            assertTrue(!ended, "the order was not delayed");
            assertTrue(machine.awaitUntil(() -> ended, 120 * SECOND), "it ends");
            assertTrue(refused != null, "two are primary");
            assertEquals(StorageException.Reason.MISMATCH, refused.reason(), refused.getMessage());
            assertTrue(refused.getMessage().contains("promoted meanwhile at c ("), refused.getMessage());
            assertTrue(replica.isPrimary());
            assertEquals(ImageHead.Role.REPLICA, source.facts().role());
            assertEquals(ImageHead.Role.REPLICA, slow.facts().role());
        });
    }

    private boolean delayOrder(String what, long done, long all) {
        if (what.startsWith("demotes")) {
            network.stall("a", "b", 5 * SECOND);
        }
        return true;
    }

    private boolean replicaHasTheEnd() {
        return source.facts() != null
                && source.facts().role() == ImageHead.Role.REPLICA
                && replica.facts().watermarks().durable()
                        == source.facts().watermarks().durable();
    }

    /** However their steps interleave. */
    @Test
    void ofTwoThatArePromotedAtTheSameTimeOneAtLeastIsRefused() {
        machine.run(() -> {
            prepare();
            int promoted = 0;
            for (int round = 0; round < ROUNDS; round++) {
                Site primary =
                        sites.stream().filter(Site::isPrimary).findFirst().orElseThrow();
                primary.mirrors.demote(Site.IMAGE);
                machine.sleep(SECOND);
                int[] over = new int[1];
                for (Site one : sites) {
                    one.spawn("operator", () -> {
                        one.pause(random.below(SECOND / 100));
                        promote(() -> one.mirrors.promote(Site.IMAGE, false));
                        over[0]++;
                    });
                }
                assertTrue(machine.awaitUntil(() -> over[0] == sites.size(), 60 * SECOND), "they end");
                long primaries = sites.stream().filter(Site::isPrimary).count();
                assertTrue(primaries <= 1, primaries + " are primary");
                promoted += (int) primaries;
                if (primaries == 0) {
                    primary.mirrors.promote(Site.IMAGE, false);
                }
                machine.sleep(5 * SECOND);
            }
            assertTrue(promoted > 0, "nobody was ever promoted");
        });
    }

    private void isRefused(Order promotion) {
        machine.run(() -> {
            prepare();
            source.mirrors.demote(Site.IMAGE);
            network.stall("b", "c", 4 * SECOND);
            replica.spawn("operator", () -> {
                promote(promotion);
                ended = true;
            });
            machine.sleep(SECOND / 2);
            assertTrue(!ended, "nobody was asked");
            source.mirrors.promote(Site.IMAGE, false);
            assertTrue(machine.awaitUntil(() -> ended, 60 * SECOND), "it ends");
            assertTrue(refused != null, "two are primary");
            assertEquals(StorageException.Reason.MISMATCH, refused.reason(), refused.getMessage());
            assertTrue(source.isPrimary());
            assertEquals(ImageHead.Role.REPLICA, replica.facts().role());
        });
    }

    private void promote(Order promotion) {
        try {
            promotion.run();
        } catch (StorageException e) {
            refused = e;
        }
    }

    private void prepare() throws Exception {
        mirror();
        writeForAWhile();
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return sites;
    }
}
