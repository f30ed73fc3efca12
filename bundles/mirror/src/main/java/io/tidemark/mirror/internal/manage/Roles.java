package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.Fence;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.GivenOrder;
import io.tidemark.mirror.internal.run.PeerState;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Encoder;
import io.tidemark.mirror.internal.wire.Order;
import io.tidemark.mirror.internal.wire.Point;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Promotion and demotion on this node, by people and by peers. One change of a role at a time for each image, and whoever looks at
 * an image from another node waits for it: what it sees then is not on its way to something else.
 */
final class Roles {
    private static final Logger LOG = LoggerFactory.getLogger(Roles.class);
    private static final long LOOK_NANOS = Desk.SECOND / 20;
    /** Less than anybody waits who asks. */
    private static final long FORCED_NANOS = 2 * Desk.SECOND;

    private static final long SURE = 0;
    private static final long UNKNOWN = -1;
    private static final Set<Reason> AWAY = EnumSet.of(Reason.UNAVAILABLE, Reason.STALE_SERVICE, Reason.NOT_FOUND);

    private final Desk desk;
    private final Enabling enabling;
    private final Siblings siblings;
    private final KeptBranches branches;
    private final Followers followers;
    /** Images that nobody else is to be primary of from now on, unless it is forced. */
    private final Set<String> promoting = ConcurrentHashMap.newKeySet();
    /** What people have ordered for the role of an image, until it has come to its end. */
    private final Map<String, String> ordered = new ConcurrentHashMap<>();

    Roles(Desk desk, Enabling enabling, KeptBranches branches, Followers followers) {
        this.desk = desk;
        this.enabling = enabling;
        this.siblings = new Siblings(desk);
        this.branches = branches;
        this.followers = followers;
    }

    static String turn(String image) {
        return "role/" + image;
    }

    // ---- by people

    /** One order at a time for the role of an image: none undoes what another one did, or goes on from what that left. */
    <T> T ordered(String image, String order, Turns.Work<T, StorageException> work) throws StorageException {
        String before = ordered.putIfAbsent(image, order);
        if (before != null) {
            throw new StorageException(
                    Reason.BUSY,
                    "the role of the image " + image + " is being changed already, by " + before,
                    "wait until that has come to its end, and look at mirror:status then");
        }
        try {
            return work.run();
        } finally {
            ordered.remove(image);
        }
    }

    /**
     * What is known before a promotion.
     *
     * @param ours how the replica is here
     * @param wish whom it follows; null for nobody
     * @param source how the image is there; null when it cannot be asked
     * @param asked how it is everywhere else
     */
    private record Ground(ImageFacts ours, ReplicaWish wish, Answer.Facts source, Siblings.Asked asked) {
        /** Epochs that somebody knew of. */
        Set<UUID> epochs() {
            return Stream.of(
                            ours.epochs().stream(),
                            source == null ? Stream.<Epoch>empty() : source.epochs().stream(),
                            asked.siblings().stream().flatMap(one -> one.facts().epochs().stream()))
                    .flatMap(epochs -> epochs)
                    .map(Epoch::identity)
                    .collect(Collectors.toSet());
        }
    }

    /** Asks all others; unless it is forced, none of them may be primary. */
    private Ground ground(String image, boolean force) throws StorageException {
        ImageFacts ours = consistent(image);
        ReplicaWish wish = desk.replicas().config(image).orElse(null);
        Source said = source(wish, force);
        Answer.Facts source = said.facts();
        if (source != null && !force) {
            refuseBeside(image, source, wish);
        }
        Ground ground = new Ground(ours, wish, source, siblings.ask(ours, source == null ? "" : wish.peer()));
        if (!force) {
            siblings.refusePrimary(image, ground.asked());
            if (source == null) {
                siblings.refuseUnasked(image, ground.asked(), said.away());
            }
            siblings.refuseApart(ours, ground.asked());
        }
        return ground;
    }

    /**
     * What the source says.
     *
     * @param facts null when it cannot be asked and need not be, and without a source
     * @param away the source when it does not answer; empty when it does
     */
    private record Source(Answer.Facts facts, String away) {}

    private Source source(ReplicaWish wish, boolean force) throws StorageException {
        if (wish == null) {
            return new Source(null, "");
        }
        try {
            return new Source(desk.look(wish.peer(), wish.sourceImage()), "");
        } catch (StorageException e) {
            if (!force && !AWAY.contains(e.reason())) {
                throw e;
            }
            // Who says that it has no such image is there: it may have it by another name, or not know it yet. So is
            // who cannot
            // open it at the moment: it may be primary again.
            boolean there = e.reason() == Reason.NOT_FOUND || desk.node().linked(wish.peer());
            return new Source(null, there ? "" : wish.peer());
        }
    }

    private ImageFacts carryOut(
            Ground ground, ImageFacts facts, boolean force, Turns.Work<ImageFacts, StorageException> promotion)
            throws StorageException {
        return force ? inTurn(facts.name(), promotion) : alone(facts, () -> lookAgain(ground), promotion);
    }

    /** An order to begin anew that was not carried out is over: it would give up what clients write from now on. */
    private ImageFacts inTurn(String image, Turns.Work<ImageFacts, StorageException> promotion)
            throws StorageException {
        return desk.turns().in(turn(image), () -> {
            if (desk.replicas().config(image).filter(ReplicaWish::hasSeed).isPresent()) {
                desk.replicas().change(image, wish -> ReplicaConfig.properties(wish.seeded(ReplicaWish.NO_SEED)));
                LOG.warn("the image '{}' is to be promoted, and no longer to begin anew", image);
            }
            return promotion.run();
        });
    }

    Promotion promote(String image, boolean force) throws StorageException {
        Ground ground = ground(image, force);
        Answer.Facts source = ground.source();
        ImageFacts facts = siblings.complete(ground.ours(), ground.asked());
        if (source != null && Desk.compare(source, facts).kind() == Verdict.Kind.CONTINUES) {
            // It is on its way; the answer was quicker.
            facts = siblings.awaitReceived(image, source.durable());
        }
        if (!force) {
            siblings.refuseAhead(facts, ground.asked());
        }
        long missing = source == null ? missingWithoutSource(image, facts, force) : missing(facts, ground, force);
        ImageFacts promoted =
                carryOut(ground, facts, force, () -> desk.services().replicas().promote(image));
        LOG.info("the image '{}' is primary here, {}", image, words(missing));
        warnBeside(ground);
        desk.node().look(image);
        if (source != null && source.role() == ImageHead.Role.REPLICA && !source.followsOther()) {
            follow(promoted, ground.wish());
        }
        Siblings.Asked asked = ground.asked();
        followers.invite(promoted, asked.siblings());
        return promotion(image, desk.nodeName(), promoted, missing).asked(asked.silent(), asked.ahead(facts));
    }

    /** Only its source knows who that is: neither of two that write asks the other one, unless the source is linked with both. */
    private static void warnBeside(Ground ground) {
        if (ground.source() != null && ground.source().takenOver()) {
            LOG.warn(
                    "the image '{}' is primary here, and may be at the node that took over from {} before, which the log there names:"
                            + " where none of the two is fenced soon, run mirror:peer-add on both, and then mirror:resync on the"
                            + " one that is fenced; nothing is to be done where that node is gone for good",
                    ground.ours().name(),
                    ground.wish().peer());
        }
    }

    /**
     * What was demoted for a peer that did not become primary is as before, unless somebody made the peer primary meanwhile, or
     * another one that follows this image: it saw a source that was demoted.
     */
    void promoteBack(String image, String peer, String there, boolean mustAnswer) throws StorageException {
        ImageFacts facts = desk.replica(image);
        Look look = () -> {
            refusePrimaryAt(peer, there, mustAnswer);
            Siblings.Asked asked = siblings.ask(facts, peer);
            siblings.refusePrimary(image, asked);
            siblings.refuseUnaskedFollower(image, asked);
        };
        alone(facts, look, () -> desk.services().replicas().promote(image));
    }

    /** How many events came. */
    long fetch(String image) throws StorageException {
        ImageFacts facts = consistent(image);
        String source = desk.replicas().config(image).map(ReplicaWish::peer).orElse("");
        ImageFacts complete = siblings.complete(facts, siblings.ask(facts, source));
        return complete.watermarks().durable() - facts.watermarks().durable();
    }

    Promotion promoteAt(String image, Position at, boolean force, GivenUp given) throws StorageException {
        Ground ground = ground(image, force);
        Answer.Facts source = ground.source();
        Siblings.Asked asked = ground.asked();
        ImageFacts facts = ground.ours();
        if (at.sequence() > facts.watermarks().durable()) {
            facts = siblings.complete(facts, asked);
        }
        Verdict.Kind kind = source == null ? null : Desk.compare(source, facts).kind();
        if (!force) {
            // What it may lack is given up by order; but who was not demoted may still be written.
            if (source == null) {
                missingWithoutSource(image, facts, false);
            } else {
                refuseUnsure(facts, kind, ground, List.of());
            }
        }
        List<String> ahead = asked.behind(facts, at.sequence());
        long received = facts.watermarks().durable();
        boolean more = kind == Verdict.Kind.CONTINUES;
        long missing = (more ? Math.max(received, source.durable()) : received) - at.sequence();
        ImageFacts promoted = carryOut(ground, facts, force, () -> giveUp(image, at, given));
        LOG.info("the image '{}' is primary here at {}, {} events behind that are given up", image, at, missing);
        warnBeside(ground);
        desk.node().look(image);
        followers.invite(promoted, asked.siblings());
        return promotion(image, desk.nodeName(), promoted, missing).asked(asked.silent(), ahead);
    }

    private ImageFacts giveUp(String image, Position at, GivenUp given) throws StorageException {
        if (given == GivenUp.LOST) {
            return desk.services().replicas().promoteAt(image, at);
        }
        try {
            long durable = siblings.endReceiving(image).watermarks().durable();
            if (durable <= at.sequence()) {
                return desk.services().replicas().promoteAt(image, at);
            }
            if (given == GivenUp.REFUSED) {
                throw new StorageException(
                        Reason.BUSY,
                        "the replica " + image + " has received events behind " + at + ", which are not to be given up",
                        "say what is to become of them");
            }
            return keepAndPromote(image, at, desk.services().images().journal(image));
        } finally {
            desk.replicas().config(image).ifPresent(desk.node()::addReplica);
        }
    }

    private ImageFacts keepAndPromote(String image, Position at, Journal journal) throws StorageException {
        KeptBranch kept;
        String pin = branches.pin(journal, at);
        try {
            branches.check(image, journal, at);
            kept = branches.keep(image, journal, at);
        } finally {
            branches.unpin(desk, image, pin);
        }
        UUID given = journal.identity();
        try {
            return desk.services().replicas().promoteAt(image, at);
        } catch (StorageException e) {
            throw isReplicaStill(image, given, kept.last()) && isDiscarded(kept)
                    ? e
                    : new StorageException(
                            e.reason(),
                            e.getMessage() + "; what " + image + " had received behind " + at
                                    + " is kept as the branch " + kept.name(),
                            e.remedy(),
                            e);
        }
    }

    /**
     * A promotion that failed may be in force: it was stored, and only opening the image failed. What is kept is of no use only
     * where the journal that it was taken from is there, of a replica.
     */
    private boolean isReplicaStill(String image, UUID given, long last) {
        try {
            ImageFacts facts = desk.replica(image);
            return facts.watermarks().durable() >= last
                    && desk.services().images().journal(image).identity().equals(given);
        } catch (StorageException e) {
            LOG.debug("what was kept of '{}' stays: {}", image, e.getMessage());
            return false;
        }
    }

    private boolean isDiscarded(KeptBranch kept) {
        try {
            branches.discard(kept.name());
            return true;
        } catch (StorageException e) {
            LOG.warn("the branch {} is of no use, and stays: {}", kept.name(), e.getMessage());
            return false;
        }
    }

    private ImageFacts consistent(String image) throws StorageException {
        ImageFacts facts = desk.replica(image);
        if (facts.replica().consistency() != Consistency.CONSISTENT) {
            throw new StorageException(
                    Reason.INVALID,
                    "the replica " + image + " is not consistent and cannot be promoted",
                    "wait until it has its source's bytes");
        }
        return facts;
    }

    private static String words(long missing) {
        return missing == SURE
                ? "with everything of the primary before"
                : missing < 0
                        ? "and nobody knows what it lacks of the primary before"
                        : "and lacks " + missing + " events of the primary before";
    }

    static Promotion promotion(String image, String node, ImageFacts promoted, long missing) {
        Epoch epoch = newest(promoted.epochs());
        long last = epoch.firstSequence() - 1;
        Position at = last == 0 ? Position.NONE : new Position(before(promoted.epochs(), epoch), last);
        return new Promotion(image, node, at, epoch, missing);
    }

    private static long before(List<Epoch> epochs, Epoch newest) {
        return epochs.size() < 2
                ? newest.number() - 1
                : epochs.get(epochs.size() - 2).number();
    }

    private long missing(ImageFacts facts, Ground ground, boolean force) throws StorageException {
        Answer.Facts source = ground.source();
        Verdict.Kind kind = Desk.compare(source, facts).kind();
        long missing = kind == Verdict.Kind.CONTINUES
                ? source.durable() - facts.watermarks().durable()
                : UNKNOWN;
        if (force) {
            return missing;
        }
        String peer = ground.wish().peer();
        if (kind == Verdict.Kind.TRIMMED) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "the replica " + facts.name() + " lacks events that " + peer + " had and no longer has",
                    "run mirror:resync here; --force does without them");
        }
        refuseUnsure(facts, kind, ground, ground.asked().ahead(facts));
        if (missing > 0) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "the replica " + facts.name() + " lacks " + missing + " events that " + peer + " has",
                    "try again when mirror:status says that it has everything; --force does without them");
        }
        return SURE;
    }

    /**
     * Where its source has parted from it, or cannot know that nobody else is primary.
     *
     * @param kind how the source stands to it
     * @param ahead peers that have more, where nothing is to be given up
     */
    private void refuseUnsure(ImageFacts facts, Verdict.Kind kind, Ground ground, List<String> ahead)
            throws StorageException {
        Answer.Facts source = ground.source();
        Set<String> unsure = new TreeSet<>(ground.asked().silent());
        if (kind == Verdict.Kind.CONTINUES || kind == Verdict.Kind.TRIMMED) {
            refuseUnlessHandedOver(facts, newest(source.epochs()), ground, unsure);
        } else if (kind == Verdict.Kind.OLDER || Desk.lacksOnly(source, facts)) {
            // It does not know who was promoted since, so all others have to.
            unsure.addAll(ahead);
            refuseUnlessHandedOver(facts, newest(facts.epochs()), ground, unsure);
        } else {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + facts.name() + " and that of "
                            + ground.wish().peer() + " are on different branches",
                    "decide which one stays, and run mirror:resync at the other; --force promotes this one");
        }
    }

    /**
     * A source may have been a replica all the time. Whoever wrote last has handed over, as far as is received here; or it has
     * answered, as all others have, and is not primary.
     *
     * @param newest the newest epoch that is known of
     * @param unsure who would have to answer, too, and does not, or has more
     */
    private void refuseUnlessHandedOver(ImageFacts facts, Epoch newest, Ground ground, Set<String> unsure)
            throws StorageException {
        String image = facts.name();
        boolean known = newest.identity().equals(newest(facts.epochs()).identity());
        if (known && endsWithDemotion(image, facts)) {
            return;
        }
        String writer = newest.owner().isEmpty() ? "somebody" : newest.owner();
        String why = !answers(newest.owner(), ground)
                ? "it is no peer that answers, or not the only node of that name, or is called otherwise now, or was taken over by"
                        + " another node"
                : unsure.isEmpty() ? "" : String.join(", ", unsure) + " cannot be asked, or has more";
        if (!why.isEmpty()) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    "nobody can say whether the replica " + image + " has everything, and whether it is still written: "
                            + writer + " wrote last, and was not demoted as far as " + image + " has received, and "
                            + why,
                    "try again when the demotion has come, or link with them (mirror:peer-list), or remove those that are"
                            + " gone for good (mirror:peer-remove); --force promotes it all the same, and is what is left where "
                            + writer + ", or who took over from it, is gone for good");
        }
    }

    /**
     * Whether it is known of a node that the image is not primary there: it has the image, and answers. Of a name that several have
     * nobody knows who it is.
     */
    private boolean answers(String node, Ground ground) throws StorageException {
        Set<String> carriers = new TreeSet<>();
        for (PeerState peer : desk.node().peers()) {
            if (peer.nodeName().equals(node) && !siblings.isThisNode(peer.name())) {
                carriers.add(peer.name());
            }
        }
        if (node.equals(desk.nodeName())) {
            return carriers.isEmpty();
        }
        Set<String> answered = new TreeSet<>(Set.of(ground.wish().peer()));
        for (Siblings.Sibling one : ground.asked().siblings()) {
            // Who was taken over does not know whether the one that did it is primary.
            if (!one.facts().takenOver()) {
                answered.add(one.peer());
            }
        }
        return carriers.size() == 1 && answered.containsAll(carriers);
    }

    /** Whether an epoch has begun that is not known yet. */
    private static boolean begins(ImageFacts now, ImageFacts known) {
        return !now.epochs().isEmpty()
                && known.epochs().stream().noneMatch(epoch -> epoch.identity()
                        .equals(newest(now.epochs()).identity()));
    }

    private static Epoch newest(List<Epoch> epochs) {
        return epochs.get(epochs.size() - 1);
    }

    /**
     * Whoever asks from now on is told that the image is primary here, and then this node looks at the others: of two nodes that do
     * this at the same time one at least is refused. Who was promoted where it could not be asked, and is linked since, has begun an
     * epoch, and may have given events of it to this replica.
     *
     * @param facts that let it be promoted
     */
    private ImageFacts alone(ImageFacts facts, Look look, Turns.Work<ImageFacts, StorageException> promotion)
            throws StorageException {
        String image = facts.name();
        if (!promoting.add(image)) {
            throw new StorageException(
                    Reason.BUSY, "the replica " + image + " is being promoted already", "wait for that");
        }
        try {
            siblings.remember(image);
            look.look();
            return inTurn(image, () -> {
                ImageFacts now = desk.facts(image);
                if (now.role() == ImageHead.Role.REPLICA && begins(now, facts)) {
                    throw new StorageException(
                            Reason.UNAVAILABLE,
                            "the replica " + image + " has received from a primary meanwhile",
                            "look at mirror:status, and try again");
                }
                return promotion.run();
            });
        } finally {
            promoting.remove(image);
        }
    }

    /** Fails where another node is primary. */
    private interface Look {
        void look() throws StorageException;
    }

    /**
     * Asking and fetching may have taken long, and another one may have been promoted meanwhile; also one that is a replica again,
     * and has acknowledged what is not here.
     */
    private void lookAgain(Ground ground) throws StorageException {
        ReplicaWish wish = ground.wish();
        Answer.Facts now = source(wish, false).facts();
        if (now != null) {
            refuseBeside(ground.ours().name(), now, wish);
            Siblings.refuseWrittenSince(ground.ours().name(), wish.peer(), now, ground.epochs());
        } else if (ground.source() != null) {
            throw new StorageException(
                    Reason.UNAVAILABLE,
                    wish.peer() + " answered before and no longer does: it may have been promoted meanwhile",
                    "try again");
        }
        siblings.refuseIfPromotedMeanwhile(ground.ours(), ground.asked(), ground.epochs());
    }

    private void refusePrimaryAt(String peer, String there, boolean mustAnswer) throws StorageException {
        Answer.Facts now;
        try {
            now = desk.look(peer, there);
        } catch (StorageException e) {
            if (mustAnswer) {
                throw e;
            }
            LOG.info("{} does not say whether '{}' is primary there: {}", peer, there, e.getMessage());
            return;
        }
        if (now.role() == ImageHead.Role.PRIMARY) {
            throw new StorageException(
                    Reason.MISMATCH, "the image " + there + " is primary at " + peer, "look at mirror:status there");
        }
    }

    /** Where the source is primary, or in the middle of others, nobody takes over from it unasked. */
    private static void refuseBeside(String image, Answer.Facts source, ReplicaWish wish) throws StorageException {
        if (source.followsOther()) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + wish.sourceImage() + " of " + wish.peer() + " is a replica itself, of another node",
                    "promote it there, and " + image + " goes on following it; --force promotes this one");
        }
        if (source.takenOver()) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + wish.sourceImage() + " of " + wish.peer()
                            + " was taken over by another node before it was demoted, and that one may be primary",
                    "run mirror:enable at that node to mirror it to " + wish.peer() + ", and " + image
                            + " goes on following that; where that node is gone for good, --force promotes " + image);
        }
        if (source.role() == ImageHead.Role.PRIMARY) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + wish.sourceImage() + " is primary at " + wish.peer(),
                    "run mirror:switch there, or mirror:demote there first; --force makes " + image
                            + " primary all the same, and both write then");
        }
    }

    private long missingWithoutSource(String image, ImageFacts facts, boolean force) throws StorageException {
        if (endsWithDemotion(image, facts)) {
            return SURE;
        }
        if (force) {
            return UNKNOWN;
        }
        throw new StorageException(
                Reason.UNAVAILABLE,
                "nobody can say whether the replica " + image
                        + " has everything, and whether its source is still written: that cannot be asked, and was not"
                        + " demoted as far as " + image + " has received",
                "link with the source again, or use --force when its site is gone");
    }

    /** Whoever wrote it last has handed it over. An epoch behind that is of somebody who was promoted since, and may write. */
    private boolean endsWithDemotion(String image, ImageFacts facts) throws StorageException {
        long last = facts.watermarks().durable();
        if (facts.epochs().stream().anyMatch(epoch -> epoch.firstSequence() > last)) {
            return false;
        }
        Journal journal = desk.services().images().journal(image);
        if (last <= journal.trimmed()) {
            return false;
        }
        try (JournalReader reader = journal.reader(last)) {
            EventHeader event = reader.next();
            return event != null && event.kind() == EventKind.DEMOTE;
        } catch (StorageException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                // Trimmed a moment ago.
                return false;
            }
            throw e;
        }
    }

    /** The node where it was primary follows from now on. It may know that already. */
    private void follow(ImageFacts promoted, ReplicaWish wish) {
        try {
            enabling.invite(promoted, wish.image(), wish.peer(), wish.sourceImage(), ReplicaOptions.DEFAULTS);
        } catch (StorageException e) {
            LOG.warn("{} does not follow '{}' yet: {}", wish.peer(), wish.image(), e.getMessage());
        }
    }

    Position demote(String image) throws StorageException {
        Position end = demote(image, () -> {});
        try {
            followOnlyPeer(image);
        } catch (StorageException e) {
            throw new StorageException(
                    e.reason(),
                    "the image " + image + " is a replica here now, it ends at " + end + ", and follows nobody yet: "
                            + e.getMessage(),
                    "mend that, and run mirror:enable " + image + " --to " + desk.nodeName()
                            + " where it becomes primary",
                    e);
        } finally {
            desk.node().look(image);
        }
        return end;
    }

    /** What is done before a demotion, in its turn: nobody else changes the role from then on. */
    interface Before {
        void run() throws StorageException;
    }

    /** Leaves to others whom the image follows. */
    Position demote(String image, Before before) throws StorageException {
        ImageFacts facts = desk.turns().in(turn(image), () -> {
            desk.primary(image);
            before.run();
            return desk.services().replicas().demote(image);
        });
        Position end = new Position(
                Epochs.at(facts.epochs(), facts.watermarks().durable()).number(),
                facts.watermarks().durable());
        LOG.info("the image '{}' is a replica here, it ends at {}", image, end);
        return end;
    }

    private void followOnlyPeer(String image) throws StorageException {
        List<PeerConfig> peers = desk.peers().all().stream()
                .map(Book.Page::config)
                .filter(config -> config != null && config.images().containsKey(image))
                .toList();
        if (peers.size() == 1 && desk.replicas().page(image).isEmpty()) {
            PeerConfig peer = peers.get(0);
            wish(image, peer.name(), peer.images().get(image));
        }
    }

    /** What was wished before; null for nothing. */
    ReplicaWish wish(String image, String peer, String there) throws StorageException {
        ReplicaWish before = desk.replicas().config(image).orElse(null);
        ReplicaWish wish = ReplicaWish.turned(before, image, peer, there, Map.of());
        Map<String, String> properties = ReplicaConfig.properties(wish);
        if (before == null) {
            desk.replicas().add(image, properties);
        } else {
            desk.replicas().change(image, config -> properties);
        }
        return before;
    }

    // ---- as asked by a peer

    /**
     * Clients may have been told of what has arrived here, so whoever is promoted is to get that, too. But for long it is not waited
     * for: what is durable already is needed as well.
     */
    Answer.Facts find(GivenOrder given, Order.Find order) throws StorageException {
        String image = siblings.named(order);
        long until = desk.context().clock().monotonicNanos() + FORCED_NANOS;
        Seen seen = find(given, image);
        long arrived = seen.arrived();
        while (seen.facts().role() == ImageHead.Role.REPLICA
                && seen.facts().durable() < arrived
                && desk.context().clock().monotonicNanos() < until) {
            desk.pause(LOOK_NANOS);
            seen = find(given, image);
        }
        return seen.facts();
    }

    /**
     * How an image is here.
     *
     * @param facts as a peer is told
     * @param arrived the last event that a replica has, be it in memory only; 0 of a primary
     */
    private record Seen(Answer.Facts facts, long arrived) {}

    private Seen find(GivenOrder given, String image) throws StorageException {
        try {
            return see(given, image);
        } catch (StorageException e) {
            boolean primary = promoting.contains(image)
                    || desk.services().images().image(image).role() == ImageHead.Role.PRIMARY;
            throw primary ? new StorageException(Reason.BUSY, e.getMessage(), e.remedy(), e) : e;
        }
    }

    Answer.Facts look(GivenOrder given, String image) throws StorageException {
        return see(given, image).facts();
    }

    private Seen see(GivenOrder given, String image) throws StorageException {
        // In this order: who is about to be promoted and has been meanwhile must not look like neither.
        // It is not waited for: it may keep a branch first, and whoever asks has to know at once.
        boolean taken = promoting.contains(image);
        ImageFacts facts =
                taken ? desk.facts(image) : desk.turns().in(turn(image), given::checkWaited, () -> desk.facts(image));
        boolean replica = facts.role() == ImageHead.Role.REPLICA && !taken;
        ReplicaWish wish = desk.replicas().config(image).orElse(null);
        Answer.Facts told = new Answer.Facts(
                replica ? ImageHead.Role.REPLICA : ImageHead.Role.PRIMARY,
                replica && wish != null && !isSource(given.peer(), image, wish),
                replica && wasTakenOver(given.peer(), facts),
                replica ? facts.replica().consistency() : Consistency.CONSISTENT,
                facts.imageIdentity(),
                facts.watermarks().trimmed(),
                facts.watermarks().durable(),
                facts.role() == ImageHead.Role.REPLICA
                        ? facts.replica().head()
                        : facts.watermarks().durable(),
                Encoder.newest(facts.epochs()),
                image);
        return new Seen(
                told, facts.role() == ImageHead.Role.REPLICA ? facts.replica().arrived() : 0);
    }

    /** Whether a replica follows the very image that the peer has of it. */
    private boolean isSource(String peer, String image, ReplicaWish wish) {
        if (!wish.peer().equals(peer)) {
            return false;
        }
        String granted = desk.peers()
                .config(peer)
                .map(config -> config.images().get(image))
                .orElse(null);
        return granted == null || granted.equals(wish.sourceImage());
    }

    /**
     * Whether another node than the peer had fenced it here before it was demoted. That one may be primary and unknown to the peer, so
     * this node cannot answer for whoever wrote last as long as that was itself.
     */
    private boolean wasTakenOver(String peer, ImageFacts facts) throws StorageException {
        Fence by = desk.services().replicas().takenOver(facts.name()).orElse(null);
        return by != null
                && !by.peer().equals(peer)
                && !facts.epochs().isEmpty()
                && newest(facts.epochs()).owner().equals(desk.nodeName())
                && facts.epochs().stream().noneMatch(epoch -> epoch.identity().equals(by.identity()));
    }

    Answer promoted(GivenOrder given, Order.Promote order) throws StorageException {
        String image = order.image();
        checkMaster(given.peer(), image);
        ImageFacts facts = awaitReceived(given, order);
        Epoch epoch = Epochs.at(facts.epochs(), order.end().sequence());
        if (facts.watermarks().durable() != order.end().sequence()
                || !epoch.identity().equals(order.end().identity())) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the replica " + image + " ends at " + facts.watermarks().durable() + " and not where "
                            + given.peer() + " says, at " + order.end(),
                    "look at mirror:status on both nodes");
        }
        ImageFacts promoted =
                alone(facts, () -> siblings.refusePrimary(image, siblings.ask(facts, given.peer())), () -> {
                    // Whoever asks again over another link has waited for this turn, and is told what is so then.
                    given.checkWaited();
                    return desk.services().replicas().promote(image);
                });
        LOG.info("the image '{}' is primary here, as {} wishes", image, given.peer());
        desk.node().look(image);
        return new Answer.Promoted(
                order.end(), promoted.epochs().get(promoted.epochs().size() - 1));
    }

    private void checkMaster(String peer, String image) throws StorageException {
        ReplicaWish wish = desk.replicas().config(image).orElse(null);
        boolean allowed = wish != null
                && wish.peer().equals(peer)
                && desk.peer(peer).settings().mayPlace();
        if (!allowed) {
            throw new StorageException(
                    Reason.READ_ONLY,
                    "the peer " + peer + " may not promote the image " + image + " of the node " + desk.nodeName()
                            + ": it does not follow it",
                    "run mirror:promote there");
        }
    }

    private ImageFacts awaitReceived(GivenOrder given, Order.Promote order) throws StorageException {
        long deadline = desk.context().clock().monotonicNanos() + order.waitNanos();
        long first = -1;
        while (true) {
            given.checkWaited();
            ImageFacts facts = desk.replica(order.image());
            long received = facts.watermarks().durable();
            if (facts.replica().consistency() != Consistency.CONSISTENT) {
                throw new StorageException(
                        Reason.INVALID, "the replica " + order.image() + " is not consistent", "wait until it is");
            }
            if (received >= order.end().sequence()) {
                return facts;
            }
            first = first < 0 ? received : first;
            if (desk.context().clock().monotonicNanos() >= deadline) {
                throw new StorageException(
                        Reason.UNAVAILABLE,
                        "the replica " + order.image() + " lacks "
                                + (order.end().sequence() - received) + " events still",
                        "look at mirror:status on both nodes");
            }
            given.working(
                    received - first,
                    order.end().sequence() - first,
                    "waits until " + desk.nodeName() + " has everything");
            given.pause(LOOK_NANOS);
        }
    }

    static Point end(ImageFacts facts) {
        long last = facts.watermarks().durable();
        return Point.in(Epochs.at(facts.epochs(), last), last);
    }
}
