package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.news.News.Topic;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkFigures;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.base.text.LogLimit;
import io.tidemark.base.work.Alarms;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.identity.Pins;
import io.tidemark.mirror.internal.identity.PublicKeys;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mirror of a node: keeps one link with each peer, takes links of peers, and runs the replicas that are wished. Nothing here
 * waits while the lock is held.
 */
public final class MirrorNode implements PeerLink.Owner, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MirrorNode.class);
    /** Links that others opened, at a time. */
    private static final int MOST_UNPROVEN = 16;

    /** A link that was opened and is not started yet. */
    private record Fresh(PeerLink link, ReplicationTransport transport, Pins pins) {}

    private final StorageContext context;
    private final MirrorSettings settings;
    private final Services services;
    private final Handshake.Self self;
    private final Supplier<byte[]> nonces;
    private final Master master;
    private final LogLimit strangers;
    private final Sources sources;
    private final Ways ways;
    private final Gate gate;
    /** For replicas that look only now and then. */
    private final Alarms alarms;

    private final Object lock = new Object();
    private final Map<String, Peer> peers = new TreeMap<>();
    private final Map<String, Incoming> replicas = new TreeMap<>();
    private final ArrayDeque<Fresh> fresh = new ArrayDeque<>();
    /** Links that others opened and whose peers have not proven themselves, the oldest one first. */
    private final Set<PeerLink> unproven = new LinkedHashSet<>();

    private boolean closed;

    /**
     * A mirror without peers. Nothing runs before {@link #start}.
     *
     * @param context threads and clocks
     * @param services of the engine
     * @param settings bounds and times
     * @param self who this node is
     * @param nonces random bytes, new ones at each call
     * @param master decides what peers may, and does what they ask for
     */
    public MirrorNode(
            StorageContext context,
            Services services,
            MirrorSettings settings,
            Handshake.Self self,
            Supplier<byte[]> nonces,
            Master master) {
        this.context = context;
        this.services = services;
        this.settings = settings;
        this.self = self;
        this.nonces = nonces;
        this.master = master;
        this.strangers = new LogLimit(context.clock().monotonicNanos());
        this.sources = new Sources(context, Origin.of(services), services.news(), settings, master);
        this.ways = new Ways(settings.mostBackOffNanos());
        this.gate = context.workers().newGate();
        this.alarms = new Alarms(context.workers(), context.clock(), "mirror-alarms");
    }

    /** Starts the workers. */
    public void start() {
        sources.start();
        context.workers().start("mirror", this::run);
    }

    // ---- wishes

    /**
     * Changes the bounds on copies that this node sends, those under way included.
     *
     * @param atOnce so many, at least 1; where more are under way none of them is cut
     * @param bytesPerSecond that each copy may take; 0 for no bound
     */
    public void copies(int atOnce, long bytesPerSecond) {
        sources.copies(atOnce, bytesPerSecond);
    }

    /**
     * Offers a transport. It takes links only while there is a peer for it.
     *
     * @param name as peers' settings use it; in place of one that had the name
     * @param transport to listen on and to dial with
     */
    public void transport(String name, ReplicationTransport transport) {
        ways.put(name, transport);
        gate.open();
    }

    /**
     * Takes a transport away; its links end by themselves.
     *
     * @param name of it
     */
    public void noTransport(String name) {
        ways.remove(name);
    }

    /**
     * Where peers reach this node.
     *
     * @return addresses, as other nodes' peers may name them
     */
    public List<String> addresses() {
        return ways.addresses();
    }

    /**
     * The transports that there are.
     *
     * @return their names, sorted
     */
    public List<String> transports() {
        return ways.names();
    }

    /**
     * Adds a peer, or changes it: where it is another node or reached otherwise, its link begins anew.
     *
     * @param wish which
     */
    public void addPeer(PeerWish wish) {
        synchronized (lock) {
            Peer known = peers.get(wish.name());
            if (known != null && known.isReachedAs(wish)) {
                known.wish = wish;
                return;
            }
        }
        removePeer(wish.name());
        Peer peer = new Peer(wish, settings.leastBackOffNanos());
        peer.key = wish.isLocal() ? self.key().publicKey() : peer.key;
        synchronized (lock) {
            peers.put(wish.name(), peer);
        }
        gate.open();
    }

    /**
     * Ends everything with a peer.
     *
     * @param name of it
     */
    public void removePeer(String name) {
        Peer gone;
        synchronized (lock) {
            gone = peers.remove(name);
            if (gone != null) {
                // When its link ends, it is nobody's any more.
                tell(gone, null, "the peer was removed, or is another one or reached otherwise now");
            }
        }
        if (gone != null) {
            ReplicationTransport.Connecting connecting;
            PeerLink link;
            synchronized (lock) {
                connecting = gone.connecting;
                link = gone.link;
            }
            if (connecting != null) {
                connecting.close();
            }
            if (link != null) {
                link.close("the peer was removed");
            }
            gate.open();
        }
    }

    /**
     * Has a replica, in place of the one that there is of that image. Behind the end of the mirror it ends at once.
     *
     * @param wish which
     */
    public void addReplica(ReplicaWish wish) {
        SharedSource shared =
                wish.isShared() ? new SharedSource(context, services, settings, self, master, wish) : null;
        Incoming incoming = new Incoming(context, services, settings, wish, this::replicaCount, shared, alarms);
        Incoming gone;
        synchronized (lock) {
            gone = closed ? incoming : replicas.put(wish.image(), incoming);
            Peer peer = peers.get(wish.peer());
            if (peer != null && peer.linked()) {
                incoming.linked(peer.link, "");
            }
        }
        if (gone != null) {
            gone.close(false);
        }
        incoming.start();
    }

    /**
     * No longer receives; the image stays.
     *
     * @param image name here
     * @param forget whether the source need keep nothing for it any more
     */
    public void removeReplica(String image, boolean forget) {
        Incoming gone;
        synchronized (lock) {
            gone = replicas.remove(image);
        }
        if (gone != null) {
            gone.close(forget);
        }
    }

    /**
     * No longer receives, and returns when nothing more comes; the image stays.
     *
     * @param image name here
     * @param forget whether the source need keep nothing for it any more
     * @param timeoutNanos at most so long
     * @return false when something may still come
     */
    public boolean endReplica(String image, boolean forget, long timeoutNanos) {
        Incoming gone = incoming(image);
        if (gone == null) {
            return true;
        }
        removeReplica(image, forget);
        return gone.awaitEnd(timeoutNanos);
    }

    /**
     * Changes the delay of a replica.
     *
     * @param image name here
     * @param nanos the new one
     */
    public void delay(String image, long nanos) {
        Optional.ofNullable(incoming(image)).ifPresent(incoming -> incoming.delay(nanos));
    }

    /**
     * Has a replica look at once whether it can go on: its role has changed, or its source's.
     *
     * @param image name here
     */
    public void look(String image) {
        Optional.ofNullable(incoming(image)).ifPresent(Incoming::look);
    }

    /**
     * Waits until the image of a replica is there, or could not be made.
     *
     * @param image name here
     * @param timeoutNanos at most so long
     * @return whether it is there
     * @throws StorageException why it could not be made
     */
    public boolean awaitMade(String image, long timeoutNanos) throws StorageException {
        Incoming incoming = incoming(image);
        return incoming != null && incoming.awaitMade(timeoutNanos);
    }

    /**
     * Whether it receives, or tries to.
     *
     * @param image name here
     * @return also while nothing comes
     */
    public boolean receives(String image) {
        return incoming(image) != null;
    }

    private Incoming incoming(String image) {
        synchronized (lock) {
            return replicas.get(image);
        }
    }

    private int replicaCount() {
        synchronized (lock) {
            return replicas.size();
        }
    }

    // ---- for people

    /**
     * All peers.
     *
     * @return sorted by name
     */
    public List<PeerState> peers() {
        synchronized (lock) {
            return peers.values().stream()
                    .map(peer -> peer.state(reachable(peer.wish), ways.trouble(peer.wish.transport())))
                    .toList();
        }
    }

    /**
     * What was counted of the link with a peer.
     *
     * @param peer as it is called here
     * @return empty while there is none
     */
    public Optional<LinkFigures> figures(String peer) {
        return Optional.ofNullable(link(peer)).map(link -> link.link().figures());
    }

    /**
     * Images on their way, in both directions.
     *
     * @param images which, by their names here
     * @return replicas here first
     */
    public List<MirrorStatus> channels(Predicate<String> images) {
        List<MirrorStatus> all = new ArrayList<>();
        List<Incoming> here;
        synchronized (lock) {
            here = List.copyOf(replicas.values());
        }
        here.stream().filter(one -> images.test(one.wish().image())).forEach(one -> all.add(one.status()));
        sources.outgoing().stream().filter(one -> images.test(one.image())).forEach(one -> all.add(one.status()));
        return all;
    }

    /**
     * Whether a replica comes no further without a resync.
     *
     * @param image name here
     * @return true from when its source said so until it follows
     */
    public boolean needsResync(String image) {
        Incoming incoming = incoming(image);
        return incoming != null && incoming.words.needsResync();
    }

    // ---- asking peers

    /**
     * Gives an order to a peer and waits for the answer.
     *
     * @param peer as it is called here
     * @param order what
     * @param timeoutNanos so long without a word about it
     * @param listener told how far it is, by this thread
     * @return the answer; never one that says that it was not done
     * @throws StorageException what the peer says; CLOSED when the listener gave up and nothing was done; UNAVAILABLE when there
     *     is no link; STALE_SERVICE when nobody knows what became of it
     */
    public Answer ask(String peer, Order order, long timeoutNanos, WorkListener listener) throws StorageException {
        PeerLink link;
        String trouble;
        synchronized (lock) {
            Peer known = peers.get(peer);
            link = known == null || !known.linked() ? null : known.link;
            trouble = known == null ? "" : known.trouble;
        }
        if (link == null) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "there is no link with the peer '" + peer + "'" + (trouble.isEmpty() ? "" : ": " + trouble),
                    "look at mirror:peer-list");
        }
        return link.ask(order, timeoutNanos, listener);
    }

    /**
     * Whether there is a link with a peer.
     *
     * @param peer as it is called here
     * @return true while there is
     */
    public boolean linked(String peer) {
        return link(peer) != null;
    }

    private PeerLink link(String peer) {
        synchronized (lock) {
            Peer known = peers.get(peer);
            return known == null || !known.linked() ? null : known.link;
        }
    }

    /**
     * Whether an image is on its way to a peer: as far as both know, the peer follows it.
     *
     * @param image name here
     * @param peer as it is called here
     * @return true while there is a channel
     */
    public boolean sends(String image, String peer) {
        return sources.outgoing().stream()
                .anyMatch(one -> one.image().equals(image) && one.peerName().equals(peer));
    }

    /**
     * Keeps nothing of an image for a replica at a peer any more, and sends no more of it.
     *
     * @param image name here
     * @param peer as it is called here
     * @param replica its name there
     * @throws StorageException UNAVAILABLE while the journal is away, IO
     */
    public void forget(String image, String peer, String replica) throws StorageException {
        byte[] key;
        synchronized (lock) {
            Peer known = peers.get(peer);
            key = known == null ? null : known.key;
        }
        // Without a key there was never a link.
        if (key != null) {
            sources.forget(image, key, peer, replica);
        }
    }

    /**
     * The name under which journals know a replica.
     *
     * @param peer as it is called here
     * @param replica its name there
     * @return empty while the peer's key is not known
     */
    public String client(String peer, String replica) {
        synchronized (lock) {
            Peer known = peers.get(peer);
            return known == null || known.key == null ? "" : Sources.client(known.key, replica);
        }
    }

    /**
     * What the journal of an image keeps for a replica.
     *
     * @param image name here
     * @param peer as it is called here
     * @param replica its name there
     * @return the replica as a client of the journal; empty when that knows nothing of it, or cannot be asked
     */
    public Optional<JournalClient> kept(String image, String peer, String replica) {
        byte[] key;
        synchronized (lock) {
            Peer known = peers.get(peer);
            key = known == null ? null : known.key;
        }
        return key == null ? Optional.empty() : sources.kept(image, key, replica);
    }

    // ---- links

    /**
     * Whether a replica reads the journal of its source by itself.
     *
     * @param client as the journal knows it
     * @return false when it gets events over a link
     */
    public static boolean readsItself(JournalClient client) {
        return client.description().endsWith(SharedOrigin.READS);
    }

    private boolean reachable(PeerWish wish) {
        return wish.isLocal() || ways.get(wish.transport()) != null;
    }

    private PeerLink opened(Link link, boolean initiator, ReplicationTransport transport, Pins pins) {
        PeerLink peerLink = new PeerLink(
                context,
                link,
                initiator,
                settings.handshakeNanos(),
                context.workers().newGate());
        PeerLink oldest = null;
        synchronized (lock) {
            if (closed) {
                return null;
            }
            if (!initiator) {
                oldest = unproven.size() < MOST_UNPROVEN ? null : giveUpOldest();
                unproven.add(peerLink);
            }
            fresh.add(new Fresh(peerLink, transport, pins));
        }
        if (oldest != null) {
            oldest.close("too many peers try at once, and this one has taken longest to prove who it is");
        }
        gate.open();
        return peerLink;
    }

    /** Whoever takes long to prove himself must not keep those out who do so at once. Holding the lock. */
    private PeerLink giveUpOldest() {
        PeerLink oldest = unproven.iterator().next();
        unproven.remove(oldest);
        fresh.removeIf(one -> one.link() == oldest);
        return oldest;
    }

    private String known(byte[] key, String said) throws StorageException {
        String owner;
        synchronized (lock) {
            owner = owner(key);
        }
        if (owner != null) {
            return owner;
        }
        throw new StorageException(
                Reason.MISMATCH,
                "a node that calls itself '" + said + "' shows the key " + PublicKeys.text(key)
                        + ", which belongs to no peer",
                "if it is to be one, run mirror:peer-add with this key here");
    }

    /** The peer that has a key; null for none. Holding the lock. */
    private String owner(byte[] key) {
        for (Peer peer : peers.values()) {
            if (peer.hasKey(key)) {
                return peer.wish.name();
            }
        }
        return null;
    }

    private String expected(Peer peer, byte[] key) throws StorageException {
        byte[] known;
        String owner;
        synchronized (lock) {
            known = peer.key;
            owner = owner(key);
        }
        String found = "at " + peer.wish.address().map(Object::toString).orElse("?") + " is a node with the key "
                + PublicKeys.text(key);
        if (owner != null && !owner.equals(peer.wish.name())) {
            throw new StorageException(
                    Reason.MISMATCH,
                    found + ", which is the peer '" + owner + "' already",
                    "remove one of the two, or correct the address");
        }
        if (known != null && !Arrays.equals(known, key)) {
            throw new StorageException(
                    Reason.MISMATCH,
                    found + ", and '" + peer.wish.name() + "' has " + PublicKeys.text(known),
                    "check the address; if the node has a new key, remove the peer and add it again");
        }
        return peer.wish.name();
    }

    @Override
    public boolean proven(PeerLink link) {
        return link.isInside() ? insideBegun(link) : outsideBegun(link);
    }

    /** The end that was opened is the one that is used; the other one serves it. */
    private boolean insideBegun(PeerLink link) {
        synchronized (lock) {
            Peer peer = peers.get(link.peer());
            if (closed || peer == null || !peer.wish.isLocal()) {
                return false;
            }
            if (!link.isInitiator()) {
                return true;
            }
            peer.link = link;
            peer.dialling = false;
            peer.trouble = "";
            peer.nodeName = link.nodeName();
            tell(peer, link, "");
        }
        master.linked(link.peer());
        return true;
    }

    private boolean outsideBegun(PeerLink link) {
        PeerLink before;
        boolean first;
        Peer peer;
        synchronized (lock) {
            boolean wanted = link.isInitiator() || unproven.remove(link);
            peer = peers.get(link.peer());
            if (closed || !wanted || peer == null || (peer.key != null && !peer.hasKey(link.peerKey()))) {
                return false;
            }
            String owner = owner(link.peerKey());
            if (owner != null && !owner.equals(link.peer())) {
                // Another peer has got it meanwhile; that is said at the next attempt.
                return false;
            }
            before = peer.link;
            if (peer.linked() && !preferred(link, before)) {
                return false;
            }
            first = peer.key == null;
            peer.key = link.peerKey();
            peer.link = link;
            peer.dialling = false;
            peer.connecting = null;
            peer.trouble = "";
            peer.nodeName = link.nodeName();
            peer.backOffNanos = settings.leastBackOffNanos();
            tell(peer, link, "");
            // Under the lock, so that the last that is told of a peer is how it is.
            services.news()
                    .tell(
                            Topic.PEER_LINKED,
                            "",
                            link.peer(),
                            "linked",
                            Map.of("address", link.link().peerName()));
        }
        // First: it is nobody's any more, whatever comes of the rest.
        if (before != null) {
            before.close("there is a newer link between the two nodes");
        }
        LOG.info("linked with '{}' ({})", link.peer(), link.link().peerName());
        if (first) {
            master.pinned(peer.wish.name(), PublicKeys.text(link.peerKey()));
        }
        master.linked(link.peer());
        return true;
    }

    /** Both sides come to the same: the newer one in the same direction, else the one that the smaller key opened. */
    private boolean preferred(PeerLink link, PeerLink before) {
        if (link.isInitiator() == before.isInitiator()) {
            return true;
        }
        boolean smaller = Arrays.compareUnsigned(self.key().publicKey(), link.peerKey()) < 0;
        return link.isInitiator() == smaller;
    }

    private void tell(Peer peer, PeerLink link, String why) {
        for (Incoming incoming : replicas.values()) {
            if (incoming.wish().peer().equals(peer.wish.name())) {
                Failures.attempt(
                        "tell the replica '" + incoming.wish().image() + "' of a link",
                        () -> incoming.linked(link, why));
            }
        }
    }

    @Override
    public void ended(PeerLink link, boolean wasProven, StorageException why) {
        long now = context.clock().monotonicNanos();
        boolean lost;
        synchronized (lock) {
            unproven.remove(link);
            for (Peer peer : peers.values()) {
                if (peer.link == link) {
                    peer.link = null;
                    peer.failed(why, now, settings.mostBackOffNanos());
                    tell(peer, null, why.getMessage());
                } else if (peer.attempt == link && !wasProven) {
                    peer.failed(why, now, settings.mostBackOffNanos());
                    if (!peer.linked()) {
                        tell(peer, null, why.getMessage());
                    }
                }
            }
            lost = wasProven && !link.isInside() && !hasLink(link.peer());
            if (lost) {
                services.news().tell(Topic.PEER_UNLINKED, "", link.peer(), why.getMessage(), Map.of());
            }
        }
        if (link.isInside()) {
            LOG.debug("an inside link with '{}' has ended: {}", link.peer(), why.getMessage());
            gate.open();
            return;
        }
        if (wasProven) {
            String line = "the link with '" + link.peer() + "' has ended: " + why.getMessage();
            if (lost) {
                LOG.info("{}", line);
            } else {
                LOG.debug("{}, and another one is there", line);
            }
            gate.open();
            return;
        }
        String line = strangers.line("no link with " + link.link().peerName() + ": " + why.getMessage(), now);
        if (line != null) {
            LOG.warn("{}", line);
            services.news()
                    .tell(
                            Topic.PEER_REFUSED,
                            "",
                            "",
                            line,
                            Map.of("address", link.link().peerName()));
        }
        gate.open();
    }

    /** Where two nodes dial each other one of the links ends at once, and the peer stays linked. Holding the lock. */
    private boolean hasLink(String name) {
        Peer peer = peers.get(name);
        return peer != null && peer.link != null;
    }

    // ---- the worker

    private void run() {
        while (true) {
            List<Fresh> begun;
            synchronized (lock) {
                if (closed) {
                    return;
                }
                begun = List.copyOf(fresh);
                fresh.clear();
            }
            begun.forEach(this::begin);
            long retry = settings.retryNanos();
            long wait = Math.min(
                    Failures.round("listen to peers", retry, this::listen),
                    Failures.round("dial peers", retry, this::dial));
            gate.await(wait);
        }
    }

    private void begin(Fresh begun) {
        PeerLink link = begun.link();
        try {
            Handshake handshake = new Handshake(
                    self,
                    link.isInitiator(),
                    nonces.get(),
                    begun.transport().ownFingerprint(),
                    link.link().peerFingerprint(),
                    begun.pins());
            link.start(handshake, this, new SourceSide(context, sources), master);
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            StorageException why =
                    Failures.unexpected("begin the link with " + link.link().peerName(), e);
            link.close(why.getMessage());
            ended(link, false, why);
        }
    }

    /** Takes links where there is a peer for them; nanoseconds until the next attempt. */
    private long listen() {
        Set<String> wanted;
        synchronized (lock) {
            wanted = Set.copyOf(
                    peers.values().stream().map(peer -> peer.wish.transport()).toList());
        }
        return ways.listen(
                wanted,
                context.clock().monotonicNanos(),
                transport -> link -> opened(link, false, transport, this::known));
    }

    /** Dials what is due; nanoseconds until the next one is. */
    private long dial() {
        long now = context.clock().monotonicNanos();
        long wait = Long.MAX_VALUE;
        List<Peer> due = new ArrayList<>();
        synchronized (lock) {
            for (Peer peer : peers.values()) {
                boolean wanted = (peer.wish.isLocal() || peer.wish.address().isPresent())
                        && reachable(peer.wish)
                        && !peer.linked()
                        && !peer.dialling;
                if (wanted && peer.dialAtNanos <= now) {
                    peer.dialling = true;
                    due.add(peer);
                } else if (wanted) {
                    wait = Math.min(wait, peer.dialAtNanos - now);
                }
            }
        }
        for (Peer peer : due) {
            try {
                dial(peer);
            } catch (RuntimeException | VirtualMachineError | LinkageError e) {
                failed(peer, Failures.unexpected("dial " + peer.wish.name(), e));
            }
        }
        return wait;
    }

    /** Both ends are this node's: the source's side of the protocol reads the journal, and the other one receives. */
    private void dialInside(Peer peer) {
        for (PeerLink link : PeerLink.inside(context, settings.handshakeNanos())) {
            link.startInside(peer.wish.name(), self, this, new SourceSide(context, sources), master);
        }
    }

    private void dial(Peer peer) {
        if (peer.wish.isLocal()) {
            dialInside(peer);
            return;
        }
        ReplicationTransport transport = ways.get(peer.wish.transport());
        if (transport == null) {
            failed(peer, new StorageException(Reason.UNAVAILABLE, "there is no such transport", ""));
            return;
        }
        ReplicationTransport.Connecting connecting =
                transport.connect(peer.wish.address().orElseThrow(), new LinkInitiator() {
                    @Override
                    public LinkListener opened(Link link) {
                        PeerLink attempt =
                                MirrorNode.this.opened(link, true, transport, (key, said) -> expected(peer, key));
                        begun(peer, attempt);
                        return attempt;
                    }

                    @Override
                    public void failed(StorageException why) {
                        MirrorNode.this.failed(peer, why);
                    }
                });
        synchronized (lock) {
            if (peer.dialling) {
                peer.connecting = connecting;
            }
        }
    }

    /** What becomes of it shows when the peer has proven itself; until then it is tried again only after a while. */
    private void begun(Peer peer, PeerLink attempt) {
        synchronized (lock) {
            peer.attempt = attempt;
            peer.dialling = false;
            peer.connecting = null;
            peer.dialAtNanos = context.clock().monotonicNanos() + settings.handshakeNanos();
        }
        gate.open();
    }

    private void failed(Peer peer, StorageException why) {
        synchronized (lock) {
            peer.failed(why, context.clock().monotonicNanos(), settings.mostBackOffNanos());
        }
        gate.open();
    }

    /** Ends all links and replicas. Does not wait for their workers. */
    @Override
    public void close() {
        List<Incoming> incoming;
        List<Peer> all;
        synchronized (lock) {
            closed = true;
            incoming = List.copyOf(replicas.values());
            all = List.copyOf(peers.values());
        }
        // Whoever waits is woken by being closed.
        alarms.close();
        incoming.forEach(one -> one.close(false));
        ways.close();
        for (Peer peer : all) {
            if (peer.connecting != null) {
                peer.connecting.close();
            }
            if (peer.link != null) {
                peer.link.close("the mirror stops");
            }
        }
        sources.close();
        gate.open();
    }
}
