package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.mirror.internal.fork.ForkCheck;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.MirrorNode;
import io.tidemark.mirror.internal.run.PeerState;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.run.Services;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What the parts of this package share.
 *
 * @param context threads and clocks
 * @param services of the engine
 * @param node links and channels
 * @param peers wishes
 * @param replicas wishes
 * @param turns for changes of one image's role
 * @param nodeName of this node, for people
 * @param startedNanos when it began, on the monotonic clock
 */
record Desk(
        StorageContext context,
        Services services,
        MirrorNode node,
        Book<PeerConfig> peers,
        Book<ReplicaWish> replicas,
        Turns turns,
        String nodeName,
        long startedNanos) {
    static final long SECOND = 1_000_000_000L;
    /** Whoever tells of configurations does it soon after the start, and nobody says when it was the last one. */
    private static final long TOLD_NANOS = 5 * SECOND;

    private static final long LOOK_NANOS = 20 * SECOND;

    /** How long it may be until all configurations are known, of images too; 0 when they are. */
    long untilToldNanos() {
        return Math.max(0, startedNanos + TOLD_NANOS - context.clock().monotonicNanos());
    }

    PeerConfig peer(String name) throws StorageException {
        Book.Page<PeerConfig> page = peers.page(name)
                .orElseThrow(() -> new StorageException(
                        Reason.NOT_FOUND, "there is no peer " + name, "mirror:peer-list shows those that there are"));
        if (page.config() == null) {
            throw new StorageException(
                    Reason.NOT_FOUND,
                    "the configuration of the peer " + name + " is refused: " + page.refused(),
                    page.remedy());
        }
        return page.config();
    }

    ImageFacts facts(String image) throws StorageException {
        return services.replicas().facts(image);
    }

    ImageFacts primary(String image) throws StorageException {
        ImageFacts facts = facts(image);
        if (facts.role() != ImageHead.Role.PRIMARY) {
            throw new StorageException(
                    Reason.MISMATCH, "the image " + image + " is a replica here", "run this where it is primary");
        }
        return facts;
    }

    void checkUnfenced(String image) throws StorageException {
        Fence fence = services.replicas().fence(image).orElse(null);
        if (fence != null) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + image + " is " + fence + ": it was taken over there",
                    "run mirror:resync here, or at " + fence.peer() + " when this one is to stay");
        }
    }

    ImageFacts replica(String image) throws StorageException {
        ImageFacts facts = facts(image);
        if (facts.role() == ImageHead.Role.PRIMARY) {
            throw new StorageException(
                    Reason.MISMATCH, "the image " + image + " is primary here", "run this where a replica of it is");
        }
        return facts;
    }

    /** What needs a kept journal is refused where there is none. */
    void checkRelay(String image, String what) throws StorageException {
        if ("off".equals(services.images().image(image).properties().get(ImageKeys.RELAY))) {
            throw new StorageException(
                    Reason.INVALID,
                    ImageKeys.RELAY + ": the replica " + image + " keeps no journal, so " + what,
                    "set relay=on for it first");
        }
    }

    /** What an image is to follow, where nobody can say whom. */
    Optional<Book.Page<ReplicaWish>> refused(String image) {
        return replicas.page(image).filter(page -> page.config() == null);
    }

    /** Name of an image at a peer; that has no name where the image's own configuration is refused. */
    String there(String image, String peer) throws StorageException {
        Book.Page<ReplicaWish> refused = refused(image).orElse(null);
        if (peer.isEmpty() && refused != null) {
            throw new StorageException(
                    Reason.INVALID,
                    "the configuration of the replica " + image + " is refused: " + refused.refused(),
                    refused.remedy());
        }
        ReplicaWish wish = replicas.config(image).orElse(null);
        if (wish != null && wish.peer().equals(peer)) {
            return wish.sourceImage();
        }
        String granted = peer(peer).images().get(image);
        if (granted == null) {
            throw new StorageException(
                    Reason.NOT_FOUND,
                    "the image " + image + " is not mirrored with the peer " + peer,
                    "mirror:status shows what is");
        }
        return granted;
    }

    /**
     * Whether a client of a journal is a replica at a node whose key no peer has (any more): no link and no peer's name leads to it.
     * Of nobody before it is known who the peers are.
     */
    boolean isStrange(JournalClient client) {
        if (!client.id().startsWith(ReplicaManager.CLIENT_PREFIX) || untilToldNanos() > 0) {
            return false;
        }
        String digits = digits(client);
        // Of a peer whose configuration is refused only that knows the key.
        Stream<String> keys = Stream.concat(
                node.peers().stream().map(PeerState::key),
                peers.all().stream().map(page -> page.wish().properties().getOrDefault(PeerConfig.KEY, "")));
        return keys.noneMatch(key -> key.contains(digits));
    }

    /** What it has of the key of its node. */
    private static String digits(JournalClient client) {
        return client.id().split(":", 3)[1];
    }

    /**
     * Whether nobody but a person can let a client of a journal go: it is strange, or at a peer that may not have the image, as
     * when that is called otherwise now, and so would never end it.
     */
    boolean isNobodys(String image, JournalClient client) {
        if (isStrange(client)) {
            return true;
        }
        return client.id().startsWith(ReplicaManager.CLIENT_PREFIX)
                && untilToldNanos() == 0
                && refused(image).isEmpty()
                && peers.all().stream().noneMatch(page -> mayHave(page, image, client));
    }

    private boolean mayHave(Book.Page<PeerConfig> page, String image, JournalClient client) {
        if (page.config() == null) {
            return page.wish().properties().getOrDefault(PeerConfig.KEY, "").contains(digits(client));
        }
        return names(page.config().name(), image).stream()
                .anyMatch(there -> node.client(page.config().name(), there).equals(client.id()));
    }

    /** As what a peer may have an image of this node: as its replica, or as what that follows. */
    Set<String> names(String peer, String image) {
        Set<String> names = new TreeSet<>();
        replicas.config(image)
                .filter(wish -> wish.peer().equals(peer))
                .ifPresent(wish -> names.add(wish.sourceImage()));
        peers.config(peer).map(config -> config.images().get(image)).ifPresent(names::add);
        return names;
    }

    /** For whom a journal is kept that nobody but a person can let go; nobody where it cannot be asked. */
    List<JournalClient> nobodys(String image) {
        try {
            return services.images().journal(image).clients().stream()
                    .filter(client -> isNobodys(image, client))
                    .toList();
        } catch (StorageException e) {
            return List.of();
        }
    }

    /** What is to be done about one of these. */
    String letGo(String image, JournalClient client) {
        boolean strange = isStrange(client);
        return (strange ? "no peer has the key of " : "no peer may have it as ") + client.id()
                + ", for which the journal "
                + (client.state() == JournalClient.State.EXPIRED
                        ? "keeps nothing any more"
                        : "keeps what follows event " + client.commit().sequence())
                + (strange
                        ? "; where that node is gone, or has another key now, run mirror:disable "
                        : "; run mirror:enable " + image + " with that peer to go on, or mirror:disable ")
                + image + " --with " + client.id();
    }

    Answer.Facts look(String peer, String image) throws StorageException {
        return expect(Answer.Facts.class, peer, new Order.Look(image), LOOK_NANOS, WorkListener.QUIET);
    }

    /** How a peer's journal of an image stands to the one here. */
    static Verdict compare(Answer.Facts theirs, ImageFacts ours) {
        return ForkCheck.compare(
                new ForkCheck.Side(theirs.epochs(), theirs.durable()),
                theirs.trimmed(),
                new ForkCheck.Side(ours.epochs(), ours.watermarks().durable()));
    }

    /** Whether a peer's replica only lacks what there is here. */
    static boolean lacksOnly(Answer.Facts theirs, ImageFacts ours) {
        return theirs.role() == ImageHead.Role.REPLICA
                && theirs.identity().equals(ours.imageIdentity())
                && ForkCheck.lacksOnly(
                        new ForkCheck.Side(theirs.epochs(), theirs.durable()),
                        new ForkCheck.Side(ours.epochs(), ours.watermarks().durable()));
    }

    /** Gives an order that is answered with something. */
    <A extends Answer> A expect(Class<A> type, String peer, Order order, long timeoutNanos, WorkListener listener)
            throws StorageException {
        Answer answer = node.ask(peer, order, timeoutNanos, listener);
        if (type.isInstance(answer)) {
            return type.cast(answer);
        }
        throw new StorageException(
                Reason.CORRUPT, peer + " answers " + order.type() + " with " + answer.type(), "update the older node");
    }

    void pause(long nanos) {
        context.workers().newGate().await(nanos);
    }

    static StorageException givenUp(String what) {
        return new StorageException(Reason.CLOSED, "given up: " + what, "");
    }
}
