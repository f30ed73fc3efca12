package io.tidemark.mirror.internal.run;

import java.util.Map;

/**
 * A replica that this node is to have.
 *
 * @param image its name here
 * @param peer where it comes from
 * @param sourceImage its name there
 * @param delayNanos how far behind its source it stays, unless it is held
 * @param properties configuration of the image that is made when there is none
 */
public record ReplicaWish(
        String image, String peer, String sourceImage, long delayNanos, Map<String, String> properties) {
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
        return new ReplicaWish(image, peer, sourceImage, nanos, properties);
    }
}
