package io.tidemark.api.replica;

import java.util.Objects;

/**
 * How far a replica is, at one instant. Sequences along its chain of epochs: {@code replayed <= head <= received <= arrived}.
 *
 * @param arrived last event in its memory
 * @param received last event that is durable in its own journal
 * @param head last event that its clients read
 * @param replayed last event that is applied to its image
 * @param receivedTimeNanos the source's time of {@code received}, nanoseconds since 1970; 0 when unknown
 * @param headTimeNanos the source's time of {@code head}; 0 when unknown
 * @param order in force
 * @param consistency whether its bytes are one position of the source
 * @param nextOffset while {@link Consistency#COPYING}: all bytes of the image before it are copied for good; a copy that was
 *     cut goes on here. Else 0
 */
public record ReplicaProgress(
        long arrived,
        long received,
        long head,
        long replayed,
        long receivedTimeNanos,
        long headTimeNanos,
        HeadOrder order,
        Consistency consistency,
        long nextOffset) {
    /** Checks for nulls. */
    public ReplicaProgress {
        Objects.requireNonNull(order, "order");
        Objects.requireNonNull(consistency, "consistency");
    }
}
