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
 * @param owner the site or node that writes it; for people: it proves nothing. Where it is not what the source calls itself a
 *     delayed replica does not trust the source's clock for it
 * @param promotedOver identity of the newest epoch that the promotion overrules which began this one: of its predecessor, or,
 *     after an order against a peer that had taken the image over, of the newest one known of that peer's branch; all zero bits
 *     for an epoch in which the owner of the one before went on. So where two branches part, it shows which one was promoted
 */
public record Epoch(
        long number,
        UUID identity,
        long firstSequence,
        UUID predecessorIdentity,
        long startedNanos,
        String owner,
        UUID promotedOver) {
    /** What {@link #predecessorIdentity()} is when there is no predecessor. */
    public static final UUID NO_PREDECESSOR = new UUID(0, 0);

    /** What {@link #promotedOver()} is when the owner of the epoch before went on. */
    public static final UUID NO_PROMOTION = new UUID(0, 0);

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException when a number is out of range
     */
    public Epoch {
        Objects.requireNonNull(identity, "identity");
        Objects.requireNonNull(predecessorIdentity, "predecessorIdentity");
        Objects.requireNonNull(owner, "owner");
        Objects.requireNonNull(promotedOver, "promotedOver");
        if (number < 1 || firstSequence < 1) {
            throw new IllegalArgumentException(
                    "epoch " + number + " starting at " + firstSequence + " is out of range");
        }
    }

    /**
     * An epoch that no promotion began.
     *
     * @param number as {@link #number()}
     * @param identity as {@link #identity()}
     * @param firstSequence as {@link #firstSequence()}
     * @param predecessorIdentity as {@link #predecessorIdentity()}
     * @param startedNanos as {@link #startedNanos()}
     * @param owner as {@link #owner()}
     * @throws IllegalArgumentException when a number is out of range
     */
    public Epoch(
            long number, UUID identity, long firstSequence, UUID predecessorIdentity, long startedNanos, String owner) {
        this(number, identity, firstSequence, predecessorIdentity, startedNanos, owner, NO_PROMOTION);
    }

    /**
     * Whether a promotion began it.
     *
     * @return false when the owner of the one before went on
     */
    public boolean isPromoted() {
        return !promotedOver.equals(NO_PROMOTION);
    }

    /**
     * The epoch that follows this one, in which its owner goes on.
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

    /**
     * The same epoch, begun by a promotion.
     *
     * @param overruled as {@link #promotedOver()}
     * @return with everything else as it is
     */
    public Epoch promoted(UUID overruled) {
        return new Epoch(number, identity, firstSequence, predecessorIdentity, startedNanos, owner, overruled);
    }

    /**
     * The same epoch as a journal knows it that has nothing of what came before.
     *
     * @param sequence of the first event that it can have there
     * @return with everything else as it is
     */
    public Epoch from(long sequence) {
        return new Epoch(number, identity, sequence, predecessorIdentity, startedNanos, owner, promotedOver);
    }
}
