package io.tidemark.api.image;

import io.tidemark.api.Position;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * What lies beside an image in its own pool: which journal it belongs to and how far that is applied. What *is*, as
 * opposed to what the configuration wishes.
 *
 * @param imageIdentity identity of the image, random, never changes
 * @param sizeBytes size that the image has at {@code checkpointed}
 * @param blockSizeBytes smallest unit that clients are told: a power of two, 512 to 65536
 * @param journalPool pool of the image's journal
 * @param journalIdentity identity of the journal
 * @param epochIdentity identity of the epoch that {@code checkpointed} lies in
 * @param checkpointed the last event whose effect is forced to the image
 * @param role whether clients may write
 * @param properties further state of other parts (orders, holds), by name; small
 */
public record ImageHead(
        UUID imageIdentity,
        long sizeBytes,
        int blockSizeBytes,
        String journalPool,
        UUID journalIdentity,
        UUID epochIdentity,
        Position checkpointed,
        Role role,
        Map<String, String> properties) {
    /** Whether clients may write. */
    public enum Role {
        /** Clients write. */
        PRIMARY,
        /** It follows a primary. */
        REPLICA
    }

    /** Checks ranges and copies the map. */
    public ImageHead {
        Objects.requireNonNull(imageIdentity, "imageIdentity");
        Objects.requireNonNull(journalPool, "journalPool");
        Objects.requireNonNull(journalIdentity, "journalIdentity");
        Objects.requireNonNull(epochIdentity, "epochIdentity");
        Objects.requireNonNull(checkpointed, "checkpointed");
        Objects.requireNonNull(role, "role");
        properties = Map.copyOf(properties);
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("image size " + sizeBytes + " is negative");
        }
        if (blockSizeBytes < 512 || blockSizeBytes > 65536 || Integer.bitCount(blockSizeBytes) != 1) {
            throw new IllegalArgumentException(
                    "block size " + blockSizeBytes + " is no power of two from 512 to 65536");
        }
    }

    /**
     * The same head at another checkpoint.
     *
     * @param newCheckpointed last event that is forced to the image
     * @param newEpochIdentity identity of its epoch
     * @param newSizeBytes size at that event
     * @return a copy
     */
    public ImageHead at(Position newCheckpointed, UUID newEpochIdentity, long newSizeBytes) {
        return new ImageHead(
                imageIdentity,
                newSizeBytes,
                blockSizeBytes,
                journalPool,
                journalIdentity,
                newEpochIdentity,
                newCheckpointed,
                role,
                properties);
    }
}
