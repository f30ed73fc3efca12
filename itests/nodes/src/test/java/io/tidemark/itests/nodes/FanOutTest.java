package io.tidemark.itests.nodes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.Scratch;
import io.tidemark.itests.nodes.harness.ScratchExtension;
import io.tidemark.itests.nodes.harness.Seeds;
import io.tidemark.itests.nodes.load.Ledger;
import io.tidemark.itests.nodes.load.Loads;
import io.tidemark.itests.nodes.load.Mix;
import io.tidemark.itests.nodes.node.Site;
import io.tidemark.itests.nodes.node.TwoSites;
import io.tidemark.tck.tls.Certificates;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * One primary and three replicas, each reached in another way and with a delay of its own; two images to each of them. What happens
 * to one replica is nothing to the others.
 */
@ExtendWith(ScratchExtension.class)
class FanOutTest {
    private static final long BYTES = 16L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final long seed = Seeds.choose("FanOutTest");
    private final Loads loads = new Loads()
            .add("disk", new Ledger(BYTES, seed, false), Mix.MIRRORED)
            .add("other", new Ledger(BYTES, seed + 1, false), Mix.MIRRORED);
    private int runs;

    private void write(Site primary) throws Exception {
        loads.start(primary.node(), seed + runs++);
        loads.run(Duration.ofMillis(300));
        loads.stop();
        assertEquals(0, loads.errors());
    }

    private static Site site(Scratch scratch, String name, String transport) throws Exception {
        Site site = new Site(scratch, name);
        if (!transport.equals("unix")) {
            Files.copy(
                    new Certificates(scratch.directory()).store(name),
                    site.etc().resolve("tls.p12"));
        }
        Files.writeString(site.etc().resolve("unix"), scratch.newSocket(name).toString());
        return site;
    }

    /** The second one opens the link; the first one takes links by no other transport yet. */
    private static void peers(Site listens, String its, Site dials, String name, String transport) {
        boolean tls = transport.equals("tls");
        String mine = tls ? dials.order("fingerprint", "tls") : "";
        String other = tls ? listens.order("fingerprint", "tls") : "";
        listens.order("peer", name, "-", dials.order("key"), transport, mine);
        Await.until(() -> its + " to take links: " + listens.node().log(), PATIENCE, () -> !listens.order("addresses")
                .isEmpty());
        String address = listens.order("addresses").split(" ")[0];
        dials.order("peer", its, address, listens.order("key"), transport, other);
        dials.awaitLinked();
        listens.awaitLinked();
    }

    private static long number(Site replica, String image, String key) {
        return Long.parseLong(replica.mirrored(image).get(key));
    }

    private static long durable(Site site, String image) {
        return Long.parseLong(site.node().status(image).get("durable"));
    }

    private void awaitReceived(Site source, Site replica, String image) {
        Await.until(() -> image + " to be received: " + replica.mirrored(image), PATIENCE, () -> replica.mirrored(image)
                .get("received")
                .equals(source.node().status(image).get("durable")));
    }

    private void equal(Site source, Site replica) throws IOException {
        TwoSites.awaitEqual(source, replica, "disk");
        TwoSites.awaitEqual(source, replica, "other");
        loads.verify(replica.node());
    }

    @Test
    void replicasWithOtherTransportsAndDelaysFollowEachForItself(Scratch scratch) throws Exception {
        Site a = site(scratch, "a", "");
        Site live = site(scratch, "live", "tls");
        Site late = site(scratch, "late", "unix");
        Site plain = site(scratch, "plain", "tcp");
        a.settings().image("disk", BYTES, "commit=journal").image("other", BYTES, "commit=journal");
        for (Site site : new Site[] {a, live, late, plain}) {
            site.start();
        }
        // The one that is restarted dials: it listens somewhere else after that.
        peers(a, "a", plain, "plain", "tcp");
        peers(live, "live", a, "a", "tls");
        peers(late, "late", a, "a", "unix");
        for (String image : new String[] {"disk", "other"}) {
            a.order("enable", image, "live", "0s");
            a.order("enable", image, "late", "1h");
            a.order("enable", image, "plain", "0s");
        }
        write(a);
        equal(a, live);
        equal(a, plain);
        for (String image : new String[] {"disk", "other"}) {
            awaitReceived(a, late, image);
            assertTrue(
                    number(late, image, "head") < number(late, image, "received"),
                    () -> "an hour behind: " + late.mirrored(image));
        }
        Await.until(
                () -> "all links: " + a.order("peers"),
                PATIENCE,
                () -> a.order("peers").split("linked=true", -1).length == 4);
        Await.until(
                () -> "one link for each peer, with all images: " + a.order("links"), PATIENCE, () -> a.order("links")
                        .equals("3"));

        // One is gone, one is held: the third one follows, and what each lacks is its own.
        plain.node().kill();
        late.order("hold", "disk");
        String held = late.mirrored("disk").get("head");
        write(a);
        equal(a, live);
        awaitReceived(a, late, "disk");
        assertEquals(held, late.mirrored("disk").get("head"));
        late.order("release", "disk");
        late.order("delay", "disk", "0s");
        late.order("delay", "other", "0s");
        equal(a, late);
        plain.start();
        plain.awaitLinked();
        equal(a, plain);
    }

    /** What only the other replica has is not lost with the primary: who is promoted fetches it first. */
    @Test
    void aReplicaThatIsBehindFetchesFromTheOtherOneWhatTheLostPrimaryHad(Scratch scratch) throws Exception {
        Site a = site(scratch, "a", "");
        Site near = site(scratch, "near", "tcp");
        Site far = site(scratch, "far", "tcp");
        a.settings().image("disk", BYTES, "commit=journal").image("other", BYTES, "commit=journal");
        for (Site site : new Site[] {a, near, far}) {
            site.start();
        }
        peers(a, "a", near, "near", "tcp");
        peers(a, "a", far, "far", "tcp");
        peers(near, "near", far, "far", "tcp");
        for (String image : new String[] {"disk", "other"}) {
            a.order("enable", image, "near", "0s");
            a.order("enable", image, "far", "0s");
        }
        write(a);
        equal(a, far);
        far.node().kill();
        write(a);
        equal(a, near);
        a.node().kill();
        far.start();
        far.awaitLinked();
        for (String image : new String[] {"disk", "other"}) {
            assertTrue(
                    durable(far, image) < durable(near, image),
                    "far is behind: " + far.node().status(image));
            String promoted = far.order("promote!", image);
            assertTrue(far.node().log().contains("the replica '" + image + "' fetches what near has more"), promoted);
        }
        loads.verify(far.node());
        // And the other one goes on with it, without a copy.
        equal(far, near);
        write(far);
        equal(far, near);
        far.wasNeverCopiedAnew();
        near.wasNeverCopiedAnew();
    }
}
