package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.base.text.Names;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import io.tidemark.mirror.internal.wire.Outcome;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images that are mirrored, and no longer: at the source the peer may have the image, at the replica there is a wish. The source
 * invites, because a person sits there; the replica's node accepts it or not.
 */
final class Enabling {
    private static final Logger LOG = LoggerFactory.getLogger(Enabling.class);
    private static final long ANSWER_NANOS = 60 * Desk.SECOND;
    private static final long MADE_NANOS = 20 * Desk.SECOND;

    private final Desk desk;

    Enabling(Desk desk) {
        this.desk = desk;
    }

    // ---- at the source

    void enable(String image, String peer, ReplicaOptions options) throws StorageException {
        PeerConfig config = desk.peer(peer);
        ImageFacts facts = source(image);
        String there = options.name().isEmpty() ? image : name(options.name());
        if (config.wish().isLocal() && there.equals(image)) {
            throw new StorageException(
                    Reason.INVALID,
                    "name: the image " + image + " cannot follow itself",
                    "give the replica on this node another name");
        }
        String before = config.images().get(image);
        if (before != null && !before.equals(there)) {
            throw new StorageException(
                    Reason.EXISTS,
                    "the image " + image + " is mirrored to the peer " + peer + " already, as " + before,
                    "disable that first");
        }
        ReplicaWish follows = desk.replicas().config(image).orElse(null);
        if (follows != null
                && follows.peer().equals(peer)
                && !follows.sourceImage().equals(there)) {
            throw oneOnly(image, follows.sourceImage(), peer);
        }
        invite(facts, image, peer, there, options);
    }

    /** An image has one partner with each peer: that is how a peer's questions and progress are told apart. */
    private static StorageException oneOnly(String image, String there, String peer) {
        return new StorageException(
                Reason.BUSY,
                "the image " + image + " is mirrored with " + there + " of the peer " + peer + " already",
                "mirror it to another peer: on one node, add a further one with mirror:peer-add --transport local");
    }

    /** A primary, or a replica that others are to follow in turn. */
    private ImageFacts source(String image) throws StorageException {
        ImageFacts facts = desk.facts(image);
        if (facts.role() == ImageHead.Role.REPLICA && facts.replica().consistency() != Consistency.CONSISTENT) {
            throw new StorageException(
                    Reason.INVALID,
                    "the replica " + image + " is not consistent yet, so nothing can follow it",
                    "wait until mirror:status says that it is");
        }
        if (facts.role() == ImageHead.Role.REPLICA) {
            desk.checkRelay(image, "nothing can follow it");
        }
        return facts;
    }

    /** Lets the peer have the image and asks it to; undone when it does not. */
    void invite(ImageFacts facts, String image, String peer, String there, ReplicaOptions options)
            throws StorageException {
        boolean[] added = new boolean[1];
        desk.peers().change(peer, config -> {
            Map<String, String> change = config.with(image, there);
            added[0] = change != null;
            return change;
        });
        boolean done = false;
        try {
            Order order = new Order.Enable(
                    facts.imageIdentity(), options.delayNanos(), image, there, options.properties(), options.seed());
            desk.expect(Answer.Answered.class, peer, order, ANSWER_NANOS, WorkListener.QUIET);
            done = true;
        } catch (StorageException e) {
            // Nobody knows whether it was taken: then the peer may ask for the image, and is to get it.
            done = e.reason() == Reason.STALE_SERVICE;
            throw e;
        } finally {
            if (!done && added[0]) {
                takeBack(image, peer);
            }
        }
        LOG.info("the image '{}' is mirrored to {} as '{}'", image, peer, there);
    }

    private void takeBack(String image, String peer) {
        try {
            desk.peers().change(peer, config -> config.without(image));
        } catch (StorageException e) {
            LOG.warn("{} may still have the image '{}': {}", peer, image, e.getMessage());
        }
    }

    private static String name(String text) throws StorageException {
        try {
            return Names.check("image", text);
        } catch (IllegalArgumentException e) {
            throw new StorageException(Reason.INVALID, "name: " + e.getMessage(), "");
        }
    }

    // ---- at either

    boolean disable(String image, String peer) throws StorageException {
        if (peer.startsWith(ReplicaManager.CLIENT_PREFIX)) {
            letGo(image, peer);
            // There is nobody to tell.
            return true;
        }
        if (peer.isEmpty() && desk.refused(image).isPresent()) {
            desk.replicas().remove(image, config -> null);
            LOG.info("the image '{}' is no longer to follow anybody: its configuration was refused", image);
            return false;
        }
        String there = desk.there(image, peer);
        boolean told = tell(image, peer, there);
        forget(image, peer, there);
        return told;
    }

    /** No peer's name leads to it: its node is gone, has another key, or is called otherwise now. */
    private void letGo(String image, String id) throws StorageException {
        Journal journal = desk.services().images().journal(image);
        JournalClient client = journal.clients().stream()
                .filter(one -> one.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new StorageException(
                        Reason.NOT_FOUND,
                        "the journal of the image " + image + " knows no " + id,
                        "journal:info " + image + " shows whom it knows"));
        if (!desk.isNobodys(image, client)) {
            throw new StorageException(
                    Reason.MISMATCH,
                    id + " is at a peer that may have it, or it is not known yet who the peers are",
                    "run mirror:disable with the name of the peer that has this key, as mirror:peer-list shows it");
        }
        journal.removeClient(id);
        LOG.info("the journal of the image '{}' is no longer kept for {}", image, id);
    }

    private boolean tell(String image, String peer, String there) {
        try {
            desk.expect(Answer.Answered.class, peer, new Order.Disable(there, image), ANSWER_NANOS, WorkListener.QUIET);
            return true;
        } catch (StorageException e) {
            LOG.warn("{} does not know that '{}' is no longer mirrored: {}", peer, image, e.getMessage());
            return e.reason() == Reason.NOT_FOUND;
        }
    }

    /**
     * Here, in both directions. The journal first: while it cannot be told, nothing is changed, and the order can be given
     * again.
     */
    private void forget(String image, String peer, String there) throws StorageException {
        forgetClient(image, peer, there);
        ReplicaWish wish = desk.replicas().config(image).orElse(null);
        if (wish != null && wish.peer().equals(peer)) {
            if (wish.isShared()) {
                // It registered itself.
                desk.node().endReplica(image, true, MADE_NANOS);
            }
            desk.replicas().remove(image, config -> null);
        }
        if (desk.peers().config(peer).isPresent()) {
            desk.peers().change(peer, config -> config.without(image));
        }
        // For who has asked in between.
        forgetClient(image, peer, there);
        LOG.info("the image '{}' is no longer mirrored with {}", image, peer);
    }

    private void forgetClient(String image, String peer, String there) throws StorageException {
        try {
            desk.node().forget(image, peer, there);
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                throw new StorageException(
                        e.reason(),
                        "the journal of the image " + image + " may still be kept for the peer " + peer + ": "
                                + e.getMessage(),
                        "run mirror:disable again when the image serves",
                        e);
            }
        }
    }

    // ---- as asked by a peer

    Answer disabled(String peer, Order.Disable order) throws StorageException {
        ReplicaWish wish = desk.replicas().config(order.target()).orElse(null);
        boolean follows =
                wish != null && wish.peer().equals(peer) && wish.sourceImage().equals(order.atSender());
        boolean sends = order.atSender().equals(desk.peer(peer).images().get(order.target()));
        if (!follows && !sends) {
            throw new StorageException(
                    Reason.NOT_FOUND,
                    "the image " + order.target() + " is not mirrored with " + order.atSender() + " of " + peer
                            + " here",
                    "");
        }
        forget(order.target(), peer, order.atSender());
        return done();
    }

    Answer enabled(String peer, Order.Enable order) throws StorageException {
        if (!desk.peer(peer).settings().mayPlace()) {
            throw new StorageException(
                    Reason.READ_ONLY,
                    "the peer " + peer + " may not place replicas on the node " + desk.nodeName(),
                    "set mayPlace = true in its configuration there");
        }
        String image = name(order.replica());
        checkShared(order.properties().get(ReplicaWish.SHARED));
        checkProperties(order, image);
        ReplicaWish before = desk.replicas().config(image).orElse(null);
        boolean follows = before != null
                && before.peer().equals(peer)
                && before.sourceImage().equals(order.image());
        if (before != null && !follows && turns(before, peer, order)) {
            return done();
        }
        if (before != null && !follows) {
            throw new StorageException(
                    Reason.BUSY,
                    "the image " + image + " follows " + before.sourceImage() + " of " + before.peer() + " on the node "
                            + desk.nodeName(),
                    "disable that first, or choose another name");
        }
        String granted = desk.peer(peer).images().get(image);
        if (granted != null && !granted.equals(order.image())) {
            throw oneOnly(image, granted, peer);
        }
        UUID seed = order.seed() ? seed(order, image) : ReplicaWish.NO_SEED;
        ReplicaWish wish = wished(before, image, peer, order).seeded(seed);
        boolean there = seed.equals(ReplicaWish.NO_SEED) && checkImage(order, image);
        Map<String, String> properties = ReplicaConfig.properties(wish);
        if (before == null) {
            desk.replicas().add(image, properties);
        } else {
            desk.replicas().change(image, config -> properties);
            desk.node().look(image);
        }
        if (!there) {
            awaitMade(before, wish);
        }
        LOG.info("a replica of '{}' of {} is wished, as '{}'", order.image(), peer, image);
        return done();
    }

    /**
     * What an invitation leaves open stays as it was: it may be repeated, or come from a node that has just been promoted and knows
     * nothing of what was ordered for the replica.
     */
    private static ReplicaWish wished(ReplicaWish before, String image, String peer, Order.Enable order)
            throws StorageException {
        Map<String, String> create = new TreeMap<>();
        if (before != null && !order.seed()) {
            create.putAll(before.properties());
        }
        create.putAll(order.properties());
        String shared = create.remove(ReplicaWish.SHARED);
        ReplicaWish wish = ReplicaWish.turned(before, image, peer, name(order.image()), create);
        wish = order.delayNanos() == ReplicaOptions.DELAY_AS_BEFORE ? wish : wish.delayed(order.delayNanos());
        return shared == null ? wish : wish.shared(shared);
    }

    /**
     * A replica whose source is away goes on with the one that took its place, where that has all that the replica has: nobody else
     * could, and a copy is not needed. While the source is linked people decide.
     */
    private boolean turns(ReplicaWish before, String peer, Order.Enable order) throws StorageException {
        String image = before.image();
        String granted = desk.peer(peer).images().get(image);
        boolean free = !order.seed()
                && !before.isShared()
                && !desk.node().linked(before.peer())
                && (granted == null || granted.equals(order.image()));
        if (!free || !isReplicaOf(order.identity(), image)) {
            return false;
        }
        // Nothing comes from there while the two are compared.
        desk.node().endReplica(image, false, MADE_NANOS);
        try {
            Answer.Facts theirs = desk.look(peer, order.image());
            if (theirs.role() == ImageHead.Role.PRIMARY
                    && theirs.identity().equals(order.identity())
                    && Desk.compare(theirs, desk.replica(image)).kind() == Verdict.Kind.CONTINUES) {
                ReplicaWish now = wished(before, image, peer, order);
                desk.replicas().change(image, config -> config.equals(before) ? ReplicaConfig.properties(now) : null);
            }
        } finally {
            desk.replicas().config(image).ifPresent(desk.node()::addReplica);
        }
        boolean turned = desk.replicas()
                .config(image)
                .filter(wish -> wish.peer().equals(peer))
                .isPresent();
        if (turned) {
            LOG.info("the replica '{}' follows {} from now on, which took the place of {}", image, peer, before.peer());
        }
        return turned;
    }

    private boolean isReplicaOf(UUID identity, String image) throws StorageException {
        ImageFacts facts = desk.services().known(image).orElse(null);
        return facts != null
                && facts.role() == ImageHead.Role.REPLICA
                && facts.replica().consistency() == Consistency.CONSISTENT
                && facts.imageIdentity().equals(identity);
    }

    private void checkShared(String pool) throws StorageException {
        if (pool != null && !pool.isEmpty() && desk.services().journals().apply(pool) == null) {
            throw new StorageException(
                    Reason.INVALID,
                    ReplicaWish.SHARED + ": there is no journal pool " + pool + " on the node " + desk.nodeName(),
                    "name the pool of that node in which the journals of both lie");
        }
    }

    /** They are for the image when it is made. One that is there keeps its own, and would not have what the order says. */
    private void checkProperties(Order.Enable order, String image) throws StorageException {
        Map<String, String> wished = new TreeMap<>(order.properties());
        wished.remove(ReplicaWish.SHARED);
        ImageFacts facts =
                wished.isEmpty() ? null : desk.services().known(image).orElse(null);
        if (facts == null || !facts.imageIdentity().equals(order.identity())) {
            return;
        }
        ImageStatus here = desk.services().images().image(image);
        Map<String, String> has = new TreeMap<>(here.properties());
        // It lies in a pool also where its configuration names none.
        has.putIfAbsent(ImageKeys.POOL, here.pool());
        has.putIfAbsent(ImageKeys.JOURNAL_POOL, here.journalPool());
        wished.entrySet().removeAll(has.entrySet());
        if (!wished.isEmpty()) {
            throw new StorageException(
                    Reason.INVALID,
                    String.join(", ", wished.keySet()) + ": the replica " + image + " is on the node " + desk.nodeName()
                            + " already, with a configuration of its own",
                    "leave that out, and change it there with image:set");
        }
    }

    /** What cannot be made is said at once and leaves no wish, nor one to give up what is here. */
    private void awaitMade(ReplicaWish before, ReplicaWish wish) throws StorageException {
        String image = wish.image();
        try {
            desk.node().awaitMade(image, MADE_NANOS);
        } catch (StorageException e) {
            if (before == null) {
                desk.replicas().remove(image, config -> null);
            } else if (wish.hasSeed()) {
                ReplicaWish unseeded = before.seeded(ReplicaWish.NO_SEED);
                desk.replicas()
                        .change(image, config -> config.equals(wish) ? ReplicaConfig.properties(unseeded) : null);
            }
            throw e;
        }
    }

    /** The image whose bytes become the replica's; none where the very image is there already. */
    private UUID seed(Order.Enable order, String image) throws StorageException {
        ImageFacts facts = desk.services()
                .known(image)
                .orElseThrow(
                        () -> new StorageException(
                                Reason.NOT_FOUND,
                                "there is no image " + image + " on the node " + desk.nodeName() + " to begin with",
                                "make it there with image:create, and bring the older copy into it by NBD; or mirror without --seed"));
        if (facts.imageIdentity().equals(order.identity())) {
            return ReplicaWish.NO_SEED;
        }
        for (Book.Page<PeerConfig> page : desk.peers().all()) {
            if (page.config() != null && page.config().images().containsKey(image)) {
                throw new StorageException(
                        Reason.BUSY,
                        "the image " + image + " of the node " + desk.nodeName() + " is mirrored to "
                                + page.config().name(),
                        "end that first with mirror:disable: what it is now would be given up");
            }
        }
        return facts.imageIdentity();
    }

    /** Whether the very image is there already. */
    private boolean checkImage(Order.Enable order, String image) throws StorageException {
        ImageFacts facts = desk.services().known(image).orElse(null);
        if (facts == null) {
            return false;
        }
        if (!facts.imageIdentity().equals(order.identity())) {
            throw new StorageException(
                    Reason.EXISTS,
                    "there is another image " + image + " on the node " + desk.nodeName(),
                    "choose another name for the replica");
        }
        if (facts.role() == ImageHead.Role.PRIMARY) {
            throw new StorageException(
                    Reason.BUSY,
                    "the image " + image + " is primary on the node " + desk.nodeName() + ", too",
                    "decide which one stays, and run mirror:demote at the other");
        }
        return true;
    }

    static Answer done() {
        return new Answer.Answered(Outcome.DONE, "done");
    }
}
