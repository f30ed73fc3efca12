package io.tidemark.api.replica;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import java.util.Objects;
import java.util.UUID;

/**
 * Where a new replica comes from. The source has registered it at a position before, so that everything behind that stays in
 * the source's journal.
 *
 * @param imageIdentity identity of the source's image
 * @param sizeBytes size that the source's image has at {@code registered}; a resize behind it comes as an event
 * @param blockSizeBytes preferred block of the source's image
 * @param epoch the source's epoch that {@code registered} lies in, or behind which it begins where its journal has nothing older;
 *     its first one when that is {@link Position#NONE}
 * @param registered the last event that the copied bytes are sure to have; the replica's journal begins behind it
 */
public record ReplicaOrigin(UUID imageIdentity, long sizeBytes, int blockSizeBytes, Epoch epoch, Position registered) {
    /**
     * Checks for nulls and that epoch and position belong together.
     *
     * @throws IllegalArgumentException when they do not
     */
    public ReplicaOrigin {
        Objects.requireNonNull(imageIdentity, "imageIdentity");
        Objects.requireNonNull(epoch, "epoch");
        Objects.requireNonNull(registered, "registered");
        boolean first = registered.sequence() == 0 && epoch.firstSequence() == 1;
        boolean inside = registered.epoch() == epoch.number() && registered.sequence() + 1 >= epoch.firstSequence();
        if (!first && !inside) {
            throw new IllegalArgumentException("position " + registered + " does not lie in epoch " + epoch.number()
                    + ", which starts at " + epoch.firstSequence());
        }
    }
}
