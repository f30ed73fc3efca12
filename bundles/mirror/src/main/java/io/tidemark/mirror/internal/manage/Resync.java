package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.fork.BranchWalk;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Point;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Begins anew with an image of this node, from a peer. */
final class Resync {
    private static final Logger LOG = LoggerFactory.getLogger(Resync.class);
    /** What is the source's, or lies in what is made anew. */
    private static final Set<String> OF_SOURCE = Set.of(ImageKeys.SIZE, ImageKeys.BLOCK_SIZE);

    private static final long MADE_NANOS = 20 * Desk.SECOND;
    private static final long END_NANOS = 10 * Desk.SECOND;

    private final Desk desk;
    private final Siblings siblings;
    private final KeptBranches branches;

    Resync(Desk desk, KeptBranches branches) {
        this.desk = desk;
        this.siblings = new Siblings(desk);
        this.branches = branches;
    }

    /**
     * Begins anew with what is here, so that only what differs is sent; or without it, when that is ordered or cannot be.
     *
     * @param whole all bytes are to be sent
     */
    void run(String image, String peer, GivenUp given, boolean whole) throws StorageException {
        boolean received = desk.node().receives(image);
        try {
            begin(image, peer, given, whole);
        } finally {
            // Where it came to nothing, the image follows as before.
            if (received && !desk.node().receives(image)) {
                desk.replicas().config(image).ifPresent(desk.node()::addReplica);
            }
        }
    }

    private void begin(String image, String peer, GivenUp given, boolean whole) throws StorageException {
        String there = desk.there(image, peer);
        Answer.Facts source = desk.look(peer, there);
        if (source.role() != ImageHead.Role.PRIMARY && !source.followsOther()) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + there + " is a replica at " + peer,
                    "promote it there first, or run mirror:resync with the peer that is primary");
        }
        if (given == GivenUp.REFUSED) {
            checkNothingIsLost(image, peer, source);
        }
        // Deleting it would be refused, when the wish to follow is written already.
        refuseClients(image);
        boolean primary = isPrimary(image);
        // What is kept is cut off now; of a primary that is given up by order more may come until it is demoted.
        Set<UUID> judged = given == GivenUp.KEPT || !primary ? epochs(image) : Set.of();
        if (given == GivenUp.KEPT) {
            keep(image, peer, there, source);
        }
        ReplicaWish before = desk.replicas().config(image).orElse(null);
        ReplicaWish wish = wish(before, image, peer, there);
        UUID seed = whole ? ReplicaWish.NO_SEED : seed(image, judged);
        if (seed.equals(ReplicaWish.NO_SEED) || !compared(before, wish.seeded(seed), judged, primary)) {
            copied(before, wish, judged);
        }
    }

    /** Of the image as it is now; none where it cannot be asked. */
    private Set<UUID> epochs(String image) {
        try {
            return desk.services().known(image).stream()
                    .flatMap(facts -> facts.epochs().stream())
                    .map(Epoch::identity)
                    .collect(Collectors.toSet());
        } catch (StorageException e) {
            return Set.of();
        }
    }

    /**
     * In the role's turn, before something is given up: looking and keeping may have taken long, and whoever was promoted meanwhile
     * has been told so.
     *
     * @param judged epochs that were known when it was looked at; none of a primary that is given up, or where it cannot be asked
     */
    private void refuseIfPromotedSince(String image, Set<UUID> judged) throws StorageException {
        ImageFacts now = judged.isEmpty() ? null : desk.services().known(image).orElse(null);
        if (now == null) {
            return;
        }
        List<Epoch> epochs = now.epochs();
        Epoch newest = epochs.get(epochs.size() - 1);
        boolean begunHere = newest.owner().equals(desk.nodeName()) && !judged.contains(newest.identity());
        if (now.role() == ImageHead.Role.PRIMARY || begunHere) {
            throw new StorageException(
                    Reason.BUSY,
                    "the image " + image + " was promoted here meanwhile; nothing of it was given up",
                    "look at mirror:status " + image + ", and order it again where that is still wanted");
        }
    }

    private boolean isPrimary(String image) {
        try {
            return desk.facts(image).role() == ImageHead.Role.PRIMARY;
        } catch (StorageException e) {
            return false;
        }
    }

    /** The journal of the image here, which is given up, while its bytes stay; none where it cannot be opened. */
    private UUID seed(String image, Set<UUID> judged) throws StorageException {
        ImageFacts facts;
        try {
            facts = desk.services().known(image).orElse(null);
        } catch (StorageException e) {
            facts = null;
        }
        if (facts == null) {
            return ReplicaWish.NO_SEED;
        }
        refuseClients(image);
        try {
            if (facts.role() == ImageHead.Role.PRIMARY) {
                // The copy begins when the peer answers: until then nobody may write what is then given up.
                endWriting(image, judged);
            }
            return journal(image).identity();
        } catch (StorageException e) {
            if (e.reason() == Reason.BUSY) {
                throw e;
            }
            LOG.warn("all of the image '{}' is copied anew, it cannot be compared: {}", image, e.getMessage());
            return ReplicaWish.NO_SEED;
        }
    }

    /**
     * False when what is here cannot be the beginning of what the peer has.
     *
     * @param primary whether it was one until it was given up for this
     */
    private boolean compared(ReplicaWish before, ReplicaWish wish, Set<UUID> judged, boolean primary)
            throws StorageException {
        String image = wish.image();
        desk.turns().in(Roles.turn(image), () -> {
            refuseIfPromotedSince(image, judged);
            // Who promotes it forgets such a wish, and may have been quicker.
            desk.replica(image);
            write(wish);
            return null;
        });
        desk.node().endReplica(image, false, END_NANOS);
        if (!desk.turns().in(Roles.turn(image), () -> addAsWished(wish))) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "the image " + image + " does not begin anew from " + wish.peer()
                            + ": another order came in between",
                    "see mirror:status " + image + ", and try again where that is what you want");
        }
        try {
            if (!desk.node().awaitMade(image, MADE_NANOS)) {
                throw late(wish);
            }
            LOG.info(
                    "the image '{}' begins anew with what it has here, and gets what differs at {}",
                    image,
                    wish.peer());
            return true;
        } catch (StorageException e) {
            if (e.reason() != Reason.INVALID && e.reason() != Reason.UNSUPPORTED) {
                throw over(before, wish) ? undone(image, primary, e) : e;
            }
            LOG.warn("all of the image '{}' is copied anew from {}: {}", image, wish.peer(), e.getMessage());
            return false;
        }
    }

    private StorageException late(ReplicaWish wish) {
        String why = desk.node().channels(wish.image()::equals).stream()
                .filter(one -> one.role() == ImageHead.Role.REPLICA)
                .map(one -> one.trouble().isEmpty() ? one.words() : one.trouble())
                .findFirst()
                .orElse("another order came in between");
        return new StorageException(
                Reason.UNAVAILABLE,
                "the image " + wish.image() + " cannot begin anew from " + wish.peer() + ": " + why,
                "mend that and try again");
    }

    /**
     * Follows as the configuration says, which is not what was written here where a promotion has forgotten the seed since: put
     * back from memory it would give up what was written after that promotion.
     *
     * @return whether it is the one that was written here
     */
    private boolean addAsWished(ReplicaWish written) {
        Optional<ReplicaWish> wished = desk.replicas().config(written.image());
        wished.ifPresent(desk.node()::addReplica);
        return wished.filter(written::equals).isPresent();
    }

    /**
     * Carried out later, by itself, an order that has failed would give up what has come since.
     *
     * @return whether it is sure that nothing has begun, and nothing will
     */
    private boolean over(ReplicaWish before, ReplicaWish wish) throws StorageException {
        return desk.turns().in(Roles.turn(wish.image()), () -> takenBack(before, wish));
    }

    private boolean takenBack(ReplicaWish before, ReplicaWish wish) throws StorageException {
        String image = wish.image();
        boolean ended = desk.node().endReplica(image, false, END_NANOS);
        if (!ended || hasBegun(wish)) {
            addAsWished(wish);
            return false;
        }
        ReplicaWish now = desk.replicas().config(image).orElse(null);
        if (now == null || !now.seed().equals(wish.seed())) {
            // Somebody has ordered otherwise since, and the image is that order's.
            addAsWished(wish);
        } else if (before == null) {
            desk.replicas().remove(image, config -> null);
        } else {
            unwrite(image, (now.equals(wish) ? before : now).seeded(ReplicaWish.NO_SEED));
        }
        return true;
    }

    /** One that cannot be asked may have. */
    private boolean hasBegun(ReplicaWish wish) {
        try {
            return !journal(wish.image()).identity().equals(wish.seed());
        } catch (StorageException e) {
            LOG.warn("the image '{}' may begin anew from {}: {}", wish.image(), wish.peer(), e.getMessage());
            return true;
        }
    }

    private static StorageException undone(String image, boolean demoted, StorageException why) {
        return new StorageException(
                why.reason(),
                why.getMessage() + (demoted ? "; the image " + image + " is a replica here now, and" : ";")
                        + " nothing of it was given up",
                why.remedy(),
                why);
    }

    /** First, so that a crash in between leaves a wish that makes the image again. */
    private void write(ReplicaWish wish) throws StorageException {
        Map<String, String> properties = ReplicaConfig.properties(wish);
        if (desk.replicas().page(wish.image()).isEmpty()) {
            desk.replicas().add(wish.image(), properties);
        } else {
            desk.replicas().change(wish.image(), config -> properties);
        }
    }

    private void copied(ReplicaWish before, ReplicaWish wish, Set<UUID> judged) throws StorageException {
        desk.turns().in(Roles.turn(wish.image()), () -> {
            refuseIfPromotedSince(wish.image(), judged);
            begunAnew(before, wish);
            return null;
        });
        desk.node().awaitMade(wish.image(), MADE_NANOS);
    }

    private void begunAnew(ReplicaWish before, ReplicaWish wish) throws StorageException {
        String image = wish.image();
        // They may have come while a branch was kept.
        refuseClients(image);
        write(wish);
        desk.node().removeReplica(image, false);
        ReplicaWish next = wish;
        try {
            delete(image);
            LOG.info("the image '{}' was deleted here, to be copied anew from {}", image, wish.peer());
        } catch (StorageException e) {
            if (e.reason() == Reason.BUSY) {
                // One came in between: the image is what it was, and is not to be a wish of both.
                unwrite(image, before);
                next = before;
            }
            throw e;
        } finally {
            if (next != null) {
                desk.node().addReplica(next);
            }
        }
    }

    private void unwrite(String image, ReplicaWish before) throws StorageException {
        if (before == null) {
            desk.replicas().remove(image, config -> null);
        } else {
            desk.replicas().change(image, config -> ReplicaConfig.properties(before));
        }
    }

    /** It may be gone already: then it is made from the wish. */
    private void delete(String image) throws StorageException {
        try {
            desk.services().images().delete(image);
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
        }
    }

    private ReplicaWish wish(ReplicaWish before, String image, String peer, String there) throws StorageException {
        Map<String, String> create = new TreeMap<>();
        try {
            create.putAll(desk.services().images().image(image).properties());
        } catch (StorageException e) {
            if (e.reason() != Reason.NOT_FOUND || before == null) {
                throw e;
            }
            create.putAll(before.properties());
        }
        create.keySet().removeAll(OF_SOURCE);
        return ReplicaWish.turned(before, image, peer, there, create);
    }

    private void checkNothingIsLost(String image, String peer, Answer.Facts source) throws StorageException {
        ImageFacts facts;
        try {
            facts = desk.services().known(image).orElse(null);
        } catch (StorageException e) {
            throw lost(image, peer, "it cannot be asked what it has: " + e.getMessage());
        }
        if (facts == null) {
            return;
        }
        if (facts.role() == ImageHead.Role.PRIMARY) {
            throw lost(image, peer, "it is primary here");
        }
        if (!isContained(source, facts)) {
            throw lost(image, peer, "it has, or may have, events that the one of " + peer + " has not");
        }
    }

    private static boolean isContained(Answer.Facts source, ImageFacts facts) {
        Verdict.Kind kind = Desk.compare(source, facts).kind();
        return source.identity().equals(facts.imageIdentity())
                && (kind == Verdict.Kind.CONTINUES || kind == Verdict.Kind.TRIMMED);
    }

    /** Keeps what only this node has, where there is something. */
    private void keep(String image, String peer, String there, Answer.Facts source) throws StorageException {
        ImageFacts facts;
        try {
            facts = desk.services().known(image).orElse(null);
        } catch (StorageException e) {
            throw KeptBranches.cannot(e.reason(), image, "it cannot be asked what it has: " + e.getMessage());
        }
        if (facts == null || isIncomplete(facts)) {
            return;
        }
        if (facts.role() == ImageHead.Role.REPLICA
                && (followsOther(image, peer, there) || !isContained(source, facts))) {
            facts = siblings.endReceiving(image);
        }
        boolean contained = isContained(source, facts);
        if (contained && facts.role() == ImageHead.Role.REPLICA) {
            return;
        }
        refuseClients(image);
        Verdict verdict = Desk.compare(source, facts);
        if (verdict.point().equals(Point.NONE) || !source.identity().equals(facts.imageIdentity())) {
            throw KeptBranches.cannot(
                    Reason.MISMATCH, image, "nobody knows any more where it parted from that of " + peer);
        }
        Position fork = verdict.point().position();
        String pin = branches.pin(journal(image), fork);
        try {
            if (!contained) {
                branches.check(image, journal(image), fork);
            }
            if (facts.role() == ImageHead.Role.PRIMARY) {
                endWritingToKeep(image);
                keepOfReplica(image, fork, contained);
            } else {
                branches.keep(image, journal(image), fork);
            }
        } finally {
            branches.unpin(desk, image, pin);
        }
    }

    /** Writing has ended for it, which stays so: whoever ordered that decides whether it goes on. */
    private void keepOfReplica(String image, Position fork, boolean contained) throws StorageException {
        try {
            Journal journal = journal(image);
            if (contained && isOnlyDemoted(journal, fork)) {
                return;
            }
            branches.keep(image, journal, fork);
        } catch (StorageException e) {
            throw new StorageException(
                    e.reason(),
                    "the branch of " + image + " could not be kept: " + e.getMessage() + "; the image " + image
                            + " is a replica here now, and nothing of it was given up",
                    "mend that and run mirror:resync again, or mirror:promote " + image
                            + " --force to go on with it here",
                    e);
        }
    }

    /** Nothing but that writing has ended, which is of use to nobody. */
    private static boolean isOnlyDemoted(Journal journal, Position fork) throws StorageException {
        long last = journal.durable();
        if (last != fork.sequence() + 1) {
            return last <= fork.sequence();
        }
        try (JournalReader reader = journal.reader(last)) {
            return BranchWalk.next(journal, reader).kind() == EventKind.DEMOTE;
        }
    }

    /** What it receives need not be of the branch that it is to begin anew from. */
    private boolean followsOther(String image, String peer, String there) {
        ReplicaWish wish = desk.replicas().config(image).orElse(null);
        return wish != null && !(wish.peer().equals(peer) && wish.sourceImage().equals(there));
    }

    /** It is another one after the role has changed. */
    private Journal journal(String image) throws StorageException {
        return desk.services().images().journal(image);
    }

    /** Its bytes are no position of anything yet, so its events are of no use. */
    private static boolean isIncomplete(ImageFacts facts) {
        return facts.role() == ImageHead.Role.REPLICA && facts.replica().consistency() != Consistency.CONSISTENT;
    }

    /** What is written while the branch is kept would be lost. */
    private void endWriting(String image, Set<UUID> judged) throws StorageException {
        refuseClients(image);
        desk.turns().in(Roles.turn(image), () -> {
            refuseIfPromotedSince(image, judged);
            return desk.services().replicas().demote(image);
        });
        LOG.info("the image '{}' is a replica here, to be copied anew", image);
    }

    private void endWritingToKeep(String image) throws StorageException {
        try {
            endWriting(image, Set.of());
        } catch (StorageException e) {
            throw e.reason() == Reason.BUSY
                    ? e
                    : new StorageException(
                            e.reason(),
                            "the image " + image
                                    + " could not be made a replica, so that what only it has can be kept: "
                                    + e.getMessage(),
                            "mend that; or say --no-keep to lose it",
                            e);
        }
    }

    private void refuseClients(String image) throws StorageException {
        List<String> clients = clients(image);
        if (!clients.isEmpty()) {
            throw new StorageException(
                    Reason.BUSY,
                    "image " + image + " has clients: " + String.join(", ", clients),
                    "detach them first; nothing was changed");
        }
    }

    private List<String> clients(String image) throws StorageException {
        try {
            return desk.services().images().image(image).clients();
        } catch (StorageException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                // Deleted before: it is only wished.
                return List.of();
            }
            throw e;
        }
    }

    private static StorageException lost(String image, String peer, String why) {
        return new StorageException(
                Reason.BUSY,
                "the image " + image + " is not copied anew from " + peer + ": " + why,
                "say --discard to give up what only it has; mirror:branch-list shows what was kept of it");
    }
}
