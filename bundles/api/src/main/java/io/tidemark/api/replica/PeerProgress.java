package io.tidemark.api.replica;

import java.util.Objects;

/**
 * How far a replica of a primary is, as it reported. Sequences along the primary's chain of epochs.
 *
 * @param peer the replica's name, unique for the image
 * @param reachable whether it is linked and in sync; one that is not does not count for commit rules, whatever it has
 * @param arrived last event in its memory
 * @param received last event that is durable there
 * @param replayed last event that is applied to its image
 */
public record PeerProgress(String peer, boolean reachable, long arrived, long received, long replayed) {
    /** Checks for null. */
    public PeerProgress {
        Objects.requireNonNull(peer, "peer");
    }
}
