package io.tidemark.mirror.internal.fork;

import io.tidemark.mirror.internal.wire.Point;

/**
 * How a replica stands to its source.
 *
 * @param kind in one word
 * @param point for {@link Kind#CONTINUES}, {@link Kind#TRIMMED} and {@link Kind#OLDER} where the replica stands; for {@link
 *     Kind#SPLIT} the last event that both have, {@link Point#NONE} when neither knows it any more
 */
public record Verdict(Kind kind, Point point) {
    /** In one word. */
    public enum Kind {
        /** Send what comes behind the replica's position: maybe nothing. */
        CONTINUES,
        /** It is on the source's branch, but the source no longer has what comes next. */
        TRIMMED,
        /** Both went on behind the point, each on a branch of its own. */
        SPLIT,
        /** All that the source has is on the replica's branch, which has newer epochs: the source is the one that is behind. */
        OLDER,
        /** They never had anything in common. */
        UNRELATED,
        /** Neither knows epochs that the other one knows: nothing can be said. The replica has to be copied anew. */
        FORGOTTEN
    }
}
