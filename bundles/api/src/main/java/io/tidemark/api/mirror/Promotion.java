package io.tidemark.api.mirror;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import java.util.Objects;

/**
 * What became of an image that was promoted.
 *
 * @param image its name
 * @param node where it is primary now: the own node's name, or the peer's as it is called here
 * @param at the last event that it has of the time before
 * @param epoch that its writes go to
 * @param missingEvents that the primary before is known to have had and this one lacks; 0 when it is sure that none are missing;
 *     negative when nobody knows, because that one could not be asked
 */
public record Promotion(String image, String node, Position at, Epoch epoch, long missingEvents) {
    /** Checks for nulls. */
    public Promotion {
        Objects.requireNonNull(image, "image");
        Objects.requireNonNull(node, "node");
        Objects.requireNonNull(at, "at");
        Objects.requireNonNull(epoch, "epoch");
    }
}
