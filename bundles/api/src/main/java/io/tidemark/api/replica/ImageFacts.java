package io.tidemark.api.replica;

import io.tidemark.api.Epoch;
import io.tidemark.api.Watermarks;
import io.tidemark.api.image.ImageHead;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * What a peer is told of an image at first contact. All of one instant.
 *
 * @param name of the image on this node
 * @param imageIdentity the same at the primary and at all its replicas
 * @param role whether clients may write
 * @param sizeBytes the size that the image has at {@code watermarks.durable()}, carried out already or not; of a
 *     replica the size at {@code watermarks.applied()}
 * @param blockSizeBytes preferred block
 * @param epochs that the journal knows, oldest first. A replica's first one begins where it was registered, so only the
 *     identity of an oldest epoch can be compared, not its first sequence
 * @param watermarks now
 * @param replica how far a replica is; null for a primary
 * @param newestTimeNanos a time that no event up to {@code watermarks.appended()} exceeds, in nanoseconds since 1970, also
 *     where the journal does not have that one; 0 when none is known
 */
public record ImageFacts(
        String name,
        UUID imageIdentity,
        ImageHead.Role role,
        long sizeBytes,
        int blockSizeBytes,
        List<Epoch> epochs,
        Watermarks watermarks,
        ReplicaProgress replica,
        long newestTimeNanos) {
    /** Checks for nulls and copies the list. */
    public ImageFacts {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(imageIdentity, "imageIdentity");
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(watermarks, "watermarks");
        epochs = List.copyOf(epochs);
    }
}
