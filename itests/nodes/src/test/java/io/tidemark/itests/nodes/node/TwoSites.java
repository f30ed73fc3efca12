package io.tidemark.itests.nodes.node;

import io.tidemark.itests.nodes.harness.Await;
import io.tidemark.itests.nodes.harness.LinkProxy;
import io.tidemark.itests.nodes.harness.Scratch;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Two nodes that are peers: the first one links with the second, through a proxy. */
public final class TwoSites {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** The first one, called {@code a} by the other one. */
    public final Site a;

    /** The other one, called {@code b}. */
    public final Site b;

    /** All that goes between them passes here. */
    public final LinkProxy link;

    private TwoSites(Scratch scratch, Site second) {
        a = new Site(scratch, "a");
        b = second;
        link = LinkProxy.start(scratch, b::address);
    }

    /**
     * Two nodes that do not run.
     *
     * @param scratch of the test
     * @return both
     */
    public static TwoSites create(Scratch scratch) {
        return new TwoSites(scratch, new Site(scratch, "b"));
    }

    /**
     * Two nodes that do not run.
     *
     * @param scratch of the test
     * @param journals directory of the second one's journals
     * @return both
     */
    public static TwoSites create(Scratch scratch, Path journals) {
        return new TwoSites(scratch, new Site(scratch, "b", journals));
    }

    /**
     * Starts both and makes them peers.
     *
     * @return this
     */
    public TwoSites start() {
        a.start();
        b.start();
        b.order("peer", "a", "-", a.order("key"));
        b.awaitAddress();
        a.order(
                "peer",
                "b",
                link.address().getHostString() + ":" + link.address().getPort(),
                b.order("key"));
        a.awaitLinked();
        b.awaitLinked();
        return this;
    }

    /** Starts the second one again, wherever it listens now. */
    public void restartB() {
        b.start();
        b.awaitAddress();
    }

    /**
     * Waits until a replica has everything that is durable at its source.
     *
     * @param source of the image
     * @param replica of it
     * @param image its name on both
     */
    public static void awaitEqual(Site source, Site replica, String image) {
        Await.until(
                () -> "the replica of " + image + " to have everything: "
                        + source.node().status(image).get("durable")
                        + " durable, " + replica.mirrored(image) + "\nsource: "
                        + source.node().log() + "\nreplica: "
                        + replica.node().log(),
                PATIENCE,
                () -> {
                    String durable = source.node().status(image).get("durable");
                    Map<String, String> there = replica.mirrored(image);
                    return there.get("consistency").equals("CONSISTENT")
                            && there.get("head").equals(durable);
                });
    }
}
