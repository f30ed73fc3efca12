package io.tidemark.api.replica;

import java.util.Objects;
import java.util.UUID;

/**
 * Why a primary admits no writes: another node has taken the image over in a newer epoch. Kept durably beside the image until
 * an order resolves it.
 *
 * @param peer where the newer epoch is, as that peer is called on this node
 * @param epoch number of the newest epoch there
 * @param identity of that epoch
 */
public record Fence(String peer, long epoch, UUID identity) {
    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException when the epoch is below 1 or the peer has no name
     */
    public Fence {
        Objects.requireNonNull(identity, "identity");
        if (epoch < 1 || peer.isEmpty()) {
            throw new IllegalArgumentException("a fence of the peer '" + peer + "' with epoch " + epoch);
        }
    }

    /** For people: {@code fenced by b, epoch 4}. */
    @Override
    public String toString() {
        return "fenced by " + peer + ", epoch " + epoch;
    }
}
