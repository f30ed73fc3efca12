package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.replica.Consistency;
import io.tidemark.api.replica.HeadOrder;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.base.text.Durations;
import io.tidemark.mirror.internal.fork.Epochs;
import io.tidemark.mirror.internal.run.ReplicaWish;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Orders for the heads of replicas on this node. A delay is wished, a hold is an order that the engine keeps. */
final class Heads {
    private static final Logger LOG = LoggerFactory.getLogger(Heads.class);
    private static final long ARRIVE_NANOS = 60 * Desk.SECOND;
    private static final long LOOK_NANOS = Desk.SECOND / 200;

    private final Desk desk;
    private final Statuses statuses;

    Heads(Desk desk, Statuses statuses) {
        this.desk = desk;
        this.statuses = statuses;
    }

    MirrorStatus hold(String image) throws StorageException {
        desk.replica(image);
        MirrorStatus held = ordered(image, new HeadOrder.Hold(Position.NONE));
        LOG.info("the replica '{}' is held at event {}", image, held.marks().head());
        return held;
    }

    MirrorStatus release(String image) throws StorageException {
        desk.replica(image);
        long delay = desk.replicas().config(image).map(ReplicaWish::delayNanos).orElse(0L);
        MirrorStatus released = ordered(image, new HeadOrder.Follow(delay));
        LOG.info("the replica '{}' goes on{}", image, delay == 0 ? "" : ", delayed by " + Durations.format(delay));
        return released;
    }

    MirrorStatus delay(String image, long delayNanos) throws StorageException {
        if (delayNanos < 0) {
            throw new StorageException(Reason.INVALID, "a delay of " + delayNanos + " ns is negative", "0 is none");
        }
        desk.replica(image);
        if (delayNanos > 0) {
            desk.checkRelay(image, "it cannot be delayed");
        }
        if (desk.replicas().page(image).isEmpty()) {
            throw new StorageException(
                    Reason.INVALID,
                    "the replica " + image + " follows nobody, so it has no delay",
                    "run mirror:enable at its source, or mirror:resync " + image + " --from PEER");
        }
        String delay = ReplicaConfig.delay(delayNanos);
        desk.replicas().change(image, wish -> Map.of(ReplicaConfig.DELAY, delay));
        long kept = desk.replicas().config(image).map(ReplicaWish::delayNanos).orElse(0L);
        return statuses.replica(image, desk.services().replicas().delay(image, kept));
    }

    private MirrorStatus ordered(String image, HeadOrder order) throws StorageException {
        return statuses.replica(image, desk.services().replicas().order(image, order));
    }

    MirrorStatus step(String image, long events) throws StorageException {
        if (events < 1) {
            throw new StorageException(
                    Reason.INVALID, "a step of " + events + " events leads nowhere", "say at least 1");
        }
        ImageFacts facts = consistent(image);
        long head = facts.replica().head();
        long received = facts.watermarks().durable();
        if (received <= head) {
            throw new StorageException(
                    Reason.INVALID,
                    "the replica " + image + " is at event " + head + " and has received no further one",
                    "look at mirror:status");
        }
        long to = events > received - head ? received : head + events;
        return step(image, facts, Epochs.position(facts.epochs(), to));
    }

    MirrorStatus step(String image, Position to) throws StorageException {
        return step(image, consistent(image), to);
    }

    private ImageFacts consistent(String image) throws StorageException {
        ImageFacts facts = desk.replica(image);
        if (facts.replica().consistency() != Consistency.CONSISTENT) {
            throw new StorageException(
                    Reason.INVALID,
                    "the replica " + image + " is not consistent yet",
                    "wait until it has its source's bytes");
        }
        return facts;
    }

    private MirrorStatus step(String image, ImageFacts before, Position to) throws StorageException {
        // Refused, it changes nothing: the engine takes it at where the head is, and not behind that.
        ImageFacts facts = desk.services().replicas().order(image, new HeadOrder.Hold(to));
        long deadline = desk.context().clock().monotonicNanos() + ARRIVE_NANOS;
        while (facts.replica() != null && facts.replica().head() < to.sequence()) {
            if (desk.context().clock().monotonicNanos() > deadline) {
                throw new StorageException(
                        Reason.UNAVAILABLE,
                        "the replica " + image + " is on its way to " + to + " and at event "
                                + facts.replica().head() + " after a minute",
                        "it goes on; look at mirror:status");
            }
            desk.pause(LOOK_NANOS);
            facts = desk.facts(image);
        }
        MirrorStatus held = statuses.replica(image, desk.replica(image));
        LOG.info(
                "the replica '{}' is held at {}, from event {}",
                image,
                to,
                before.replica().head());
        return held;
    }
}
