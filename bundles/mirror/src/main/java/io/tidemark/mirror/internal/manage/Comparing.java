package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.Verification;
import io.tidemark.api.mirror.WorkListener;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.run.GivenOrder;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.run.Slots;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares images with those of peers. The replica's node does it, whichever of the two is asked: it has all events between. */
final class Comparing {
    private static final Logger LOG = LoggerFactory.getLogger(Comparing.class);
    private static final long MOST_BYTES = 256L << 20;
    private static final long ANSWER_NANOS = 60 * Desk.SECOND;

    /** Each one has a piece of memory that is bounded by nothing else, see {@link PartReader}. */
    private static final int MOST_AT_ONCE = 4;

    private final Desk desk;
    private final Slots comparisons = new Slots(MOST_AT_ONCE);
    /** By themselves: comparisons wait for those of other nodes, which may wait for comparisons there. */
    private final Slots answers = new Slots(MOST_AT_ONCE);

    Comparing(Desk desk) {
        this.desk = desk;
    }

    Verification verify(String image, String peer, WorkListener listener) throws StorageException {
        String there = desk.there(image, peer);
        ImageFacts facts = desk.facts(image);
        Answer.Verified found = facts.role() == ImageHead.Role.REPLICA
                ? compare(facts, image, peer, there, listener)
                : desk.expect(Answer.Verified.class, peer, new Order.Verify(there), ANSWER_NANOS, listener);
        return new Verification(
                image,
                peer,
                Epochs.position(facts.epochs(), found.from()),
                Epochs.position(facts.epochs(), found.to()),
                found.equalBytes(),
                found.skippedBytes(),
                found.differingBytes(),
                found.differences().stream()
                        .map(each -> new Verification.Difference(each.offset(), each.length()))
                        .toList());
    }

    private Answer.Verified compare(ImageFacts facts, String image, String peer, String there, WorkListener listener)
            throws StorageException {
        if (facts.replica().consistency() != Consistency.CONSISTENT) {
            throw new StorageException(
                    Reason.INVALID, "the replica " + image + " is not consistent yet", "wait until it is");
        }
        comparisons.take(desk.context().workers().newGate(), () -> {
            if (!listener.progress("waits until another comparison is done", 0, -1)) {
                throw Desk.givenUp("nothing was changed");
            }
        });
        Answer.Verified found;
        try {
            found = new Comparison(desk, image, peer, there, listener).run();
        } finally {
            comparisons.free();
        }
        if (found.differingBytes() > 0) {
            LOG.warn(
                    "the replica '{}' differs from what {} has, in {} bytes, first at {}; {} bytes are equal, {} were skipped",
                    image,
                    peer,
                    found.differingBytes(),
                    found.differences().get(0).offset(),
                    found.equalBytes(),
                    found.skippedBytes());
        } else {
            LOG.info(
                    "the replica '{}' was compared with what {} has: {} bytes are equal, {} were skipped",
                    image,
                    peer,
                    found.equalBytes(),
                    found.skippedBytes());
        }
        return found;
    }

    // ---- as asked by a peer

    Answer verified(GivenOrder given, Order.Verify order) throws StorageException {
        ReplicaWish wish = desk.replicas().config(order.image()).orElse(null);
        if (wish == null || !wish.peer().equals(given.peer())) {
            throw new StorageException(
                    Reason.NOT_FOUND,
                    "the image " + order.image() + " of the node " + desk.nodeName() + " does not follow "
                            + given.peer(),
                    "look at mirror:status there");
        }
        long[] told = new long[1];
        WorkListener listener = (step, done, total) -> {
            long now = desk.context().clock().monotonicNanos();
            if (now - told[0] >= Desk.SECOND / 4) {
                told[0] = now;
                given.working(done, total, step);
            }
            try {
                given.checkWaited();
                return true;
            } catch (StorageException e) {
                return false;
            }
        };
        return compare(desk.replica(order.image()), order.image(), given.peer(), wish.sourceImage(), listener);
    }

    Answer summed(GivenOrder given, Order.Sums order) throws StorageException {
        if ((long) order.partBytes() * order.parts() > MOST_BYTES) {
            throw new StorageException(
                    Reason.INVALID,
                    order.parts() + " parts of " + order.partBytes() + " bytes at once",
                    "ask for fewer");
        }
        answers.take(desk.context().workers().newGate(), () -> {
            given.checkWaited();
            given.working(0, -1, "waits until another comparison is done");
        });
        try {
            return new PartReader(desk, order.image()).read(order.offset(), order.partBytes(), order.parts());
        } finally {
            answers.free();
        }
    }
}
