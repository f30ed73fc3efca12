package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.MirrorStatus.State;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.ReplicaProgress;
import io.tidemark.mirror.internal.run.MirrorNode;
import io.tidemark.mirror.internal.run.PeerState;
import io.tidemark.mirror.internal.run.ReplicaWish;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/** What is wished and what is, put together for people. */
final class Statuses {
    /** An image and one of its peers. */
    private record Pair(String image, String peer) implements Comparable<Pair> {
        private static final Comparator<Pair> ORDER =
                Comparator.comparing(Pair::image).thenComparing(Pair::peer);

        @Override
        public int compareTo(Pair other) {
            return ORDER.compare(this, other);
        }
    }

    private final Desk desk;

    Statuses(Desk desk) {
        this.desk = desk;
    }

    // ---- peers

    List<PeerStatus> peers() {
        Map<String, PeerState> states = new HashMap<>();
        desk.node().peers().forEach(state -> states.put(state.name(), state));
        return desk.peers().all().stream()
                .map(page -> peer(page, states.get(page.wish().name())))
                .toList();
    }

    PeerStatus peer(String name) throws StorageException {
        return peers().stream()
                .filter(peer -> peer.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new StorageException(Reason.NOT_FOUND, "there is no peer " + name, "look at mirror:peer-list"));
    }

    private static PeerStatus peer(Book.Page<PeerConfig> page, PeerState state) {
        String name = page.wish().name();
        if (page.config() == null) {
            PeerSettings none = new PeerSettings("", "", "", "", false);
            String trouble = page.refused() + "; " + page.remedy();
            return new PeerStatus(
                    name, none, false, "refused: " + page.refused(), trouble, "", "", false, 0, -1, List.of());
        }
        PeerSettings wished = page.config().settings();
        List<String> images = List.copyOf(page.config().images().keySet());
        if (state == null) {
            return new PeerStatus(name, wished, false, "starts", "", "", "", false, 0, -1, images);
        }
        PeerSettings settings = new PeerSettings(
                wished.transport(),
                wished.address(),
                wished.fingerprint(),
                wished.key().isEmpty() ? state.key() : wished.key(),
                wished.mayPlace());
        return new PeerStatus(
                name,
                settings,
                state.linked(),
                state.state(),
                state.trouble(),
                state.nodeName(),
                state.linkName(),
                state.clockKnown(),
                state.clockOffsetNanos(),
                state.roundTripNanos(),
                images);
    }

    // ---- images

    List<MirrorStatus> all() {
        Map<Pair, MirrorStatus> all = rows(image -> true);
        // Also of images that are mirrored with nobody any more.
        desk.services().images().images().forEach(image -> nobodys(all, image.name()));
        return List.copyOf(all.values());
    }

    /** With peers, of some images only, as each has to be looked at. */
    List<MirrorStatus> all(Predicate<String> images) {
        return List.copyOf(rows(images).values());
    }

    private Map<Pair, MirrorStatus> rows(Predicate<String> images) {
        TreeMap<Pair, MirrorStatus> all = new TreeMap<>();
        // What this node follows counts before what it would send to the same peer.
        List<MirrorStatus> channels =
                desk.node().channels(images).stream().map(this::demoted).toList();
        for (MirrorStatus channel : channels) {
            all.putIfAbsent(new Pair(channel.image(), channel.peer()), channel);
        }
        for (MirrorStatus channel : channels) {
            Pair pair = new Pair(channel.image(), channel.peer());
            if (all.get(pair).state() == State.PRIMARY) {
                all.put(pair, channel);
            }
        }
        wished(all, images);
        granted(all, images);
        return all;
    }

    /** Its worker has not looked at the image since that was demoted. */
    private MirrorStatus demoted(MirrorStatus channel) {
        return channel.state() == State.PRIMARY && isReplica(channel.image())
                ? idle(
                        channel.image(),
                        channel.peer(),
                        channel.peerImage(),
                        ImageHead.Role.REPLICA,
                        State.STARTING,
                        "a replica from now on, asks for the image soon")
                : channel;
    }

    private boolean isReplica(String image) {
        try {
            return desk.facts(image).role() == ImageHead.Role.REPLICA;
        } catch (StorageException e) {
            return false;
        }
    }

    List<MirrorStatus> of(String image) throws StorageException {
        Map<Pair, MirrorStatus> found = rows(image::equals);
        nobodys(found, image);
        if (found.isEmpty()) {
            // Where there is none, this is said.
            desk.services().images().image(image);
            throw new StorageException(
                    Reason.NOT_FOUND, "the image " + image + " is not mirrored", "mirror:enable begins it");
        }
        return List.copyOf(found.values());
    }

    MirrorStatus of(String image, String peer) throws StorageException {
        return of(image).stream()
                .filter(one -> one.peer().equals(peer))
                .findFirst()
                .orElseThrow(() -> new StorageException(
                        Reason.NOT_FOUND,
                        "the image " + image + " is not mirrored with the peer " + peer,
                        "mirror:status " + image + " shows with whom it is"));
    }

    /** A replica: as its peer has it, or as the engine does when there is none. */
    MirrorStatus replica(String image, ImageFacts facts) {
        MirrorStatus known = all(image::equals).stream()
                .filter(one -> one.role() == ImageHead.Role.REPLICA)
                .findFirst()
                .orElse(null);
        ReplicaProgress progress = facts.replica();
        boolean held = progress.order() instanceof HeadOrder.Hold;
        if (known != null && held == known.heldAt().isPresent()) {
            return known;
        }
        MirrorStatus.Marks marks = new MirrorStatus.Marks(
                known == null ? -1 : known.marks().durable(),
                progress.arrived(),
                progress.received(),
                progress.head(),
                progress.replayed());
        return new MirrorStatus(
                image,
                known == null ? "" : known.peer(),
                known == null ? "" : known.peerImage(),
                ImageHead.Role.REPLICA,
                held ? State.HELD : known == null ? State.UNLINKED : known.state(),
                held ? "held" : known == null ? "follows no peer" : known.words(),
                Optional.of(progress.consistency()),
                marks,
                known == null ? MirrorStatus.Lag.UNKNOWN : known.lag(),
                known == null ? MirrorStatus.Rate.NONE : known.rate(),
                -1,
                known == null ? -1 : known.delayWantedNanos(),
                -1,
                progress.order() instanceof HeadOrder.Hold hold ? Optional.of(hold.at()) : Optional.empty(),
                Optional.empty(),
                known == null ? "" : known.trouble());
    }

    /** Replicas that are wished and that nobody follows, for good or for now. */
    private void wished(Map<Pair, MirrorStatus> all, Predicate<String> images) {
        for (Book.Page<ReplicaWish> page : desk.replicas().all()) {
            String image = page.wish().name();
            ReplicaWish wish = page.config();
            if (!images.test(image)) {
                continue;
            }
            if (wish == null) {
                String why = "refused: " + page.refused() + "; " + page.remedy();
                all.put(new Pair(image, ""), idle(image, "", "", ImageHead.Role.REPLICA, State.REFUSED, why));
                continue;
            }
            String peer = wish.peer();
            Pair pair = new Pair(image, peer);
            if (desk.peers().config(peer).isEmpty()) {
                String why = "refused: peer: there is no peer " + peer + "; mirror:peer-add " + peer + " adds it";
                all.put(pair, idle(image, peer, wish.sourceImage(), ImageHead.Role.REPLICA, State.REFUSED, why));
            } else {
                // While an order changes its source, or fetches from another one.
                String words = "starts to follow, or waits for an order that is under way";
                all.putIfAbsent(
                        pair, idle(image, peer, wish.sourceImage(), ImageHead.Role.REPLICA, State.STARTING, words));
            }
        }
    }

    /** Images that a peer may have and does not ask for now. */
    private void granted(Map<Pair, MirrorStatus> all, Predicate<String> images) {
        List<MirrorStatus> missing = new ArrayList<>();
        Set<String> asking = desk.services().replicas().asking().keySet();
        for (Book.Page<PeerConfig> page : desk.peers().all()) {
            if (page.config() == null) {
                continue;
            }
            String peer = page.config().name();
            page.config().images().forEach((image, there) -> {
                if (images.test(image) && !all.containsKey(new Pair(image, peer))) {
                    missing.add(waiting(image, peer, there, asking));
                }
            });
        }
        all.values().stream()
                .filter(one -> one.state() == State.PRIMARY)
                .forEach(one -> missing.add(waiting(one.image(), one.peer(), one.peerImage(), asking)));
        missing.forEach(one -> all.put(new Pair(one.image(), one.peer()), one));
    }

    /** What its journal keeps for who is at no peer, or at one that may not have it. */
    private void nobodys(Map<Pair, MirrorStatus> all, String image) {
        for (JournalClient client : desk.nobodys(image)) {
            MirrorStatus idle =
                    idle(image, client.id(), "", ImageHead.Role.PRIMARY, State.REFUSED, desk.letGo(image, client));
            all.put(new Pair(image, client.id()), lacking(idle, idle.state(), durable(image), client));
        }
    }

    /** Whether nothing but mirror:resync helps the replica, as far as is known here. */
    boolean needsResync(MirrorStatus status) {
        return status.role() == ImageHead.Role.REPLICA
                ? desk.node().needsResync(status.image())
                : desk.node()
                        .kept(status.image(), status.peer(), status.peerImage())
                        .filter(client -> client.state() == JournalClient.State.EXPIRED)
                        .isPresent();
    }

    private MirrorStatus waiting(String image, String peer, String there, Set<String> asking) {
        boolean linked = desk.node().linked(peer);
        JournalClient client = desk.node().kept(image, peer, there).orElse(null);
        Optional<Fence> fence = fence(image).filter(one -> one.peer().equals(peer));
        if (client != null && client.state() == JournalClient.State.EXPIRED && fence.isEmpty()) {
            return expired(image, peer, there, client);
        }
        long kept = client == null ? -1 : client.commit().sequence();
        boolean wished = desk.replicas()
                .config(image)
                .filter(wish -> wish.peer().equals(peer))
                .isPresent();
        boolean reads = client != null && MirrorNode.readsItself(client);
        String words = (wished ? "primary here; " : "")
                + (reads
                        ? "the replica reads the journal itself, " + (linked ? "linked" : "not linked")
                        : linked ? "linked, and the peer does not ask for the image now" : "not linked");
        if (!linked && asking.contains(image)) {
            words += "; writes here wait until it has said whether it was promoted (mirror:admit goes on without)";
        }
        String keeps = kept < 0 ? "" : "; the journal keeps what follows event " + kept;
        State state = wished ? State.PRIMARY : linked ? State.STARTING : State.UNLINKED;
        if (fence.isPresent()) {
            state = State.REFUSED;
            words = fence.get()
                    + ": writes fail here; mirror:demote or mirror:resync decides for that one, mirror:resync"
                    + " there for this one, and journal:export keeps what only this one has";
        }
        MirrorStatus idle = idle(image, peer, there, ImageHead.Role.PRIMARY, state, words + keeps);
        if (kept < 0) {
            return idle;
        }
        long durable = durable(image);
        return lacking(idle, reads && !wished ? reading(kept, durable) : state, durable, client);
    }

    private static State reading(long received, long durable) {
        return received >= durable ? State.UP_TO_DATE : State.CATCHING_UP;
    }

    private static MirrorStatus lacking(MirrorStatus idle, State state, long durable, JournalClient client) {
        long received = client.commit().sequence();
        long lacks = durable < 0 ? -1 : Math.max(0, durable - received);
        return new MirrorStatus(
                idle.image(),
                idle.peer(),
                idle.peerImage(),
                idle.role(),
                state,
                idle.words(),
                idle.consistency(),
                new MirrorStatus.Marks(durable, -1, received, -1, client.applied()),
                new MirrorStatus.Lag(-1, -1, -1, lacks, lacks == 0 ? 0 : -1),
                idle.rate(),
                -1,
                -1,
                -1,
                idle.heldAt(),
                idle.copy(),
                idle.trouble());
    }

    /** What it lacks is known, and no longer kept. */
    private MirrorStatus expired(String image, String peer, String there, JournalClient client) {
        String words = "nothing is kept any more for " + client.description() + "; run mirror:resync " + there
                + " there, or mirror:disable " + image + " --with " + peer + " here";
        MirrorStatus idle = idle(image, peer, there, ImageHead.Role.PRIMARY, State.REFUSED, words);
        return lacking(idle, idle.state(), durable(image), client);
    }

    private Optional<Fence> fence(String image) {
        try {
            return desk.services().replicas().fence(image);
        } catch (StorageException e) {
            return Optional.empty();
        }
    }

    private long durable(String image) {
        try {
            return desk.facts(image).watermarks().durable();
        } catch (StorageException e) {
            return -1;
        }
    }

    private static MirrorStatus idle(
            String image, String peer, String there, ImageHead.Role role, State state, String words) {
        return new MirrorStatus(
                image,
                peer,
                there,
                role,
                state,
                words,
                Optional.empty(),
                MirrorStatus.Marks.UNKNOWN,
                MirrorStatus.Lag.UNKNOWN,
                MirrorStatus.Rate.NONE,
                -1,
                -1,
                -1,
                Optional.empty(),
                Optional.empty(),
                state == State.REFUSED ? words : "");
    }
}
