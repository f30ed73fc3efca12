package io.tidemark.mirror.internal.run;

import io.tidemark.api.mirror.ReplicaOptions;
import java.util.Map;

/**
 * A replica that this node is to have.
 *
 * @param image its name here
 * @param peer where it comes from
 * @param sourceImage its name there
 * @param delayNanos how far behind its source it stays, unless it is held
 * @param shared journal pool of this node in which the source's journal lies, too; empty when events come over the link
 * @param properties configuration of the image that is made when there is none
 */
public record ReplicaWish(
        String image, String peer, String sourceImage, long delayNanos, String shared, Map<String, String> properties) {
    /** Key of {@link #shared} in configurations. */
    public static final String SHARED = ReplicaOptions.SHARED;

    /** Copies. */
    public ReplicaWish {
        properties = Map.copyOf(properties);
    }

    /**
     * The same with another delay.
     *
     * @param nanos the delay
     * @return a copy
     */
    public ReplicaWish delayed(long nanos) {
        return new ReplicaWish(image, peer, sourceImage, nanos, shared, properties);
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
