package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.transport.Link;
import io.tidemark.api.transport.LinkAcceptor;
import io.tidemark.api.transport.LinkInitiator;
import io.tidemark.api.transport.LinkListener;
import io.tidemark.api.transport.ReplicationTransport;
import io.tidemark.mirror.internal.identity.Handshake;
import io.tidemark.mirror.internal.identity.Pins;
import io.tidemark.mirror.internal.identity.PublicKeys;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mirror of a node: keeps one link with each peer, takes links of peers, and runs the replicas that are wished. Nothing here
 * waits while the lock is held.
 */
public final class MirrorNode implements PeerLink.Owner, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MirrorNode.class);
    private static final int MOST_UNPROVEN = 16;

    /** A link that was opened and is not started yet. */
    private record Fresh(PeerLink link, ReplicationTransport transport, Pins pins) {}

    /** A transport and what it takes. */
    private static final class Way {
        final ReplicationTransport transport;
        ReplicationTransport.Listening listening;
        long listenAtNanos;

        Way(ReplicationTransport transport) {
            this.transport = transport;
        }
    }

    private final StorageContext context;
    private final MirrorSettings settings;
    private final Services services;
    private final Handshake.Self self;
    private final Supplier<byte[]> nonces;
    private final BiConsumer<String, String> pinned;
    private final Sources sources;
    private final Gate gate;

    private final Object lock = new Object();
    private final Map<String, Peer> peers = new TreeMap<>();
    private final Map<String, Incoming> replicas = new TreeMap<>();
    private final Map<String, Way> ways = new HashMap<>();
    private final ArrayDeque<Fresh> fresh = new ArrayDeque<>();
    private int unproven;
    private boolean closed;

    /**
     * A mirror without peers. Nothing runs before {@link #start}.
     *
     * @param context threads and clocks
     * @param services of the engine
     * @param settings bounds and times
     * @param self who this node is
     * @param nonces random bytes, new ones at each call
     * @param mayHave whether a peer may have an image of this node
     * @param pinned told name and key when a peer without a key showed one for the first time, to keep it
     */
    public MirrorNode(
            StorageContext context,
            Services services,
            MirrorSettings settings,
            Handshake.Self self,
            Supplier<byte[]> nonces,
            BiPredicate<String, String> mayHave,
            BiConsumer<String, String> pinned) {
        this.context = context;
        this.services = services;
        this.settings = settings;
        this.self = self;
        this.nonces = nonces;
        this.pinned = pinned;
        this.sources = new Sources(context, services, settings, mayHave);
        this.gate = context.workers().newGate();
    }

    /** Starts the workers. */
    public void start() {
        sources.start();
        context.workers().start("mirror", this::run);
    }

    // ---- wishes

    /**
     * Offers a transport.
     *
     * @param name as peers' settings use it
     * @param transport to listen on and to dial with
     */
    public void transport(String name, ReplicationTransport transport) {
        synchronized (lock) {
            ways.put(name, new Way(transport));
        }
        gate.open();
    }

    /**
     * Takes a transport away; its links end by themselves.
     *
     * @param name of it
     */
    public void noTransport(String name) {
        Way gone;
        synchronized (lock) {
            gone = ways.remove(name);
        }
        if (gone != null && gone.listening != null) {
            gone.listening.close();
        }
    }

    /**
     * Adds a peer, or replaces it; its link begins anew then.
     *
     * @param wish which
     */
    public void addPeer(PeerWish wish) {
        removePeer(wish.name());
        Peer peer = new Peer(wish, settings.leastBackOffNanos());
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
        }
        if (gone != null) {
            if (gone.connecting != null) {
                gone.connecting.close();
            }
            if (gone.link != null) {
                gone.link.close("the peer was removed");
            }
        }
    }

    /**
     * Has a replica.
     *
     * @param wish which
     */
    public void addReplica(ReplicaWish wish) {
        removeReplica(wish.image(), false);
        Incoming incoming = new Incoming(context, services, settings, wish, this::replicaCount);
        synchronized (lock) {
            replicas.put(wish.image(), incoming);
            Peer peer = peers.get(wish.peer());
            if (peer != null && peer.linked()) {
                incoming.linked(peer.link, "");
            }
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
    public List<PeerStatus> peers() {
        synchronized (lock) {
            return peers.values().stream().map(Peer::status).toList();
        }
    }

    /**
     * All images on their way, in both directions.
     *
     * @return replicas here first
     */
    public List<ChannelStatus> channels() {
        List<Incoming> here;
        synchronized (lock) {
            here = List.copyOf(replicas.values());
        }
        List<ChannelStatus> all = new ArrayList<>();
        here.forEach(incoming -> all.add(incoming.status()));
        sources.outgoing().forEach(outgoing -> all.add(outgoing.status()));
        return all;
    }

    // ---- links

    private PeerLink opened(Link link, boolean initiator, ReplicationTransport transport, Pins pins) {
        PeerLink peerLink = new PeerLink(
                context,
                link,
                initiator,
                settings.handshakeNanos(),
                context.workers().newGate());
        synchronized (lock) {
            if (closed || unproven >= MOST_UNPROVEN) {
                return null;
            }
            unproven++;
            fresh.add(new Fresh(peerLink, transport, pins));
        }
        gate.open();
        return peerLink;
    }

    private String known(byte[] key, String said) throws StorageException {
        synchronized (lock) {
            for (Peer peer : peers.values()) {
                if (peer.hasKey(key)) {
                    return peer.wish.name();
                }
            }
        }
        throw new StorageException(
                Reason.MISMATCH,
                "a node that calls itself '" + said + "' shows the key " + PublicKeys.text(key)
                        + ", which belongs to no peer",
                "if it is to be one, run mirror:peer-add with this key at the other node's peer");
    }

    private static String expected(Peer peer, byte[] key) throws StorageException {
        if (peer.key == null || peer.hasKey(key)) {
            return peer.wish.name();
        }
        throw new StorageException(
                Reason.MISMATCH,
                "at " + peer.wish.address().map(Object::toString).orElse("?") + " is a node with the key "
                        + PublicKeys.text(key) + ", and '" + peer.wish.name() + "' has " + PublicKeys.text(peer.key),
                "check the address; if the node has a new key, remove the peer and add it again");
    }

    @Override
    public boolean proven(PeerLink link) {
        PeerLink before;
        boolean first;
        Peer peer;
        synchronized (lock) {
            unproven--;
            peer = peers.get(link.peer());
            if (closed || peer == null || (peer.key != null && !peer.hasKey(link.peerKey()))) {
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
            peer.backOffNanos = settings.leastBackOffNanos();
            tell(peer, link, "");
        }
        LOG.info("linked with '{}' ({})", link.peer(), link.link().peerName());
        if (first) {
            pinned.accept(peer.wish.name(), PublicKeys.text(link.peerKey()));
        }
        if (before != null) {
            before.close("there is a newer link between the two nodes");
        }
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
                incoming.linked(link, why);
            }
        }
    }

    @Override
    public void ended(PeerLink link, boolean wasProven, StorageException why) {
        long now = context.clock().monotonicNanos();
        synchronized (lock) {
            if (!wasProven) {
                unproven--;
            }
            for (Peer peer : peers.values()) {
                if (peer.link == link) {
                    peer.link = null;
                    peer.failed(why, now, settings.mostBackOffNanos());
                    tell(peer, null, why.getMessage());
                } else if (peer.attempt == link && !wasProven) {
                    peer.failed(why, now, settings.mostBackOffNanos());
                    tell(peer, peer.linked() ? peer.link : null, why.getMessage());
                }
            }
        }
        LOG.info("the link with {} has ended: {}", link.link().peerName(), why.getMessage());
        gate.open();
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
            long wait = Math.min(listen(), dial());
            gate.await(wait);
        }
    }

    private void begin(Fresh begun) {
        PeerLink link = begun.link();
        Handshake handshake = new Handshake(
                self,
                link.isInitiator(),
                nonces.get(),
                begun.transport().ownFingerprint(),
                link.link().peerFingerprint(),
                begun.pins());
        link.start(handshake, this, new SourceSide(context, sources));
    }

    /** Listens where it does not yet; nanoseconds until the next attempt. */
    private long listen() {
        List<Way> all;
        synchronized (lock) {
            all = List.copyOf(ways.values());
        }
        long now = context.clock().monotonicNanos();
        long wait = Long.MAX_VALUE;
        for (Way way : all) {
            if (way.listening == null && now >= way.listenAtNanos) {
                LinkAcceptor acceptor = link -> opened(link, false, way.transport, this::known);
                try {
                    way.listening = way.transport.listen(acceptor);
                } catch (StorageException e) {
                    LOG.warn("takes no links: {}", e.getMessage());
                    way.listenAtNanos = now + settings.mostBackOffNanos();
                }
            }
            wait = way.listening == null ? Math.min(wait, Math.max(1, way.listenAtNanos - now)) : wait;
        }
        return wait;
    }

    /** Dials what is due; nanoseconds until the next one is. */
    private long dial() {
        long now = context.clock().monotonicNanos();
        long wait = Long.MAX_VALUE;
        List<Peer> due = new ArrayList<>();
        synchronized (lock) {
            for (Peer peer : peers.values()) {
                boolean wanted = peer.wish.address().isPresent()
                        && ways.containsKey(peer.wish.transport())
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
        due.forEach(this::dial);
        return wait;
    }

    private void dial(Peer peer) {
        ReplicationTransport transport;
        synchronized (lock) {
            Way way = ways.get(peer.wish.transport());
            transport = way == null ? null : way.transport;
        }
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
        List<Way> listening;
        synchronized (lock) {
            closed = true;
            incoming = List.copyOf(replicas.values());
            all = List.copyOf(peers.values());
            listening = List.copyOf(ways.values());
        }
        incoming.forEach(one -> one.close(false));
        for (Way way : listening) {
            if (way.listening != null) {
                way.listening.close();
            }
        }
        for (Peer peer : all) {
            if (peer.link != null) {
                peer.link.close("the mirror stops");
            }
        }
        sources.close();
        gate.open();
    }
}
