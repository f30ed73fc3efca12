package io.tidemark.mirror.internal.run;

import io.tidemark.api.mirror.ReplicaOptions;
import java.util.Map;
import java.util.UUID;

/**
 * A replica that this node is to have.
 *
 * @param image its name here
 * @param peer where it comes from
 * @param sourceImage its name there
 * @param delayNanos how far behind its source it stays, unless it is held
 * @param shared journal pool of this node in which the source's journal lies, too; empty when events come over the link
 * @param properties configuration of the image that is made when there is none
 * @param seed identity of the image that is there, or of its journal, whose bytes may become the replica's; {@link #NO_SEED} for none.
 *     Good for one use: the replica has its source's identity, and a journal of its own
 */
public record ReplicaWish(
        String image,
        String peer,
        String sourceImage,
        long delayNanos,
        String shared,
        Map<String, String> properties,
        UUID seed) {
    /** All of the image is copied. */
    public static final UUID NO_SEED = new UUID(0, 0);

    /** Key of {@link #shared} in configurations. */
    public static final String SHARED = ReplicaOptions.SHARED;

    /**
     * A replica that is copied as a whole, and whose events come over the link.
     *
     * @param image as for all
     * @param peer as for all
     * @param sourceImage as for all
     * @param delayNanos as for all
     * @param properties as for all
     */
    public ReplicaWish(String image, String peer, String sourceImage, long delayNanos, Map<String, String> properties) {
        this(image, peer, sourceImage, delayNanos, "", properties, NO_SEED);
    }

    /** Copies. */
    public ReplicaWish {
        properties = Map.copyOf(properties);
    }

    /**
     * A replica that follows a peer from now on. The delay that was wished before stays; a pool that is shared does while the
     * peer is the same: with another one it is a pool that only people know.
     *
     * @param before what was wished of the image; null for nothing
     * @param image as for all
     * @param peer as for all
     * @param sourceImage as for all
     * @param properties as for all
     * @return a wish without a seed
     */
    public static ReplicaWish turned(
            ReplicaWish before, String image, String peer, String sourceImage, Map<String, String> properties) {
        String shared = before == null || !before.peer().equals(peer) ? "" : before.shared();
        long delay = before == null ? 0 : before.delayNanos();
        return new ReplicaWish(image, peer, sourceImage, delay, shared, properties, NO_SEED);
    }

    /**
     * The same with another delay.
     *
     * @param nanos the delay
     * @return a copy
     */
    public ReplicaWish delayed(long nanos) {
        return new ReplicaWish(image, peer, sourceImage, nanos, shared, properties, seed);
    }

    /**
     * The same with another way to its source's events.
     *
     * @param pool that is shared, or empty
     * @return a copy
     */
    public ReplicaWish shared(String pool) {
        return new ReplicaWish(image, peer, sourceImage, delayNanos, pool, properties, seed);
    }

    /**
     * The same with a seed.
     *
     * @param identity of an image or its journal, or {@link #NO_SEED}
     * @return a copy
     */
    public ReplicaWish seeded(UUID identity) {
        return new ReplicaWish(image, peer, sourceImage, delayNanos, shared, properties, identity);
    }

    /**
     * Whether bytes that are here may become the replica's.
     *
     * @return false when all of it is copied
     */
    public boolean hasSeed() {
        return !seed.equals(NO_SEED);
    }

    /**
     * Whether events are read from the source's journal itself.
     *
     * @return false when they come over the link
     */
    public boolean isShared() {
        return !shared.isEmpty();
    }
}
