package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.news.News;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.transport.PeerAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is said of peers and replicas while links come, go and take each other's place. */
class PeerLinksSimulationTest {
    private static final int SEEDS = 4;

    /** Whoever waits for the replica would wait until something else comes. */
    @Test
    void whatIsForcedWhileTheSourceOpensTheChannelIsTold() {
        TwoSites.play(1900, SEEDS, sites -> {
            MemoryImage image = sites.following("disk");
            sites.write(image, 3, 512);
            sites.awaitEqual("disk", 5 * SECOND);
            MemoryImage replica = sites.b.image("disk");
            replica.order =
                    new HeadOrder.Hold(new Position(replica.newestEpoch().number(), replica.head));
            replica.stopped = true;
            sites.write(image, 5, 512);
            assertTrue(
                    sites.machine.awaitUntil(() -> replica.journal.appended() == image.journal.appended(), 5 * SECOND));
            assertTrue(replica.journal.durable() < image.journal.durable());
            sites.network.cut("a", "b");
            assertTrue(sites.machine.awaitUntil(
                    () -> !sites.b.mirror.linked("a") && !sites.a.mirror.linked("b"), 10 * SECOND));
            image.journal.beforeReading = () -> {
                image.journal.beforeReading = () -> {};
                replica.stopped = false;
                sites.b.engine.wake();
                sites.a.process.workers().newGate().await(SECOND);
            };
            sites.network.heal("a", "b");
            assertTrue(
                    sites.machine.awaitUntil(
                            () -> sites.a.engine.peers.get("disk<b").received() == image.journal.durable(),
                            20 * SECOND),
                    () -> sites.a.engine.peers + " / " + sites.a.state("disk") + " / " + sites.b.state("disk"));
        });
    }

    @Test
    void aReplicaOfAPeerThatIsReachedOtherwiseOrRemovedIsNotLinked() {
        TwoSites.play(1910, SEEDS, sites -> {
            MemoryImage image = sites.following("disk");
            reach(sites, "sim:nowhere");
            sites.machine.sleep(5 * SECOND);
            assertTrue(sites.b.state("disk").startsWith("not linked"), sites.b.state("disk"));
            sites.write(image, 3, 512);
            reach(sites, "sim:a");
            sites.awaitEqual("disk", 10 * SECOND);
            sites.b.mirror.removePeer("a");
            sites.machine.sleep(5 * SECOND);
            assertTrue(sites.b.state("disk").startsWith("not linked"), sites.b.state("disk"));
        });
    }

    private static void reach(TwoSites sites, String address) {
        sites.b.mirror.addPeer(new PeerWish("a", "sim", Optional.of(PeerAddress.of(address)), sites.b.peerKey));
    }

    /** What is dialled takes links and says nothing; the peer comes by itself meanwhile. */
    @Test
    void anAttemptThatFailsChangesNothingOfALinkThatIsThere() {
        TwoSites.play(1920, SEEDS, sites -> {
            sites.network.transport(sites.machine.boot("mute"), "mute").listen(link -> new MuteListener());
            MemoryImage image = sites.newImage("disk");
            sites.a.dials = true;
            sites.b.dials = false;
            sites.b.wish("disk");
            sites.b.boot();
            reach(sites, "sim:mute");
            sites.machine.sleep(SECOND);
            sites.a.boot();
            sites.awaitEqual("disk", 10 * SECOND);
            sites.machine.sleep(12 * SECOND);
            assertTrue(sites.b.state("disk").startsWith("idle, has everything"), sites.b.state("disk"));
            sites.write(image, 3, 512);
            sites.awaitEqual("disk", 5 * SECOND);
        });
    }

    @Test
    void theLastThatIsToldOfAPeerIsHowItIs() {
        TwoSites.play(1930, 10, sites -> {
            sites.a.dials = true;
            sites.a.boot();
            sites.b.boot();
            List<News> atA = told(sites.a);
            List<News> atB = told(sites.b);
            sites.machine.sleep(10 * SECOND);
            assertEquals(Topic.PEER_LINKED, last(atA), atA.toString());
            assertEquals(Topic.PEER_LINKED, last(atB), atB.toString());
            sites.network.cut("a", "b");
            sites.machine.sleep(10 * SECOND);
            assertFalse(sites.b.mirror.linked("a"));
            assertEquals(Topic.PEER_UNLINKED, last(atA), atA.toString());
            assertEquals(Topic.PEER_UNLINKED, last(atB), atB.toString());
            sites.network.heal("a", "b");
            sites.machine.sleep(10 * SECOND);
            assertEquals(Topic.PEER_LINKED, last(atA), atA.toString());
            sites.b.mirror.removePeer("a");
            sites.machine.sleep(SECOND);
            assertEquals(Topic.PEER_UNLINKED, last(atB), atB.toString());
        });
    }

    private static List<News> told(TwoSites.Site site) {
        List<News> told = new ArrayList<>();
        site.engine.news.add(one -> {
            if (one.topic() == Topic.PEER_LINKED || one.topic() == Topic.PEER_UNLINKED) {
                told.add(one);
            }
        });
        return told;
    }

    private static Topic last(List<News> told) {
        return told.get(told.size() - 1).topic();
    }

    /** Each of the two would end the other one's link for ever. */
    @Test
    void oneNodeIsOnePeer() {
        TwoNodes.play(1940, SEEDS, nodes -> {
            nodes.a.mirrors.removePeer("b");
            nodes.a.mirrors.addPeer("b", PeerSettings.of("sim:b", ""));
            nodes.a.mirrors.addPeer("other", PeerSettings.of("sim:b", ""));
            nodes.machine.sleep(20 * SECOND);
            AtomicInteger links = new AtomicInteger();
            nodes.a.engine.news.add(one -> links.addAndGet(one.topic() == Topic.PEER_LINKED ? 1 : 0));
            nodes.machine.sleep(20 * SECOND);
            assertEquals(0, links.get(), "the link stays as it is");
            List<PeerStatus> peers = nodes.a.mirrors.peers();
            PeerStatus linked = peers.get(peers.get(0).linked() ? 0 : 1);
            PeerStatus unlinked = peers.get(peers.get(0).linked() ? 1 : 0);
            assertTrue(linked.linked() && !unlinked.linked(), peers.toString());
            assertTrue(
                    unlinked.state().contains("which is the peer '" + linked.name() + "' already"), unlinked.state());
        });
    }

    /** Files that somebody wrote, or that an older version pinned. */
    @Test
    void twoPeersOfOneKeyAreOne() {
        TwoSites.play(1960, SEEDS, sites -> {
            sites.following("disk");
            sites.b.mirror.addPeer(new PeerWish("z", "sim", Optional.of(PeerAddress.of("sim:a")), sites.b.peerKey));
            sites.machine.sleep(20 * SECOND);
            AtomicInteger links = new AtomicInteger();
            sites.b.engine.news.add(one -> links.addAndGet(one.topic() == Topic.PEER_LINKED ? 1 : 0));
            sites.machine.sleep(20 * SECOND);
            assertEquals(0, links.get(), "the link stays as it is");
            sites.awaitEqual("disk", 10 * SECOND);
        });
    }
}
