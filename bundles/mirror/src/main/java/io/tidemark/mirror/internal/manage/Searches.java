package io.tidemark.mirror.internal.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.PeerSettings;
import io.tidemark.api.replica.ImageFacts;
import io.tidemark.mirror.internal.wire.Answer;
import io.tidemark.mirror.internal.wire.Order;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Looks for primaries of an image at peers where no name leads to it, by its identity. A peer looks through all its images for that,
 * so it is asked once over each link, and once more when the image here has another epoch, or when the peer itself asks for the image:
 * it may be primary now. Safe for all threads; one at a time asks a peer.
 */
final class Searches {
    private static final long ANSWER_NANOS = 5 * Desk.SECOND;
    /** Two that ask because the other one does come to an end, or are slow. */
    private static final long PAUSE_NANOS = Desk.SECOND;

    private static final long OLD_NANOS = 10 * Desk.SECOND;
    private static final long NEVER = Long.MAX_VALUE;

    private final Desk desk;
    /** By peer and image. */
    private final Map<String, Search> last = new ConcurrentHashMap<>();

    /**
     * One search.
     *
     * @param epoch newest one here
     * @param nanos when
     * @param settled it is primary there, too, and which one gives way is known
     * @param due something has changed since
     */
    private record Search(UUID epoch, long nanos, boolean settled, boolean due) {
        Search again() {
            return new Search(epoch, nanos, settled, true);
        }
    }

    Searches(Desk desk) {
        this.desk = desk;
    }

    private static String key(String peer, String image) {
        return peer + "/" + image;
    }

    private long now() {
        return desk.context().clock().monotonicNanos();
    }

    private static UUID newest(ImageFacts ours) {
        return ours.epochs().isEmpty()
                ? ours.imageIdentity()
                : ours.epochs().get(ours.epochs().size() - 1).identity();
    }

    /** There is another link with a peer, or none: what was found is old. */
    void forget(String peer) {
        last.keySet().removeIf(key -> key.startsWith(key(peer, "")));
    }

    /**
     * A peer has the image, too, as it asks for it.
     *
     * @return whether the peer is to be asked once more
     */
    boolean heard(String peer, String image) {
        Search now = last.computeIfPresent(
                key(peer, image),
                (key, search) -> search.settled() && now() - search.nanos() < OLD_NANOS ? search : search.again());
        return now != null && now.due();
    }

    /** Which one gives way is known. */
    void settled(String peer, String image) {
        last.computeIfPresent(
                key(peer, image), (key, search) -> new Search(search.epoch(), search.nanos(), true, search.due()));
    }

    /** How long to wait before a peer is asked; 0 for now. */
    long pause(ImageFacts ours, String peer) {
        Search search = last.get(key(peer, ours.name()));
        if (search == null || !search.epoch().equals(newest(ours))) {
            return 0;
        }
        return search.due() ? Math.max(0, search.nanos() + PAUSE_NANOS - now()) : NEVER;
    }

    /** The image at a peer, when it is primary there. */
    Optional<Answer.Facts> primary(ImageFacts ours, String peer, BooleanSupplier wanted) throws StorageException {
        String key = key(peer, ours.name());
        // Before it is asked: what is heard meanwhile counts.
        last.put(key, new Search(newest(ours), now(), false, false));
        try {
            Answer.Facts found = desk.expect(
                    Answer.Facts.class,
                    peer,
                    new Order.Find(ours.imageIdentity()),
                    ANSWER_NANOS,
                    (what, done, total) -> wanted.getAsBoolean());
            boolean itself = found.image().equals(ours.name())
                    && desk.peer(peer).settings().transport().equals(PeerSettings.LOCAL);
            return found.role() == ImageHead.Role.PRIMARY && !itself ? Optional.of(found) : Optional.empty();
        } catch (StorageException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return Optional.empty();
            }
            last.remove(key);
            throw e;
        }
    }
}
