package io.tidemark.mirror.internal.run;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.base.news.NewsDesk;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.fork.ForkCheck;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.SourceSide.Refusal;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.EndCode;
import io.tidemark.mirror.internal.wire.Message;
import io.tidemark.mirror.internal.wire.Point;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all channels that go out of a node share: who may have what, the slots for copies, and the worker that keeps in the
 * journals how far the replicas are. That is a force each time, so it is no business of those who send.
 */
final class Sources {
    private static final Logger LOG = LoggerFactory.getLogger(Sources.class);
    private static final long KEEP_NANOS = 1_000_000_000L;
    private static final int ATTEMPTS = 3;
    private static final int KEY_DIGITS = 16;
    private static final int MAX_CLIENT = 128;

    private final StorageContext context;
    private final Origin origin;
    private final MirrorSettings settings;
    private final Permits permits;
    private final Gate gate;
    /** Gone through in the order in which they came, so that a simulated run is the same each time. */
    private final Set<Outgoing> kept = new CopyOnWriteArraySet<>();

    private final NewsDesk news;
    /** By image and replica. */
    private final Map<String, StuckNews> stuck = new ConcurrentHashMap<>();

    private final Slots slots;
    private volatile long copyBytesPerSecond;
    private volatile boolean closed;

    Sources(StorageContext context, Origin origin, NewsDesk news, MirrorSettings settings, Permits permits) {
        this.context = context;
        this.origin = origin;
        this.news = news;
        this.settings = settings;
        this.permits = permits;
        this.gate = context.workers().newGate();
        this.slots = new Slots(settings.copies());
        this.copyBytesPerSecond = settings.copyBytesPerSecond();
    }

    NewsDesk news() {
        return news;
    }

    StorageContext context() {
        return context;
    }

    Origin origin() {
        return origin;
    }

    MirrorSettings settings() {
        return settings;
    }

    /** What each copy may take now; 0 for no bound. */
    long copyBytesPerSecond() {
        return copyBytesPerSecond;
    }

    /** For copies that are under way, too. */
    void copies(int atOnce, long bytesPerSecond) {
        slots.count(atOnce);
        copyBytesPerSecond = bytesPerSecond;
        kept.forEach(Outgoing::paced);
    }

    Slots slots() {
        return slots;
    }

    void start() {
        context.workers().start("mirror-keeper", this::keep);
    }

    void close() {
        closed = true;
        gate.open();
    }

    /** A link that broke on the other side only may still have a channel for the same replica: that one is over. */
    void add(Outgoing outgoing) {
        kept.stream().filter(outgoing::replaces).forEach(Outgoing::supersede);
        kept.add(outgoing);
        gate.open();
        permits.moved();
    }

    void remove(Outgoing outgoing) {
        kept.remove(outgoing);
        permits.moved();
    }

    /** Outlives the channels to a replica: it says that it goes on over another one, too. */
    StuckNews stuckNews(String image, String peer) {
        return stuck.computeIfAbsent(
                image + '\n' + peer, key -> new StuckNews(news, image, peer, ImageHead.Role.PRIMARY));
    }

    Collection<Outgoing> outgoing() {
        return List.copyOf(kept);
    }

    /** Nothing is kept or sent any more for a replica. */
    void forget(String image, byte[] key, String peer, String replica) throws StorageException {
        String id = client(key, replica);
        for (Outgoing outgoing : outgoing()) {
            if (outgoing.isFor(image, id)) {
                outgoing.forgetNow();
                // Whoever asks from now on is not told of it, although its worker may still be at it.
                kept.remove(outgoing);
            }
        }
        Journal journal = origin.journal(image);
        if (known(journal, id).isPresent()) {
            journal.removeClient(id);
        }
        forgetPeer(image, name(peer, image, replica));
    }

    /** The name under which the engine knows a replica. */
    static String name(String peer, String image, String replica) {
        return replica.equals(image) ? peer : peer + ":" + replica;
    }

    /** What the engine knows of a replica is in memory only: failing to forget it keeps nothing. */
    void forgetPeer(String image, String name) {
        stuck.remove(image + '\n' + name);
        try {
            origin.forgetPeer(image, name);
        } catch (StorageException e) {
            LOG.warn("'{}' may still count the replica at {}: {}", image, name, e.getMessage());
        }
    }

    /** What a journal knows of a replica; empty when it knows nothing, or cannot be asked. */
    Optional<JournalClient> kept(String image, byte[] key, String replica) {
        try {
            return known(origin.journal(image), client(key, replica));
        } catch (StorageException e) {
            return Optional.empty();
        }
    }

    private void keep() {
        while (!closed) {
            kept.forEach(one ->
                    Failures.attempt("keep how far " + one.peer() + " is with '" + one.image() + "'", one::keep));
            gate.await(kept.isEmpty() ? Long.MAX_VALUE : KEEP_NANOS);
        }
    }

    // ---- opening a channel

    /** The name under which a journal knows a replica: by the peer's key, which stays when names change. */
    static String client(byte[] key, String replica) {
        String name = replica.replaceAll("[^A-Za-z0-9._-]", "_");
        String id = ReplicaManager.CLIENT_PREFIX + HexFormat.of().formatHex(key).substring(0, KEY_DIGITS) + ":" + name;
        return id.length() <= MAX_CLIENT ? id : id.substring(0, MAX_CLIENT);
    }

    Outgoing open(SourceSide side, PeerLink link, int channel, Message.Open open) throws Refusal {
        Set<String> replicas = permits.replicas(link.peer(), open.image());
        // Under another name nobody could end it, and the journal would be kept for it for good.
        boolean wanted = replicas.contains(open.replica());
        if (!wanted && !isSibling(link.peer(), open)) {
            throw forbidden(link.peer(), open, replicas);
        }
        if (open.window() < 1) {
            throw new Refusal(EndCode.PROTOCOL, "a window of " + open.window() + " bytes");
        }
        StorageException last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                return attempt(side, link, channel, open, wanted && !open.copy().reads());
            } catch (StorageException e) {
                last = e;
                if (e.reason() != Reason.NOT_FOUND) {
                    break;
                }
            }
        }
        throw Refusal.of(last);
    }

    private static Refusal forbidden(String peer, Message.Open open, Set<String> replicas) {
        return new Refusal(
                EndCode.FORBIDDEN,
                replicas.isEmpty()
                        ? "the image '" + open.image() + "' is not for the peer '" + peer
                                + "'; run mirror:enable at the source"
                        : "the image '" + open.image() + "' is mirrored to the peer '" + peer + "' as '"
                                + String.join("', '", replicas) + "', not as '" + open.replica()
                                + "'; end that with mirror:disable first");
    }

    /** Two replicas of one image: before the peer's is promoted it fetches what this one has more. */
    private boolean isSibling(String peer, Message.Open open) {
        if (!permits.mayFetch(peer, open.image())) {
            return false;
        }
        try {
            ImageFacts facts = origin.facts(open.image());
            return open.copy() == Message.Copy.NONE
                    && facts.role() == ImageHead.Role.REPLICA
                    && facts.imageIdentity().equals(open.identity());
        } catch (StorageException e) {
            return false;
        }
    }

    /**
     * Nothing is registered for who only fetches something: what an open reader reads is not trimmed. Nor is it for who reads the
     * journal itself: that one has registered there.
     */
    private Outgoing attempt(SourceSide side, PeerLink link, int channel, Message.Open open, boolean registers)
            throws StorageException, Refusal {
        ImageFacts facts = origin.facts(open.image());
        Journal journal = origin.journal(open.image());
        String id = client(link.peerKey(), open.replica());
        Optional<JournalClient> known = known(journal, id);
        if (!open.copy().begins()) {
            refuseExpired(open, known);
        }
        boolean copying = open.copy().copies();
        boolean replica = facts.role() == ImageHead.Role.REPLICA;
        if (copying && replica && facts.replica().consistency() != Consistency.CONSISTENT) {
            throw new Refusal(
                    EndCode.UNAVAILABLE,
                    "the image '" + open.image()
                            + "' is a replica here that is not consistent yet; it is copied when it is");
        }
        if (copying && replica && !open.copy().begins() && facts.replica().head() < open.replayed()) {
            throw new Refusal(
                    EndCode.UNAVAILABLE,
                    "the image '" + open.image()
                            + "' is a replica here whose head is behind the events of the one that asks"
                            + " for the rest of a copy; it is copied when the head is there");
        }
        Point start = open.copy().begins() ? registration(facts) : judged(facts, open);
        String description = origin.describe(link.peer(), open.replica());
        JournalClient now = open.copy().begins()
                ? beginning(known, client(id, description, start.position(), JournalClient.UNKNOWN))
                : client(id, description, Epochs.position(facts.epochs(), open.received()), open.replayed());
        if (registers) {
            register(journal, known, now);
        }
        if (journal.trimmed() > start.sequence()) {
            // Registered, it would keep a journal that it cannot go on from.
            if (registers) {
                takeBack(journal, known, now);
            }
            if (open.copy().begins()) {
                throw new StorageException(Reason.NOT_FOUND, "the journal was trimmed meanwhile", "");
            }
            throw trimmed(open, start);
        }
        Message.Opened opened = new Message.Opened(
                copying,
                !replica,
                facts.imageIdentity(),
                journal.identity(),
                facts.sizeBytes(),
                facts.blockSizeBytes(),
                facts.watermarks().durable(),
                start,
                Encoder.newest(facts.epochs()));
        JournalReader reader = open.copy().reads() ? null : journal.reader(start.sequence() + 1);
        Outgoing outgoing = null;
        try {
            outgoing = new Outgoing(
                    this,
                    side,
                    link,
                    channel,
                    open,
                    opened,
                    new Outgoing.Tape(journal, reader, id, registers, facts.newestTimeNanos()),
                    now.commit().sequence());
            return outgoing;
        } finally {
            if (outgoing == null && reader != null) {
                // An open reader keeps the journal.
                reader.close();
            }
        }
    }

    /** Somebody decided that it is no longer waited for: that stands until it begins anew, whatever the journal still has. */
    private static void refuseExpired(Message.Open open, Optional<JournalClient> known) throws Refusal {
        if (known.isPresent() && known.get().state() == JournalClient.State.EXPIRED) {
            throw new Refusal(EndCode.EXPIRED, expired(open.image(), known.get()));
        }
    }

    /** What is to be said of a replica that has expired. */
    static String expired(String image, JournalClient client) {
        return "the journal of '" + image + "' no longer waits for " + client.description()
                + "; run mirror:resync at the replica";
    }

    private JournalClient client(String id, String description, Position commit, long replayed) {
        return new JournalClient(
                id,
                description,
                commit,
                JournalClient.State.CONNECTED,
                context.clock().wallNanos(),
                replayed);
    }

    /**
     * One that is waited for keeps its place until it says that it has made its image: the one that it had may only be closed, and
     * go on from there.
     */
    private JournalClient beginning(Optional<JournalClient> known, JournalClient now) {
        return known.filter(before -> before.state() == JournalClient.State.CONNECTED)
                .filter(before -> before.commit().sequence() < now.commit().sequence())
                .map(before -> client(now.id(), now.description(), before.commit(), before.applied()))
                .orElse(now);
    }

    private static void register(Journal journal, Optional<JournalClient> known, JournalClient now)
            throws StorageException {
        if (known.isEmpty()) {
            journal.putClient(now);
            return;
        }
        boolean kept = known.get().state() == JournalClient.State.CONNECTED
                && known.get().description().equals(now.description())
                && known.get().commit().equals(now.commit())
                // What it has applied since then is kept while it goes on.
                && known.get().applied() <= now.applied();
        if (!kept && !journal.replaceClient(known.get(), now)) {
            throw new StorageException(Reason.NOT_FOUND, "the journal's client " + now.id() + " changed meanwhile", "");
        }
    }

    private static void takeBack(Journal journal, Optional<JournalClient> known, JournalClient now)
            throws StorageException {
        if (known.isEmpty()) {
            journal.removeClient(now.id());
        } else {
            journal.replaceClient(now, known.get());
        }
    }

    static Optional<JournalClient> known(Journal journal, String id) {
        return journal.clients().stream()
                .filter(client -> client.id().equals(id))
                .findFirst();
    }

    /** Everything up to there is sure to be in the bytes that are copied from now on: of a replica, what it has applied. */
    private static Point registration(ImageFacts facts) {
        boolean replica = facts.role() == ImageHead.Role.REPLICA;
        long last = replica ? facts.watermarks().applied() : facts.watermarks().durable();
        return Epochs.point(facts.epochs(), last);
    }

    private static Point judged(ImageFacts facts, Message.Open open) throws Refusal {
        if (!open.identity().equals(facts.imageIdentity())) {
            throw new Refusal(
                    EndCode.UNRELATED,
                    "the two images '" + open.image() + "' have nothing in common; mirror to another name, or delete"
                            + " the replica's image first");
        }
        ForkCheck.Side source =
                new ForkCheck.Side(facts.epochs(), facts.watermarks().durable());
        ForkCheck.Side replica = new ForkCheck.Side(open.epochs(), open.arrived());
        if (facts.role() == ImageHead.Role.REPLICA && ForkCheck.lacksOnly(source, replica)) {
            throw new Refusal(
                    EndCode.OLDER,
                    "the image '" + open.image()
                            + "' is a replica here, too, and has less than the one that asks for it");
        }
        Verdict verdict = ForkCheck.compare(source, facts.watermarks().trimmed(), replica);
        return switch (verdict.kind()) {
            case CONTINUES -> verdict.point();
            case TRIMMED -> throw trimmed(open, verdict.point());
            case SPLIT ->
                throw new Refusal(
                        EndCode.SPLIT_BRAIN,
                        verdict.point(),
                        "split brain of '" + open.image() + "': both sides wrote after "
                                + (verdict.point().equals(Point.NONE) ? "they parted" : verdict.point())
                                + "; decide which one stays, and run mirror:resync at the other");
            case OLDER ->
                throw new Refusal(
                        EndCode.OLDER,
                        "the replica of '" + open.image() + "' has newer epochs than its source; mirror the other way");
            case UNRELATED, FORGOTTEN ->
                throw new Refusal(
                        EndCode.UNRELATED,
                        "the two journals of '" + open.image() + "' know no common epoch (any more); run mirror:resync"
                                + " at the replica");
        };
    }

    private static Refusal trimmed(Message.Open open, Point point) {
        return new Refusal(
                EndCode.TRIMMED,
                "the journal of '" + open.image() + "' no longer has what follows " + point
                        + "; run mirror:resync at the replica");
    }
}
