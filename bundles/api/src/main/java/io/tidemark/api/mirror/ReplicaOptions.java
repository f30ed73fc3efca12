package io.tidemark.api.mirror;

import java.util.Map;
import java.util.Objects;

/**
 * What is wished of a new replica.
 *
 * @param name of the replica's image at the peer; empty for the name that it has here
 * @param delayNanos how far it stays behind its source, in the source's time; 0 for real time; {@link #DELAY_AS_BEFORE} for what was
 *     ordered for it before where the peer has the replica already, and else real time. What is received is durable there at once all
 *     the same
 * @param properties configuration of the image that is made there, keys as in {@link io.tidemark.api.admin.ImageKeys}, pools
 *     among them; missing ones get that node's defaults. Without size and block, which are the source's. {@link #SHARED} may be
 *     among them
 * @param seed whether the peer has an image of that name and size already, whose bytes are mostly the source's: only what differs is
 *     sent, and what that image was itself is given up. Its configuration stays, so there are no properties then
 */
public record ReplicaOptions(String name, long delayNanos, Map<String, String> properties, boolean seed) {
    /**
     * Key of a replica: name of a journal pool of its node that holds the source's journal, too, because both nodes share it. The
     * replica then reads that journal itself, and needs the link only to be copied and for the roles.
     */
    public static final String SHARED = "shared";

    /** Nothing is said about the delay. */
    public static final long DELAY_AS_BEFORE = -1;

    /** A replica of the same name, in the default pools, in real time unless a delay was ordered for it before. */
    public static final ReplicaOptions DEFAULTS = new ReplicaOptions("", DELAY_AS_BEFORE, Map.of());

    /**
     * A replica that is copied as a whole.
     *
     * @param name as for all
     * @param delayNanos as for all
     * @param properties as for all
     */
    public ReplicaOptions(String name, long delayNanos, Map<String, String> properties) {
        this(name, delayNanos, properties, false);
    }

    /**
     * Checks and copies.
     *
     * @throws IllegalArgumentException when the delay is less than {@link #DELAY_AS_BEFORE}, or a seed comes with properties
     */
    public ReplicaOptions {
        Objects.requireNonNull(name, "name");
        properties = Map.copyOf(properties);
        if (delayNanos < DELAY_AS_BEFORE) {
            throw new IllegalArgumentException("a delay of " + delayNanos + " ns is negative");
        }
        if (seed && !properties.isEmpty()) {
            throw new IllegalArgumentException("a seed has its own configuration, and gets none: " + properties);
        }
    }
}
