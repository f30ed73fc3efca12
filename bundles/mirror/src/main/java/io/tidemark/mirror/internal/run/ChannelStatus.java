package io.tidemark.mirror.internal.run;

/**
 * How one image fares on its way, for people.
 *
 * @param image its name on this node
 * @param peer the other node
 * @param source whether this node is the source
 * @param state in plain words: idle and stuck look different
 * @param behindEvents that the replica lacks; negative when unknown
 * @param behindBytes about what these are; negative when unknown
 * @param behindNanos how much older the replica's image is than its source, in the source's time; negative when unknown
 * @param received last event that is durable at the replica
 * @param replayed last one that its image has
 * @param trouble last error with what to do, or empty
 */
public record ChannelStatus(
        String image,
        String peer,
        boolean source,
        String state,
        long behindEvents,
        long behindBytes,
        long behindNanos,
        long received,
        long replayed,
        String trouble) {}
