package io.tidemark.api;

import java.util.Objects;
import java.util.UUID;

/**
 * A stretch of a journal written by one owner without interruption. An epoch starts in front of the first event that an owner
 * appends after opening the journal, so what a recovery cut and what came later differ by it; and when a replica is promoted.
 *
 * @param number the predecessor's number plus one; the first epoch of an image is 1
 * @param identity random; tells two epochs of the same number on different branches apart
 * @param firstSequence the sequence that the epoch's first event has (or will have); the predecessor ends right before it
 * @param predecessorIdentity identity of the epoch before; all zero bits for the first one
 * @param startedNanos wall clock of the owner when it started, in nanoseconds since 1970-01-01T00:00Z
 * @param owner the site or node that writes it; for people, compared with nothing
 */
public record Epoch(
        long number, UUID identity, long firstSequence, UUID predecessorIdentity, long startedNanos, String owner) {
    /** What {@link #predecessorIdentity()} is when there is no predecessor. */
    public static final UUID NO_PREDECESSOR = new UUID(0, 0);

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException when a number is out of range
     */
    public Epoch {
        Objects.requireNonNull(identity, "identity");
        Objects.requireNonNull(predecessorIdentity, "predecessorIdentity");
        Objects.requireNonNull(owner, "owner");
        if (number < 1 || firstSequence < 1) {
            throw new IllegalArgumentException(
                    "epoch " + number + " starting at " + firstSequence + " is out of range");
        }
    }

    /**
     * The epoch that follows this one.
     *
     * @param newIdentity random identity of the new epoch
     * @param newFirstSequence where it starts; at least {@link #firstSequence()}
     * @param nowNanos wall clock, nanoseconds since 1970
     * @param newOwner who writes it
     * @return the successor
     */
    public Epoch next(UUID newIdentity, long newFirstSequence, long nowNanos, String newOwner) {
        if (newFirstSequence < firstSequence) {
            throw new IllegalArgumentException(
                    "epoch " + (number + 1) + " cannot start at " + newFirstSequence + ", before " + firstSequence);
        }
        return new Epoch(number + 1, newIdentity, newFirstSequence, identity, nowNanos, newOwner);
    }
}
