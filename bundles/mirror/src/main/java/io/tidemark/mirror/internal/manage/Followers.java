package io.tidemark.mirror.internal.manage;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers.Gate;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.ReplicaOptions;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.run.Failures;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArraySet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replicas elsewhere that followed the primary before. After a promotion here they are asked to follow this node; each decides by itself,
 * and does as soon as its own source is away ({@link Enabling#enabled}). A while later, or when another order came, people have to.
 */
final class Followers {
    private static final Logger LOG = LoggerFactory.getLogger(Followers.class);
    private static final long LEAST_PAUSE_NANOS = Desk.SECOND;
    private static final long MOST_PAUSE_NANOS = 30 * Desk.SECOND;
    private static final long MOST_NANOS = 600 * Desk.SECOND;
    /** It may do so later: its source is still linked with it, or it is not linked with this node at the moment. */
    private static final Set<Reason> PASSING = Set.of(Reason.BUSY, Reason.UNAVAILABLE, Reason.STALE_SERVICE);

    private final Desk desk;
    private final Enabling enabling;
    private final Set<Gate> waiting = new CopyOnWriteArraySet<>();
    private volatile boolean closed;

    Followers(Desk desk, Enabling enabling) {
        this.desk = desk;
        this.enabling = enabling;
    }

    void close() {
        closed = true;
        waiting.forEach(Gate::open);
    }

    /** Does not wait for anybody. */
    void invite(ImageFacts promoted, List<Siblings.Sibling> siblings) {
        Map<String, String> invited = new TreeMap<>();
        for (Siblings.Sibling one : siblings) {
            // Who follows nobody was told to.
            if (one.facts().role() == ImageHead.Role.REPLICA && one.facts().followsOther()) {
                invited.put(one.peer(), one.facts().image());
            }
        }
        if (!invited.isEmpty()) {
            String doing = "have the replicas " + invited + " follow '" + promoted.name() + "' here";
            Failures.attempt(doing, () -> desk.context()
                    .workers()
                    .start("mirror-followers", () -> Failures.attempt(doing, () -> run(promoted, invited))));
        }
    }

    private void run(ImageFacts promoted, Map<String, String> left) {
        String image = promoted.name();
        UUID epoch = newest(promoted);
        Gate gate = desk.context().workers().newGate();
        waiting.add(gate);
        long until = desk.context().clock().monotonicNanos() + MOST_NANOS;
        long pause = LEAST_PAUSE_NANOS;
        while (!closed && isStill(image, epoch)) {
            left.entrySet().removeIf(one -> !closed && isDone(image, one.getKey(), one.getValue()));
            if (left.isEmpty() || desk.context().clock().monotonicNanos() >= until) {
                break;
            }
            gate.await(pause);
            pause = Math.min(2 * pause, MOST_PAUSE_NANOS);
        }
        waiting.remove(gate);
        if (!closed) {
            left.forEach((peer, there) -> unasked(image, peer, there, "it follows another one"));
        }
    }

    private static UUID newest(ImageFacts facts) {
        List<Epoch> epochs = facts.epochs();
        return epochs.get(epochs.size() - 1).identity();
    }

    /** Otherwise somebody else decides who follows whom. */
    private boolean isStill(String image, UUID epoch) {
        try {
            ImageFacts facts = desk.facts(image);
            return facts.role() == ImageHead.Role.PRIMARY
                    && facts.epochs().stream().anyMatch(one -> one.identity().equals(epoch))
                    && desk.services().replicas().fence(image).isEmpty();
        } catch (StorageException e) {
            return e.reason() == Reason.UNAVAILABLE;
        }
    }

    private boolean isDone(String image, String peer, String there) {
        try {
            enabling.invite(desk.facts(image), image, peer, there, ReplicaOptions.DEFAULTS);
            LOG.info("the replica '{}' of {} follows '{}' here from now on", there, peer, image);
            return true;
        } catch (StorageException e) {
            if (PASSING.contains(e.reason())) {
                LOG.debug("{} does not follow '{}' yet: {}", peer, image, e.getMessage());
                return false;
            }
            unasked(image, peer, there, e.getMessage());
            return true;
        }
    }

    private static void unasked(String image, String peer, String there, String why) {
        LOG.warn(
                "{} does not follow '{}' here by itself: {}; run mirror:disable {} there, and mirror:enable {} --to {}{} here",
                peer,
                image,
                why,
                there,
                image,
                peer,
                there.equals(image) ? "" : " --name " + there);
    }
}
