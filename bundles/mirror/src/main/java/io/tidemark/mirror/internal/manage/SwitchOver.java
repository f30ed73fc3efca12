package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.Promotion;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import io.tidemark.mirror.internal.wire.Point;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One planned change of roles, from the primary. One use. */
final class SwitchOver {
    private static final Logger LOG = LoggerFactory.getLogger(SwitchOver.class);
    /** Clients' writes fail from the demotion on, so it comes when little is under way. */
    private static final long CLOSE_EVENTS = 1000;

    private static final long LOOK_NANOS = Desk.SECOND / 5;
    private static final long RECEIVE_NANOS = 30 * Desk.SECOND;
    private static final long ANSWER_NANOS = 60 * Desk.SECOND;
    private static final long RELINK_NANOS = 60 * Desk.SECOND;
    /** A replica that follows comes closer in every such while. */
    private static final long CLOSER_NANOS = 15 * Desk.SECOND;

    private final Desk desk;
    private final Roles roles;
    private final String image;
    private final String peer;
    private final WorkListener listener;
    private String there;
    /** Null for nothing. */
    private ReplicaWish wishedBefore;
    /** It is this change that demotes the image, and nobody else: then it may be undone. */
    private boolean demotes;

    SwitchOver(Desk desk, Roles roles, String image, String peer, WorkListener listener) {
        this.desk = desk;
        this.roles = roles;
        this.image = image;
        this.peer = peer;
        this.listener = listener;
    }

    Promotion run() throws StorageException {
        there = desk.there(image, peer);
        ImageFacts facts = desk.primary(image);
        desk.checkUnfenced(image);
        awaitClose(facts);
        Point end = demote();
        try {
            Answer.Promoted promoted = promoteThere(end);
            LOG.info("the image '{}' is primary at {}", image, peer);
            desk.node().look(image);
            return new Promotion(image, peer, end.position(), promoted.epoch(), 0);
        } catch (StorageException e) {
            throw undone(e, true);
        }
    }

    /** What the peer has not received, or not applied, it would do while nobody may write. */
    private void awaitClose(ImageFacts facts) throws StorageException {
        long first = -1;
        long least = Long.MAX_VALUE;
        long leastNanos = desk.context().clock().monotonicNanos();
        while (true) {
            Answer.Facts now = desk.look(peer, there);
            check(facts, now);
            long durable = desk.primary(image).watermarks().durable();
            desk.checkUnfenced(image);
            long lacks = durable - now.head();
            if (lacks <= CLOSE_EVENTS) {
                return;
            }
            first = first < 0 ? now.head() : first;
            if (!listener.progress("waits until " + peer + " is close", now.head() - first, durable - first)) {
                throw Desk.givenUp("the image " + image + " is primary here as before");
            }
            long nanos = desk.context().clock().monotonicNanos();
            if (lacks < least) {
                least = lacks;
                leastNanos = nanos;
            } else if (nanos - leastNanos > CLOSER_NANOS) {
                throw new StorageException(
                        Reason.BUSY,
                        "the replica at " + peer + " does not come closer: its image lacks " + lacks
                                + " events, and nobody could write until it has them; the image " + image
                                + " is primary here as before",
                        "run mirror:release there where it is held, mirror:delay " + there
                                + " 0s where it is delayed, or try again when less is written");
            }
            desk.pause(LOOK_NANOS);
        }
    }

    private void check(ImageFacts facts, Answer.Facts now) throws StorageException {
        if (!now.identity().equals(facts.imageIdentity())) {
            throw new StorageException(
                    Reason.MISMATCH, "the image " + there + " of " + peer + " is another one", "look at mirror:status");
        }
        if (now.role() == ImageHead.Role.PRIMARY) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + there + " is primary at " + peer + ", too",
                    "decide which one stays, and run mirror:demote at the other");
        }
        if (now.consistency() != Consistency.CONSISTENT) {
            throw new StorageException(
                    Reason.INVALID,
                    "the replica at " + peer + " is not consistent yet",
                    "wait until mirror:status says that it has everything");
        }
    }

    private Point demote() throws StorageException {
        if (!listener.progress("demotes " + image, 0, -1)) {
            throw Desk.givenUp("the image " + image + " is primary here as before");
        }
        try {
            roles.demote(image, this::follow);
            return Roles.end(desk.replica(image));
        } catch (StorageException e) {
            if (!demotes) {
                throw e;
            }
            if (isPrimary()) {
                takeBackWish();
                throw e;
            }
            throw undone(e, false);
        }
    }

    /** Before it is a replica: a node that dies then is to know whom it follows. */
    private void follow() throws StorageException {
        desk.checkUnfenced(image);
        wishedBefore = roles.wish(image, peer, there);
        demotes = true;
    }

    private boolean isPrimary() {
        try {
            return desk.facts(image).role() == ImageHead.Role.PRIMARY;
        } catch (StorageException e) {
            return false;
        }
    }

    private Answer.Promoted promoteThere(Point end) throws StorageException {
        try {
            return desk.expect(
                    Answer.Promoted.class, peer, new Order.Promote(end, RECEIVE_NANOS, there), ANSWER_NANOS, listener);
        } catch (StorageException e) {
            return resolve(end, e);
        }
    }

    /**
     * The link broke, or the peer failed; it may be primary all the same, as when that is stored and its image could not be opened
     * again. It has to be asked: nobody is primary here before it is known.
     */
    private Answer.Promoted resolve(Point end, StorageException why) throws StorageException {
        long deadline = desk.context().clock().monotonicNanos() + RELINK_NANOS;
        do {
            Answer.Facts now = ask(end);
            if (now != null) {
                return promoted(end, now, why);
            }
            // Whether anybody still watches makes no difference: it has to be known.
            listener.progress("asks " + peer + " what became of it", 0, -1);
            desk.pause(LOOK_NANOS);
        } while (desk.context().clock().monotonicNanos() < deadline);
        throw new StorageException(
                Reason.STALE_SERVICE,
                peer + " does not say whether it became primary (" + why.getMessage() + "): the image " + image
                        + " is a replica on both nodes, or primary there",
                "look at mirror:status there; when it is a replica there, too, run mirror:promote " + image + " here",
                why);
    }

    /** Null while the peer cannot say: one that has just started does not know its images yet. */
    private Answer.Facts ask(Point end) {
        try {
            Answer.Facts now = desk.look(peer, there);
            // Who is about to be promoted says that it is primary, and may be refused yet.
            boolean about = now.role() == ImageHead.Role.PRIMARY
                    && (now.epochs().isEmpty() || newest(now).firstSequence() <= end.sequence());
            return about ? null : now;
        } catch (StorageException e) {
            return null;
        }
    }

    private static Epoch newest(Answer.Facts facts) {
        return facts.epochs().get(facts.epochs().size() - 1);
    }

    private Answer.Promoted promoted(Point end, Answer.Facts now, StorageException why) throws StorageException {
        if (now.role() == ImageHead.Role.PRIMARY) {
            return new Answer.Promoted(end, newest(now));
        }
        throw why.reason() != Reason.STALE_SERVICE
                ? why
                : new StorageException(
                        Reason.UNAVAILABLE, peer + " did not become primary: the link broke", "try again", why);
    }

    /** Whether the peer was told to become primary: then it has to say that it is not. */
    private StorageException undone(StorageException why, boolean told) {
        if (why.reason() == Reason.STALE_SERVICE) {
            return why;
        }
        try {
            roles.promoteBack(image, peer, there, told);
            takeBackWish();
            desk.node().look(image);
            return new StorageException(
                    why.reason(), why.getMessage() + "; the image " + image + " is primary here again", "", why);
        } catch (StorageException e) {
            return new StorageException(
                    why.reason(),
                    why.getMessage() + "; and the image " + image + " could not be made primary here again: "
                            + e.getMessage(),
                    "run mirror:promote " + image + " here",
                    why);
        }
    }

    private void takeBackWish() {
        try {
            if (wishedBefore == null) {
                desk.replicas().remove(image, config -> null);
            } else {
                // Whom it followed before is whom it asks, and who may ask, whether it was taken over.
                desk.replicas().change(image, config -> ReplicaConfig.properties(wishedBefore));
            }
        } catch (StorageException e) {
            LOG.warn("the wish to follow {} with '{}' stays: {}", peer, image, e.getMessage());
        }
    }
}
