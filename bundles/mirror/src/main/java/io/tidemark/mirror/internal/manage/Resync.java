package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.fork.ForkCheck;
import io.tidemark.mirror.internal.fork.Verdict;
import io.tidemark.mirror.internal.run.ReplicaWish;
import io.tidemark.mirror.internal.wire.Answer;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Begins anew with an image of this node, from a peer. */
final class Resync {
    private static final Logger LOG = LoggerFactory.getLogger(Resync.class);
    /** What is the source's, or lies in what is made anew. */
    private static final Set<String> OF_SOURCE = Set.of(ImageKeys.SIZE, ImageKeys.BLOCK_SIZE);

    private static final long MADE_NANOS = 20 * Desk.SECOND;

    private final Desk desk;

    Resync(Desk desk) {
        this.desk = desk;
    }

    void run(String image, String peer, boolean discard) throws StorageException {
        String there = desk.there(image, peer);
        Answer.Facts source = desk.look(peer, there);
        if (source.role() != ImageHead.Role.PRIMARY) {
            throw new StorageException(
                    Reason.MISMATCH,
                    "the image " + there + " is a replica at " + peer,
                    "promote it there first, or run mirror:resync with the peer that is primary");
        }
        if (!discard) {
            checkNothingIsLost(image, peer, source);
        }
        ReplicaWish wish = wish(image, peer, there);
        Map<String, String> properties = ReplicaConfig.properties(wish);
        // First, so that a crash in between leaves a wish that makes the image again.
        if (desk.replicas().page(image).isEmpty()) {
            desk.replicas().add(image, properties);
        } else {
            desk.replicas().change(image, config -> properties);
        }
        desk.node().removeReplica(image, false);
        try {
            desk.services().images().delete(image);
            LOG.info("the image '{}' was deleted here, to be copied anew from {}", image, peer);
        } finally {
            desk.node().addReplica(wish);
        }
        desk.node().awaitMade(image, MADE_NANOS);
    }

    private ReplicaWish wish(String image, String peer, String there) throws StorageException {
        ReplicaWish before = desk.replicas().config(image).orElse(null);
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
        return new ReplicaWish(image, peer, there, before == null ? 0 : before.delayNanos(), create);
    }

    private void checkNothingIsLost(String image, String peer, Answer.Facts source) throws StorageException {
        ImageFacts facts;
        try {
            facts = desk.facts(image);
        } catch (StorageException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return;
            }
            throw lost(image, peer, "it cannot be asked what it has: " + e.getMessage());
        }
        if (facts.role() == ImageHead.Role.PRIMARY) {
            throw lost(image, peer, "it is primary here");
        }
        Verdict.Kind kind = ForkCheck.compare(
                        new ForkCheck.Side(source.epochs(), source.durable()),
                        source.trimmed(),
                        new ForkCheck.Side(facts.epochs(), facts.watermarks().durable()))
                .kind();
        boolean contained = source.identity().equals(facts.imageIdentity())
                && (kind == Verdict.Kind.CONTINUES || kind == Verdict.Kind.TRIMMED);
        if (!contained) {
            throw lost(image, peer, "it has, or may have, events that the one of " + peer + " has not");
        }
    }

    private static StorageException lost(String image, String peer, String why) {
        return new StorageException(
                Reason.BUSY,
                "the image " + image + " is not copied anew from " + peer + ": " + why,
                "export what is worth keeping, and say --discard when the rest may be lost");
    }
}
