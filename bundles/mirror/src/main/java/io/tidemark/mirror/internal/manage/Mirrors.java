package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.PeerStatus;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.mirror.Split;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishKind;
import io.tidemark.base.wish.WishStore;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.run.MirrorNode;
import io.tidemark.mirror.internal.run.MirrorSettings;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.run.Services;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.management.MBeanServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The mirror of a node with its wishes, without OSGi. Safe for all threads. */
public final class Mirrors implements MirrorManager, AutoCloseable {
    /** Peers: {@code etc/io.tidemark.mirror.peer-NAME.cfg}. */
    public static final WishKind PEERS = new WishKind("io.tidemark.mirror.peer", "peer", """
            # The peer NAME: another node to mirror with. Changes take effect at once. mirror:peer-add wrote this file.
            # Removing it ends the link; images that are mirrored with it wait until it is there again.
            """);

    /** Replicas: {@code etc/io.tidemark.mirror.replica-IMAGE.cfg}. */
    public static final WishKind REPLICAS = new WishKind("io.tidemark.mirror.replica", "replica", """
            # The image NAME follows one of a peer. Changes take effect at once. mirror:enable wrote this file.
            # Removing it ends the following; only mirror:disable tells the peer that it need keep nothing for it.
            """);

    /**
     * Where wishes are kept.
     *
     * @param peers of the kind {@link #PEERS}
     * @param replicas of the kind {@link #REPLICAS}
     * @param branches that are given up
     */
    public record Stores(WishStore peers, WishStore replicas, Branches branches) {}

    /**
     * Where branches are kept that were given up by an order.
     *
     * @param directory made when it is needed
     * @param limitBytes that they take together at most
     */
    public record Branches(Path directory, long limitBytes) {}

    private static final Logger LOG = LoggerFactory.getLogger(Mirrors.class);

    private final Handshake.Self self;
    private final MirrorNode node;
    private final Desk desk;
    private final Statuses statuses;
    private final Enabling enabling;
    private final Heads heads;
    private final Followers followers;
    private final Roles roles;
    private final Comparing comparing;
    private final Fencing fencing;
    private final Splits splits;
    private final KeptBranches branches;
    private final Leftovers leftovers;
    private final MirrorBeans beans;

    /**
     * A mirror without peers. Nothing runs before {@link #start}.
     *
     * @param context threads and clocks
     * @param services of the engine
     * @param settings bounds and times
     * @param self who this node is
     * @param nonces random bytes, new ones at each call
     * @param stores where commands keep wishes and branches
     */
    public Mirrors(
            StorageContext context,
            Services services,
            MirrorSettings settings,
            Handshake.Self self,
            Supplier<byte[]> nonces,
            Stores stores) {
        this.self = self;
        PeerOrders master = new PeerOrders();
        node = new MirrorNode(context, services, settings, self, nonces, master);
        Turns turns = new Turns(context.workers());
        Book<PeerConfig> peers = new Book<>(PEERS, stores.peers(), turns, PeerConfig::read, this::peerChanged);
        Book<ReplicaWish> replicas =
                new Book<>(REPLICAS, stores.replicas(), turns, ReplicaConfig::read, this::replicaChanged);
        desk = new Desk(
                context,
                services,
                node,
                peers,
                replicas,
                turns,
                self.name(),
                context.clock().monotonicNanos());
        statuses = new Statuses(desk);
        enabling = new Enabling(desk);
        heads = new Heads(desk, statuses);
        branches = new KeptBranches(context, stores.branches());
        leftovers = new Leftovers(desk, branches);
        followers = new Followers(desk, enabling);
        roles = new Roles(desk, enabling, branches, followers);
        comparing = new Comparing(desk);
        fencing = new Fencing(desk);
        splits = new Splits(desk, statuses);
        beans = new MirrorBeans(desk, statuses);
        master.serve(new PeerOrders.Hands(desk, enabling, roles, comparing, splits, fencing));
    }

    /** Starts the workers. */
    public void start() {
        node.start();
        fencing.start();
        leftovers.start();
    }

    /** Ends all links and replicas. Does not wait for their workers. */
    @Override
    public void close() {
        beans.close();
        followers.close();
        leftovers.close();
        fencing.close();
        node.close();
    }

    // ---- what the container tells

    /**
     * Shows the figures of links and replicas as JMX beans until the mirror is closed.
     *
     * @param server where
     */
    public void show(MBeanServer server) {
        beans.show(server);
    }

    /**
     * Changes the bounds on copies that this node sends, those under way included.
     *
     * @param atOnce so many, at least 1; where more are under way none of them is cut
     * @param bytesPerSecond that each copy may take; 0 for no bound
     */
    public void copies(int atOnce, long bytesPerSecond) {
        node.copies(atOnce, bytesPerSecond);
    }

    /**
     * Offers a transport.
     *
     * @param name as peers' settings use it
     * @param transport to listen on and to dial with
     */
    public void transport(String name, ReplicationTransport transport) {
        node.transport(name, transport);
    }

    /**
     * Takes a transport away.
     *
     * @param name of it
     */
    public void noTransport(String name) {
        node.noTransport(name);
    }

    /**
     * The configuration of a peer came, or was changed.
     *
     * @param wish with its origin
     */
    public void peerWished(Wish wish) {
        desk.peers().wished(wish);
    }

    /**
     * The configuration of a peer is gone.
     *
     * @param origin of it
     */
    public void peerUnwished(String origin) {
        desk.peers().unwished(origin);
    }

    /**
     * The configuration of a replica came, or was changed.
     *
     * @param wish with its origin
     */
    public void replicaWished(Wish wish) {
        desk.replicas().wished(wish);
    }

    /**
     * The configuration of a replica is gone.
     *
     * @param origin of it
     */
    public void replicaUnwished(String origin) {
        desk.replicas().unwished(origin);
    }

    private void peerChanged(String name, Book.Page<PeerConfig> before, Book.Page<PeerConfig> now) {
        fencing.configured();
        if (now == null || now.config() == null) {
            node.removePeer(name);
        } else {
            node.addPeer(now.config().wish());
        }
        beans.look();
        fencing.look();
        if (before != null && before.config() != null && now != null && now.config() != null) {
            keyChanged(before.config().settings().key(), now.config());
        }
    }

    /** What journals keep for the key before is in nobody's way, so nobody would look for it. */
    private void keyChanged(String before, PeerConfig now) {
        if (before.isEmpty() || before.equals(now.settings().key())) {
            return;
        }
        for (String image : now.images().keySet()) {
            desk.nobodys(image)
                    .forEach(client -> LOG.warn(
                            "the peer {} has another key now; of the image '{}': {}",
                            now.name(),
                            image,
                            desk.letGo(image, client)));
        }
    }

    private void replicaChanged(String image, Book.Page<ReplicaWish> before, Book.Page<ReplicaWish> now) {
        fencing.configured();
        ReplicaWish old = before == null ? null : before.config();
        ReplicaWish wish = now == null ? null : now.config();
        if (wish == null) {
            node.removeReplica(image, false);
        } else if (old != null && old.delayed(wish.delayNanos()).equals(wish)) {
            node.delay(image, wish.delayNanos());
        } else {
            node.addReplica(wish);
        }
        beans.look();
        fencing.look();
    }

    // ---- peers

    @Override
    public String ownKey() {
        return self.key().toString();
    }

    @Override
    public List<String> ownAddresses() {
        return node.addresses();
    }

    @Override
    public List<String> transports() {
        return Stream.concat(node.transports().stream(), Stream.of(PeerSettings.LOCAL))
                .toList();
    }

    @Override
    public List<PeerStatus> peers() {
        return statuses.peers();
    }

    @Override
    public PeerStatus addPeer(String name, PeerSettings settings) throws StorageException {
        if (settings.key().equals(ownKey())) {
            throw new StorageException(
                    Reason.INVALID, "the key " + settings.key() + " is this node's own", "give the other node's key");
        }
        for (PeerStatus known : peers()) {
            String key = known.settings().key();
            if (!key.isEmpty() && key.equals(settings.key())) {
                throw new StorageException(
                        Reason.EXISTS,
                        "the peer " + known.name() + " has the key " + key + " already",
                        "remove that peer first, or use it");
            }
        }
        desk.peers().add(name, PeerConfig.properties(settings));
        return statuses.peer(name);
    }

    @Override
    public void removePeer(String name) throws StorageException {
        desk.peers().remove(name, config -> {
            TreeSet<String> images = new TreeSet<>(config.images().keySet());
            desk.replicas().all().stream()
                    .map(Book.Page::config)
                    .filter(wish -> wish != null && wish.peer().equals(name))
                    .forEach(wish -> images.add(wish.image()));
            if (!images.isEmpty()) {
                throw new StorageException(
                        Reason.BUSY,
                        "images are mirrored with the peer " + name + ": " + String.join(", ", images),
                        "run mirror:disable for each of them first");
            }
            return null;
        });
    }

    // ---- images

    @Override
    public MirrorStatus enable(String image, String peer, ReplicaOptions options) throws StorageException {
        enabling.enable(image, peer, options);
        return statuses.of(image, peer);
    }

    @Override
    public boolean disable(String image, String peer) throws StorageException {
        try {
            return enabling.disable(image, peer);
        } finally {
            // It may have been the last one that was to be asked.
            fencing.look();
        }
    }

    @Override
    public List<MirrorStatus> status() {
        return statuses.all();
    }

    @Override
    public List<MirrorStatus> status(String image) throws StorageException {
        return statuses.of(image);
    }

    // ---- heads

    @Override
    public MirrorStatus hold(String image) throws StorageException {
        return heads.hold(image);
    }

    @Override
    public MirrorStatus release(String image) throws StorageException {
        return heads.release(image);
    }

    @Override
    public MirrorStatus step(String image, long events) throws StorageException {
        return heads.step(image, events);
    }

    @Override
    public MirrorStatus step(String image, Position to) throws StorageException {
        return heads.step(image, to);
    }

    @Override
    public MirrorStatus delay(String image, long delayNanos) throws StorageException {
        return heads.delay(image, delayNanos);
    }

    // ---- roles

    @Override
    public Promotion promote(String image, boolean force) throws StorageException {
        // What is forced is for when nothing else goes, and waits for nobody.
        Promotion promotion = force
                ? roles.promote(image, true)
                : roles.ordered(image, "mirror:promote", () -> roles.promote(image, false));
        fencing.look();
        return promotion;
    }

    @Override
    public long fetch(String image) throws StorageException {
        return roles.fetch(image);
    }

    @Override
    public Promotion promoteAt(String image, Position at, boolean force, GivenUp given) throws StorageException {
        Promotion promotion = force
                ? roles.promoteAt(image, at, true, given)
                : roles.ordered(image, "mirror:promote", () -> roles.promoteAt(image, at, false, given));
        fencing.look();
        return promotion;
    }

    @Override
    public void admit(String image) throws StorageException {
        desk.primary(image);
        Long question = desk.services().replicas().asking().get(image);
        if (question == null) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + image + " waits for no answer of its replicas",
                    "image:list shows why it holds writes, if it does");
        }
        desk.services().replicas().answered(image, question);
        LOG.warn("the image '{}' admits writes by an order, without an answer of all of its replicas", image);
    }

    @Override
    public Position demote(String image) throws StorageException {
        return roles.ordered(image, "mirror:demote", () -> roles.demote(image));
    }

    @Override
    public Promotion switchOver(String image, String peer, WorkListener listener) throws StorageException {
        return roles.ordered(
                image, "mirror:switch to " + peer, () -> new SwitchOver(desk, roles, image, peer, listener).run());
    }

    @Override
    public Verification verify(String image, String peer, WorkListener listener) throws StorageException {
        return comparing.verify(image, peer, listener);
    }

    @Override
    public MirrorStatus resync(String image, String peer, GivenUp given, boolean whole) throws StorageException {
        return roles.ordered(image, "mirror:resync", () -> {
            new Resync(desk, branches).run(image, peer, given, whole);
            return statuses.of(image, peer);
        });
    }

    // ---- branches

    @Override
    public List<Split> splits(String image) throws StorageException {
        return splits.of(image);
    }

    @Override
    public List<KeptBranch> keptBranches() throws StorageException {
        return branches.all();
    }

    @Override
    public void discardBranch(String name) throws StorageException {
        branches.discard(name);
    }

    @Override
    public String toString() {
        return "mirror of the node " + self.name() + " with " + peers().size() + " peers, "
                + status().stream()
                        .filter(one -> one.role() == ImageHead.Role.REPLICA)
                        .count() + " replicas";
    }
}
