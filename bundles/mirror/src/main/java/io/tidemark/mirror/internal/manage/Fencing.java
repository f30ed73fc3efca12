package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.api.replica.ReplicaManager;
import io.tidemark.mirror.internal.fork.ForkCheck;
import io.tidemark.mirror.internal.fork.Precedence;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.Failures;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the writes of an image that is primary here and was taken over elsewhere, as soon as there is contact; and has those of an
 * image that was opened begin when all its replicas were asked.
 *
 * <p>A replica that follows has no newer epoch: its channel would not have been opened. So peers are asked only about images
 * that are primary here, mirrored with them, and not on their way to them: when a link is there, when a channel ends, and every
 * few seconds while that is so; and while an image asks, whatever is on its way. Each peer has a worker of its own, so that one
 * that does not answer delays no other.
 *
 * <p>Roles may have changed where this node could not see it, so names may lead nowhere. Then the image is asked for by its identity
 * ({@link Searches}): of a peer that no longer mirrors it with this one; and, where it was promoted here, of all others, because its
 * source alone knew whom else it had. What is found so counts while it is primary: whoever follows another one says nothing for it.
 */
final class Fencing {
    private static final Logger LOG = LoggerFactory.getLogger(Fencing.class);
    private static final long ROUND_NANOS = 2 * Desk.SECOND;
    private static final long SOON_NANOS = Desk.SECOND / 10;
    private static final long NEVER = Long.MAX_VALUE;
    private static final long ANSWER_NANOS = 5 * Desk.SECOND;
    /** Between searches at a peer that cannot say whether it has an image, and looks at one here that is closed. */
    private static final long SELDOM_NANOS = 30 * Desk.SECOND;

    private static final Set<Verdict.Kind> FOLLOWS = Set.of(Verdict.Kind.CONTINUES, Verdict.Kind.TRIMMED);

    private final Desk desk;
    private final Gate gate;
    private final Searches searches;
    /** Of the worker alone. */
    private final Map<String, Asker> askers = new TreeMap<>();

    private final Object pairing = new Object();

    /** By image: who has answered the question that is open. */
    private final Map<String, Answers> answers = new HashMap<>();

    /** Peers, with the images that are mirrored with them and their names there; as the configurations were lately. */
    private volatile Map<String, Map<String, String>> pairs = Map.of();

    private volatile AutoCloseable listening = () -> {};
    private volatile boolean closed;

    /** Peers that were asked for a question, and the names of the image there. */
    private record Answers(long question, Map<String, String> peers) {}

    /** Asks one peer, until it is no longer one. */
    private final class Asker implements Runnable {
        private final String peer;
        private final Gate looks;
        private volatile boolean unwanted;

        Asker(String peer) {
            this.peer = peer;
            this.looks = desk.context().workers().newGate();
        }

        void look() {
            looks.open();
        }

        void end() {
            unwanted = true;
            looks.open();
        }

        private boolean ended() {
            return closed || unwanted;
        }

        @Override
        public void run() {
            while (!ended()) {
                looks.await(Failures.round("ask " + peer + " who is primary", ROUND_NANOS, this::round));
            }
        }

        /** When to look again, unless something happens. */
        private long round() {
            long again = NEVER;
            Map<String, Long> asking = desk.services().replicas().asking();
            for (Map.Entry<String, String> image :
                    pairs.getOrDefault(peer, Map.of()).entrySet()) {
                if (ended() || !desk.node().linked(peer)) {
                    break;
                }
                long question = asking.getOrDefault(image.getKey(), 0L);
                try {
                    again = Math.min(again, Fencing.this.look(image.getKey(), peer, image.getValue(), question));
                } catch (StorageException e) {
                    boolean soon = question != 0 && e.reason() != Reason.NOT_FOUND;
                    again = Math.min(again, soon ? SOON_NANOS : ROUND_NANOS);
                    LOG.debug("{}: who is primary is not known of {}: {}", image.getKey(), peer, e.getMessage());
                    if (e.reason() == Reason.STALE_SERVICE) {
                        // It does not answer: the other images need not wait for that, too.
                        return again;
                    }
                }
            }
            return Math.min(again, search());
        }

        /** Asks for what was promoted here, and is mirrored with others. */
        private long search() {
            long again = NEVER;
            Set<String> named = pairs.getOrDefault(peer, Map.of()).keySet();
            for (String image : mirrored()) {
                if (ended() || !desk.node().linked(peer)) {
                    break;
                }
                try {
                    again = named.contains(image) ? again : Math.min(again, Fencing.this.search(image, peer));
                } catch (StorageException e) {
                    again = Math.min(again, SELDOM_NANOS);
                    LOG.debug("{}: whether it is primary at {}, too, is not known: {}", image, peer, e.getMessage());
                    if (e.reason() == Reason.STALE_SERVICE) {
                        break;
                    }
                }
            }
            return again;
        }
    }

    Fencing(Desk desk) {
        this.desk = desk;
        this.gate = desk.context().workers().newGate();
        this.searches = new Searches(desk);
    }

    void start() {
        listening = desk.services().replicas().whenAsking(gate::open);
        desk.context().workers().start("mirror-fencing", this::run);
    }

    void close() {
        closed = true;
        try {
            listening.close();
        } catch (Exception e) {
            LOG.warn("questions of images may still be told to a mirror that has ended: {}", e.getMessage());
        }
        gate.open();
    }

    /** There is a link, or an image no longer goes to a peer, or does again. By anybody; does not wait. */
    void look() {
        gate.open();
    }

    /** There is a new link with a peer. */
    void linked(String peer) {
        searches.forget(peer);
        gate.open();
    }

    /** A peer asks for an image by its identity: it has the image, too, and may have been promoted. */
    void heard(String peer, String image) {
        if (searches.heard(peer, image)) {
            gate.open();
        }
    }

    private void run() {
        while (!closed) {
            gate.await(Failures.round("have peers asked who is primary", ROUND_NANOS, this::round));
        }
        askers.values().forEach(Asker::end);
    }

    private long round() {
        long again = wakeAskers();
        Map<String, Long> asking = desk.services().replicas().asking();
        asking.forEach(this::answeredByNobody);
        long told = desk.untilToldNanos();
        return asking.isEmpty() || told == 0 ? again : Math.min(again, told);
    }

    private Set<String> mirrored() {
        return pairs.values().stream()
                .flatMap(images -> images.keySet().stream())
                .collect(Collectors.toSet());
    }

    /** Whether it is primary here and its source before may have had others of whom this node knows nothing. */
    private static boolean hasUnknown(ImageFacts facts) {
        return facts.role() == ImageHead.Role.PRIMARY && facts.epochs().stream().anyMatch(Epoch::isPromoted);
    }

    /** Adds all peers where an image has to be searched; answers when to look again whether that is so. */
    private long addAll(Set<String> peers) {
        long again = NEVER;
        for (String image : mirrored()) {
            try {
                if (hasUnknown(desk.facts(image))) {
                    desk.peers().all().forEach(page -> peers.add(page.wish().name()));
                    return NEVER;
                }
            } catch (StorageException e) {
                LOG.debug("{}: whether it was promoted here is not known: {}", image, e.getMessage());
                again = SELDOM_NANOS;
            }
        }
        return again;
    }

    /** Until when it is well. */
    private long wakeAskers() {
        Set<String> peers = new TreeSet<>(pairs.keySet());
        long again = addAll(peers);
        askers.entrySet().removeIf(asker -> {
            boolean gone = !peers.contains(asker.getKey());
            if (gone) {
                asker.getValue().end();
                searches.forget(asker.getKey());
            }
            return gone;
        });
        for (String peer : peers) {
            Asker asker = askers.get(peer);
            if (asker == null) {
                asker = new Asker(peer);
                desk.context().workers().start("mirror-asks-" + peer, asker);
                askers.put(peer, asker);
            }
            asker.look();
        }
        return again;
    }

    /** A configuration is there, is another one, or is gone. One after the other: none is missing in what is read last. */
    void configured() {
        synchronized (pairing) {
            pairs = read();
        }
    }

    private Map<String, Map<String, String>> read() {
        Map<String, Map<String, String>> all = new TreeMap<>();
        for (Book.Page<PeerConfig> page : desk.peers().all()) {
            if (page.config() != null && !page.config().images().isEmpty()) {
                all.computeIfAbsent(page.config().name(), peer -> new TreeMap<>())
                        .putAll(page.config().images());
            }
        }
        for (Book.Page<ReplicaWish> page : desk.replicas().all()) {
            if (page.config() != null) {
                all.computeIfAbsent(page.config().peer(), peer -> new TreeMap<>())
                        .put(page.config().image(), page.config().sourceImage());
            }
        }
        return all;
    }

    /** Until when it is well, as far as one peer goes. */
    private long look(String image, String peer, String there, long question) throws StorageException {
        ImageFacts facts = desk.facts(image);
        if (facts.role() != ImageHead.Role.PRIMARY) {
            return NEVER;
        }
        Optional<Fence> fence = desk.services().replicas().fence(image);
        boolean mine = fence.isPresent() && fence.get().peer().equals(peer);
        if (desk.node().sends(image, peer) && !mine && question == 0) {
            return NEVER;
        }
        Answer.Facts theirs = ask(facts, peer, there);
        if (!theirs.identity().equals(facts.imageIdentity())) {
            answered(image, peer, there, question);
            return ROUND_NANOS;
        }
        // What is asked changes only by roles, and those wait for each other.
        facts = desk.facts(image);
        ForkCheck.Side here =
                new ForkCheck.Side(facts.epochs(), facts.watermarks().durable());
        ForkCheck.Side other = new ForkCheck.Side(theirs.epochs(), theirs.durable());
        Optional<Epoch> newer = Precedence.newer(here, other);
        if (facts.role() == ImageHead.Role.PRIMARY && newer.isPresent()) {
            fence(image, peer, newer.get(), fence);
            return ROUND_NANOS;
        }
        Verdict.Kind kind = ForkCheck.compare(here, 0, other).kind();
        if (kind == Verdict.Kind.SPLIT) {
            searches.settled(peer, image);
        }
        if (mine && theirs.role() == ImageHead.Role.REPLICA && FOLLOWS.contains(kind)) {
            // It was begun anew from here, by an order there.
            desk.services().replicas().unfence(image, fence.get());
            LOG.info("{} follows the image '{}' now, and does not fence it any more", peer, image);
        }
        if (theirs.role() == ImageHead.Role.REPLICA || kind == Verdict.Kind.SPLIT) {
            answered(image, peer, there, question);
            return ROUND_NANOS;
        }
        if (FOLLOWS.contains(kind) && Precedence.promotedApart(here, other)) {
            // The one that was replaced: it is primary until it is begun anew, and has less.
            answered(image, peer, there, question);
        }
        // Its epoch begins with its first event, which is on its way when it was promoted just now.
        return kind == Verdict.Kind.CONTINUES ? SOON_NANOS : ROUND_NANOS;
    }

    /** By name; where that leads nowhere, by identity. */
    private Answer.Facts ask(ImageFacts ours, String peer, String there) throws StorageException {
        try {
            return desk.expect(Answer.Facts.class, peer, new Order.Look(there), ANSWER_NANOS, (w, d, t) -> !closed);
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND || searches.pause(ours, peer) > 0) {
                throw e;
            }
            // That it has no such image is no answer: a node that has just started does not know all of its own yet.
            return searches.primary(ours, peer, () -> !closed).orElseThrow(() -> e);
        }
    }

    /**
     * Asks a peer with which the image is not mirrored. It counts only where it parted before the promotion here: who came later
     * followed this one, and was let go by an order.
     */
    private long search(String image, String peer) throws StorageException {
        ImageFacts facts = desk.facts(image);
        long pause = hasUnknown(facts) ? searches.pause(facts, peer) : NEVER;
        if (pause > 0) {
            return pause;
        }
        Answer.Facts theirs = searches.primary(facts, peer, () -> !closed).orElse(null);
        facts = desk.facts(image);
        if (theirs == null || facts.role() != ImageHead.Role.PRIMARY) {
            return NEVER;
        }
        ForkCheck.Side here =
                new ForkCheck.Side(facts.epochs(), facts.watermarks().durable());
        ForkCheck.Side other = new ForkCheck.Side(theirs.epochs(), theirs.durable());
        Optional<Epoch> newer =
                Precedence.promotedApart(here, other) ? Precedence.newer(here, other) : Optional.empty();
        if (newer.isPresent()) {
            fence(image, peer, newer.get(), desk.services().replicas().fence(image));
        }
        if (ForkCheck.compare(here, 0, other).kind() == Verdict.Kind.SPLIT) {
            searches.settled(peer, image);
        }
        return NEVER;
    }

    /** A peer has nothing newer. When that is known of all whom the journal knows or the configuration names, writes begin. */
    private void answered(String image, String peer, String there, long question) throws StorageException {
        Long open = desk.services().replicas().asking().get(image);
        if (question == 0 || open == null || open != question) {
            return;
        }
        Map<String, String> asked;
        synchronized (answers) {
            Answers known = answers.get(image);
            if (known == null || known.question() != question) {
                known = new Answers(question, new TreeMap<>());
                answers.put(image, known);
            }
            known.peers().put(peer, there);
            asked = Map.copyOf(known.peers());
        }
        if (isEverybody(image, asked)) {
            synchronized (answers) {
                answers.remove(image);
            }
            desk.services().replicas().answered(image, question);
            LOG.info("the image '{}' admits writes: none of its replicas was promoted", image);
        }
    }

    /** There is nobody whom it could ask (any more). */
    private void answeredByNobody(String image, long question) {
        try {
            if (isEverybody(image, Map.of())) {
                desk.services().replicas().answered(image, question);
            }
        } catch (StorageException e) {
            LOG.debug("{}: whom it could ask is not known: {}", image, e.getMessage());
        }
    }

    private boolean isEverybody(String image, Map<String, String> asked) throws StorageException {
        boolean configured = pairs.entrySet().stream()
                .allMatch(pair -> !pair.getValue().containsKey(image) || asked.containsKey(pair.getKey()));
        Set<String> clients = asked.entrySet().stream()
                .map(one -> desk.node().client(one.getKey(), one.getValue()))
                .collect(Collectors.toSet());
        // Who has expired, and is at no peer, is waited for by nobody and would never answer.
        List<String> known = desk.services().images().journal(image).clients().stream()
                .filter(client -> client.state() == JournalClient.State.CONNECTED || !desk.isStrange(client))
                .map(JournalClient::id)
                .filter(id -> id.startsWith(ReplicaManager.CLIENT_PREFIX))
                .toList();
        return configured && isTold(image) && clients.containsAll(known);
    }

    /**
     * No journal knows whom a replica followed that was promoted, nor all whom the journal knew that it took the place of: the
     * configuration does, which may be told only now.
     */
    private boolean isTold(String image) throws StorageException {
        return desk.untilToldNanos() == 0
                || (!desk.services().replicas().lostItsJournal(image)
                        && (desk.replicas().config(image).isPresent()
                                || desk.facts(image).epochs().stream().noneMatch(Epoch::isPromoted)));
    }

    private void fence(String image, String peer, Epoch newer, Optional<Fence> before) throws StorageException {
        Fence now = new Fence(peer, newer.number(), newer.identity());
        if (before.isPresent() && before.get().equals(now)) {
            // It may not be stored yet.
            desk.services().replicas().fence(image, now);
            return;
        }
        try {
            desk.services().replicas().fence(image, now);
        } finally {
            LOG.warn(
                    "the image '{}' is {}: it was taken over there, and its writes fail here from now on. Nothing is"
                            + " resolved by itself: run mirror:demote or mirror:resync {} --from {} here, or"
                            + " mirror:resync there; journal:export keeps what only this one has",
                    image,
                    now,
                    image,
                    peer);
        }
    }
}
