package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.fork.ForkCheck;
import io.tidemark.mirror.internal.fork.Precedence;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replicas of one image on other nodes. Before one of them is promoted it fetches what another one has more, so that none is
 * ahead of the new primary without being named. Only their source knows all of them; they find each other where their nodes are
 * peers.
 */
final class Siblings {
    private static final Logger LOG = LoggerFactory.getLogger(Siblings.class);
    private static final long ANSWER_NANOS = 5 * Desk.SECOND;
    private static final long PATIENCE_NANOS = 10 * Desk.SECOND;
    private static final long END_NANOS = 10 * Desk.SECOND;
    private static final long LOOK_NANOS = Desk.SECOND / 20;

    /** A peer that has the image, and how it is there. */
    record Sibling(String peer, Answer.Facts facts) {
        boolean hasMoreThan(ImageFacts ours) {
            boolean behind =
                    switch (kind(ours)) {
                        case CONTINUES, TRIMMED -> true;
                        case FORGOTTEN ->
                            ForkCheck.isLater(
                                    new ForkCheck.Side(facts.epochs(), facts.durable()),
                                    new ForkCheck.Side(
                                            ours.epochs(), ours.watermarks().durable()));
                        default -> false;
                    };
            return behind && facts.durable() > ours.watermarks().durable();
        }

        boolean canGiveMoreThan(ImageFacts ours) {
            return facts.role() == ImageHead.Role.REPLICA && hasMoreThan(ours) && kind(ours) == Verdict.Kind.CONTINUES;
        }

        /**
         * Somebody was promoted on a branch of its own, which this one has and ours has not, and no order on ours has decided
         * against it.
         */
        boolean wasPromotedApart(ImageFacts ours) {
            ForkCheck.Side theirs = new ForkCheck.Side(facts.epochs(), facts.durable());
            ForkCheck.Side own =
                    new ForkCheck.Side(ours.epochs(), ours.watermarks().durable());
            return kind(ours) == Verdict.Kind.SPLIT
                    && Precedence.promotedApart(theirs, own)
                    && !Precedence.overrules(own, theirs);
        }

        private Verdict.Kind kind(ImageFacts ours) {
            return Desk.compare(facts, ours).kind();
        }
    }

    /**
     * What asking came to.
     *
     * @param siblings that have the image
     * @param reasons of the peers that could not be asked
     * @param closed peers where it is primary, or about to be, and not open, sorted
     */
    record Asked(List<Sibling> siblings, SortedMap<String, String> reasons, List<String> closed) {
        /** Peers that could not be asked; sorted. */
        List<String> silent() {
            return List.copyOf(reasons.keySet());
        }

        /** Some of them, each with the reason. */
        private String reasons(List<String> peers) {
            return peers.stream()
                    .map(peer -> peer + " (" + reasons.get(peer) + ")")
                    .collect(Collectors.joining(", "));
        }

        /** Who has more on the same branch; sorted. */
        List<String> ahead(ImageFacts ours) {
            return siblings.stream()
                    .filter(one -> one.hasMoreThan(ours))
                    .map(Sibling::peer)
                    .sorted()
                    .toList();
        }

        /** Who has something on the same branch behind an event; sorted. */
        List<String> behind(ImageFacts ours, long sequence) {
            UUID epoch = Epochs.at(ours.epochs(), sequence).identity();
            return siblings.stream()
                    .filter(one -> one.facts().durable() > sequence
                            && !one.facts().epochs().isEmpty()
                            && Epochs.at(one.facts().epochs(), sequence)
                                    .identity()
                                    .equals(epoch))
                    .map(Sibling::peer)
                    .sorted()
                    .toList();
        }
    }

    private final Desk desk;
    /** Of images here, by their names: one whose role changes is closed meanwhile. */
    private final Map<String, UUID> identities = new ConcurrentHashMap<>();

    Siblings(Desk desk) {
        this.desk = desk;
    }

    /** Asks every peer but one. */
    Asked ask(ImageFacts ours, String except) {
        return ask(
                ours,
                desk.peers().all().stream()
                        .map(page -> page.wish().name())
                        .filter(peer -> !peer.equals(except))
                        .toList());
    }

    boolean isThisNode(String peer) throws StorageException {
        return desk.peer(peer).settings().transport().equals(PeerSettings.LOCAL);
    }

    /**
     * Where the source is away, as when its site was shut down in order, all others have to say that none of them took over from it
     * since: what this one received last may be an old demotion.
     */
    void refuseUnasked(String image, Asked asked, String source) throws StorageException {
        List<String> unasked =
                asked.silent().stream().filter(peer -> !peer.equals(source)).toList();
        if (!unasked.isEmpty()) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "nobody can say whether the image " + image + " was promoted elsewhere: its source is away, and "
                            + asked.reasons(unasked) + " cannot be asked",
                    "mend that, or link with them (mirror:peer-list), or remove those that are gone for good"
                            + " (mirror:peer-remove); --force promotes it all the same");
        }
    }

    /**
     * Also where nobody is primary any more another one may have been, and have acknowledged what is not here. Which of two branches
     * stays is for people to decide.
     */
    void refuseApart(ImageFacts ours, Asked asked) throws StorageException {
        for (Sibling one : asked.siblings()) {
            if (one.wasPromotedApart(ours)) {
                throw new StorageException(
                        Reason.MISMATCH,
                        "the image " + ours.name() + " and that of " + one.peer() + " are on different branches",
                        "decide which one stays, and run mirror:resync at the other while the image is primary somewhere;"
                                + " or leave it out (mirror:peer-remove " + one.peer()
                                + "); --force promotes this one");
            }
        }
    }

    /** Where something could not be fetched, or is not to be had any more. */
    void refuseAhead(ImageFacts ours, Asked asked) throws StorageException {
        List<String> ahead = asked.ahead(ours);
        if (!ahead.isEmpty()) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "the replica " + ours.name() + " lacks events that " + String.join(", ", ahead)
                            + " has, and that could not be fetched",
                    "try again, or promote it there; --force does without them");
        }
    }

    /** As {@link #refuseUnasked}, for a node that was the source itself until now: it knows who follows it, others do not matter. */
    void refuseUnaskedFollower(String image, Asked asked) throws StorageException {
        List<String> unasked = asked.silent().stream()
                .filter(peer -> desk.peers()
                        .config(peer)
                        .map(config -> config.images().containsKey(image))
                        .orElse(false))
                .toList();
        if (!unasked.isEmpty()) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "nobody can say whether the image " + image + " was promoted meanwhile at " + asked.reasons(unasked)
                            + ", which cannot be asked",
                    "link with it (mirror:peer-list), and run mirror:promote " + image + " here");
        }
    }

    /**
     * Asks those who have answered once more: none of them is primary now, or was meanwhile.
     *
     * @param epochs that were known when they were asked before
     */
    void refuseIfPromotedMeanwhile(ImageFacts ours, Asked before, Set<UUID> epochs) throws StorageException {
        Asked now = ask(ours, before.siblings().stream().map(Sibling::peer).toList());
        refusePrimary(ours.name(), now);
        for (Sibling one : now.siblings()) {
            refuseWrittenSince(ours.name(), one.peer(), one.facts(), epochs);
        }
        if (!now.silent().isEmpty()) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    String.join(", ", now.silent()) + " answered before and no longer does: "
                            + "it may have been promoted meanwhile",
                    "try again");
        }
    }

    /** What was acknowledged in an epoch that began since may not be here, whatever role the image has there now. */
    static void refuseWrittenSince(String image, String peer, Answer.Facts now, Set<UUID> epochs)
            throws StorageException {
        List<Epoch> there = now.epochs();
        if (!there.isEmpty() && !epochs.contains(there.get(there.size() - 1).identity())) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "the image " + image + " was promoted and written elsewhere since " + peer
                            + " was asked first; nothing was changed",
                    "look at mirror:status, and try again");
        }
    }

    private Asked ask(ImageFacts ours, List<String> peers) {
        List<Sibling> siblings = new ArrayList<>();
        SortedMap<String, String> reasons = new TreeMap<>();
        List<String> closed = new ArrayList<>();
        for (String peer : peers) {
            try {
                Order find = new Order.Find(ours.imageIdentity());
                Answer.Facts facts = desk.expect(Answer.Facts.class, peer, find, ANSWER_NANOS, WorkListener.QUIET);
                // Over a link of this node with itself it would find the image that asks.
                if (!facts.image().equals(ours.name()) || !isThisNode(peer)) {
                    siblings.add(new Sibling(peer, facts));
                }
            } catch (StorageException e) {
                if (e.reason() != Reason.NOT_FOUND) {
                    LOG.info("{} does not say how far it is with '{}': {}", peer, ours.name(), e.getMessage());
                    reasons.put(peer, e.getMessage());
                }
                if (e.reason() == Reason.BUSY) {
                    closed.add(peer);
                }
            }
        }
        closed.sort(Comparator.naturalOrder());
        return new Asked(siblings, reasons, closed);
    }

    void refusePrimary(String image, Asked asked) throws StorageException {
        if (!asked.closed().isEmpty()) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + image + " is primary, or about to be, and not open at "
                            + String.join(", ", asked.closed()),
                    "look at image:list there; --force makes " + image + " primary all the same, and both write then");
        }
        for (Sibling one : asked.siblings()) {
            if (one.facts().role() == ImageHead.Role.PRIMARY) {
                throw new StorageException(
                        Reason.MISMATCH,
                        "the image " + one.facts().image() + " is primary at " + one.peer(),
                        "run mirror:enable " + one.facts().image() + " there to follow it; --force makes " + image
                                + " primary all the same, and both write then");
            }
        }
    }

    /** Fetches what the one who is furthest has more, and where that breaks off the next one; answers what is here then. */
    ImageFacts complete(ImageFacts ours, Asked asked) throws StorageException {
        List<Sibling> furthestFirst = asked.siblings().stream()
                .sorted(Comparator.comparingLong((Sibling one) -> one.facts().durable())
                        .reversed())
                .toList();
        ImageFacts now = ours;
        for (Sibling one : furthestFirst) {
            now = one.canGiveMoreThan(now) ? fetch(now, one) : now;
        }
        return now;
    }

    private ImageFacts fetch(ImageFacts ours, Sibling from) throws StorageException {
        String image = ours.name();
        LOG.info(
                "the replica '{}' fetches what {} has more, up to event {}",
                image,
                from.peer(),
                from.facts().durable());
        long delay = desk.replicas().config(image).map(ReplicaWish::delayNanos).orElse(0L);
        desk.node().endReplica(image, false, END_NANOS);
        try {
            desk.node()
                    .addReplica(new ReplicaWish(image, from.peer(), from.facts().image(), delay, Map.of()));
            return awaitReceived(image, from.facts().durable());
        } finally {
            desk.node().endReplica(image, false, END_NANOS);
            desk.replicas().config(image).ifPresent(desk.node()::addReplica);
        }
    }

    /**
     * Receives nothing more, and has what has arrived forced: what came while a branch is kept would be in none, and its source might
     * trim it. Whoever asks for it has it go on.
     */
    ImageFacts endReceiving(String image) throws StorageException {
        boolean over = desk.node().endReplica(image, false, END_NANOS);
        long arrived = desk.replica(image).replica().arrived();
        ImageFacts facts = awaitReceived(image, arrived);
        if (!over || facts.watermarks().durable() < arrived) {
            throw new StorageException(
                    Reason.BUSY, "the replica " + image + " is still receiving; nothing was changed", "try again");
        }
        return facts;
    }

    /** Waits for an event as long as something comes. */
    ImageFacts awaitReceived(String image, long sequence) throws StorageException {
        ImageFacts facts = desk.replica(image);
        long since = desk.context().clock().monotonicNanos();
        while (facts.watermarks().durable() < sequence
                && desk.context().clock().monotonicNanos() - since < PATIENCE_NANOS) {
            desk.pause(LOOK_NANOS);
            ImageFacts now = desk.replica(image);
            if (now.watermarks().durable() > facts.watermarks().durable()) {
                since = desk.context().clock().monotonicNanos();
            }
            facts = now;
        }
        return facts;
    }

    // ---- as asked by a peer

    /** The name of an image here. Of one that was never open, or not named yet, nobody could say that it is not here. */
    String named(Order.Find order) throws StorageException {
        int unknown = 0;
        for (ImageStatus image : desk.services().images().images()) {
            UUID identity = identity(image.name());
            if (order.identity().equals(identity)) {
                return image.name();
            }
            unknown += identity == null ? 1 : 0;
        }
        if (unknown > 0) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "the node " + desk.nodeName() + " cannot say whether it has an image " + order.identity() + ": "
                            + unknown + " of its images are not open",
                    "image:list there says why");
        }
        if (desk.untilToldNanos() > 0) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "the node " + desk.nodeName() + " has just started, and may not know all of its images yet",
                    "try again in some seconds");
        }
        throw new StorageException(
                Reason.NOT_FOUND,
                "the node " + desk.nodeName() + " has no image " + order.identity(),
                "look at image:list there");
    }

    /** Whatever becomes of it, it is known which one it is. */
    void remember(String image) {
        identity(image);
    }

    /** As it was when the image was open last; null while it never was. */
    private UUID identity(String image) {
        try {
            UUID identity = desk.facts(image).imageIdentity();
            identities.put(image, identity);
            return identity;
        } catch (StorageException e) {
            return identities.get(image);
        }
    }
}
