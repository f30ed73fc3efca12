package io.tidemark.mirror.internal.manage;

import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.transport.LinkFigures;
import io.tidemark.base.figures.FigureBeans;
import io.tidemark.mirror.internal.run.Failures;
import io.tidemark.mirror.internal.run.ReplicaWish;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import javax.management.MBeanServer;

/**
 * The figures of links and replicas as JMX beans: {@code io.tidemark:type=Link,peer=NAME} for each configured peer, and {@code
 * io.tidemark:type=Replica,image=IMAGE,peer=NAME} for each image that is configured to come from a peer or to go there. Every name
 * of a figure is in docs/reference/metrics.md; a test compares.
 */
final class MirrorBeans {
    /** No name of an image or a peer, whose turns there are, too. */
    private static final String TURN = "beans of the mirror";

    private static final LinkFigures NO_LINK = new LinkFigures(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);

    private final Desk desk;
    private final Statuses statuses;
    /** Of who has the turn: null before they are shown, and after the end. */
    private FigureBeans beans;

    MirrorBeans(Desk desk, Statuses statuses) {
        this.desk = desk;
        this.statuses = statuses;
    }

    /** From now on until the end. */
    void show(MBeanServer server) {
        desk.turns().in(TURN, () -> {
            beans = new FigureBeans(server);
            attempt();
            return null;
        });
    }

    /** A configuration came, or is another one, or gone. */
    void look() {
        desk.turns().in(TURN, () -> {
            attempt();
            return null;
        });
    }

    /** Whatever becomes of it, the configuration counts. */
    private void attempt() {
        if (beans != null) {
            Failures.attempt("show the figures of links and replicas", this::follow);
        }
    }

    void close() {
        desk.turns().in(TURN, () -> {
            if (beans != null) {
                beans.close();
                beans = null;
            }
            return null;
        });
    }

    /** A bean that is registered is asked for its figures, so this is no business for a lock. */
    private void follow() {
        Map<String, Supplier<Map<String, Object>>> links = links();
        Map<String, Supplier<Map<String, Object>>> replicas = replicas();
        Set<String> gone = new HashSet<>(beans.names());
        gone.removeAll(links.keySet());
        gone.removeAll(replicas.keySet());
        gone.forEach(beans::unregister);
        links.forEach((name, figures) -> beans.register(name, "A link with a peer", figures));
        replicas.forEach(
                (name, figures) -> beans.register(name, "An image and a peer that one of the two follows", figures));
    }

    private Map<String, Supplier<Map<String, Object>>> links() {
        Map<String, Supplier<Map<String, Object>>> links = new HashMap<>();
        for (Book.Page<PeerConfig> page : desk.peers().all()) {
            String peer = page.wish().name();
            links.put("type=Link,peer=" + FigureBeans.value(peer), () -> link(peer));
        }
        return links;
    }

    private Map<String, Supplier<Map<String, Object>>> replicas() {
        Map<String, Supplier<Map<String, Object>>> replicas = new HashMap<>();
        for (Book.Page<PeerConfig> page : desk.peers().all()) {
            if (page.config() != null) {
                page.config()
                        .images()
                        .keySet()
                        .forEach(image -> replica(replicas, image, page.config().name()));
            }
        }
        for (Book.Page<ReplicaWish> page : desk.replicas().all()) {
            // Of one that is refused nobody knows whom it follows.
            replica(
                    replicas,
                    page.wish().name(),
                    page.config() == null ? "" : page.config().peer());
        }
        return replicas;
    }

    private void replica(Map<String, Supplier<Map<String, Object>>> replicas, String image, String peer) {
        replicas.put(
                "type=Replica,image=" + FigureBeans.value(image) + ",peer=" + FigureBeans.value(peer),
                () -> replica(image, peer));
    }

    // ---- figures

    private Map<String, Object> link(String peer) {
        PeerStatus status = statuses.peers().stream()
                .filter(one -> one.name().equals(peer))
                .findFirst()
                .orElse(null);
        if (status == null) {
            return Map.of("state", "gone");
        }
        LinkFigures counted = desk.node().figures(peer).orElse(null);
        Map<String, Object> figures = new TreeMap<>();
        figures.put("linked", counted == null ? 0L : 1L);
        figures.put("state", status.state());
        figures.put("trouble", status.trouble());
        counted(figures, counted == null ? NO_LINK : counted);
        return figures;
    }

    private static void counted(Map<String, Object> figures, LinkFigures counted) {
        figures.put("sent.frames", counted.framesSent());
        figures.put("sent.bytes", counted.bytesSent());
        figures.put("sent.wire.bytes", counted.wireBytesSent());
        figures.put("received.frames", counted.framesReceived());
        figures.put("received.bytes", counted.bytesReceived());
        figures.put("received.wire.bytes", counted.wireBytesReceived());
        figures.put("compressed.frames", counted.framesCompressed());
        figures.put("compressed.saved.bytes", counted.savedBytes());
        figures.put("queued.bytes", counted.queuedBytes());
        figures.put("credit.bytes", counted.creditBytes());
        figures.put("round-trip.nanos", counted.roundTripNanos());
        figures.put("idle.nanos", counted.idleNanos());
        figures.put("silent.nanos", counted.silentNanos());
    }

    private Map<String, Object> replica(String image, String peer) {
        MirrorStatus status = statuses.all(image::equals).stream()
                .filter(one -> peer.isEmpty()
                        ? one.role() == ImageHead.Role.REPLICA
                        : one.peer().equals(peer))
                .findFirst()
                .orElse(null);
        if (status == null) {
            return Map.of("detail", "gone");
        }
        Map<String, Object> figures = new TreeMap<>();
        figures.put("role", status.role().toString());
        figures.put("state", status.state().toString());
        figures.put("detail", status.words());
        figures.put("trouble", status.trouble());
        figures.put(
                "consistency", status.consistency().map(Consistency::toString).orElse(""));
        figures.put("resync.needed", statuses.needsResync(status) ? 1L : 0L);
        figures.put("durable", status.marks().durable());
        figures.put("arrived", status.marks().arrived());
        figures.put("received", status.marks().received());
        figures.put("head", status.marks().head());
        figures.put("replayed", status.marks().replayed());
        figures.put("behind.events", status.lag().events());
        figures.put("behind.bytes", status.lag().bytes());
        figures.put("behind.nanos", status.lag().nanos());
        figures.put("unreceived.events", status.lag().unreceivedEvents());
        figures.put("unreceived.nanos", status.lag().unreceivedNanos());
        figures.put("delay.wanted.nanos", status.delayWantedNanos());
        figures.put("rate.events", status.rate().eventsPerSecond());
        figures.put("rate.bytes", status.rate().bytesPerSecond());
        figures.put("catch-up.nanos", status.catchUpNanos());
        figures.put(
                "copy.left.bytes",
                status.copy().map(MirrorStatus.Copy::leftBytes).orElse(-1L));
        return figures;
    }
}
