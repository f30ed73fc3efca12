package io.tidemark.api.mirror;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import java.util.List;
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
 * @param notAsked peers that could not be asked whether they have more of the time before; sorted
 * @param ahead peers that have more of it, which could not be fetched: they have to begin anew; sorted
 */
public record Promotion(
        String image,
        String node,
        Position at,
        Epoch epoch,
        long missingEvents,
        List<String> notAsked,
        List<String> ahead) {
    /** Checks for nulls, and copies. */
    public Promotion {
        notAsked = List.copyOf(notAsked);
        ahead = List.copyOf(ahead);
        Objects.requireNonNull(image, "image");
        Objects.requireNonNull(node, "node");
        Objects.requireNonNull(at, "at");
        Objects.requireNonNull(epoch, "epoch");
    }

    /**
     * One before which no peer had to be asked.
     *
     * @param image as {@link #image()}
     * @param node as {@link #node()}
     * @param at as {@link #at()}
     * @param epoch as {@link #epoch()}
     * @param missingEvents as {@link #missingEvents()}
     */
    public Promotion(String image, String node, Position at, Epoch epoch, long missingEvents) {
        this(image, node, at, epoch, missingEvents, List.of(), List.of());
    }

    /**
     * The same with what asking peers came to.
     *
     * @param silent as {@link #notAsked()}
     * @param further as {@link #ahead()}
     * @return with everything else as it is
     */
    public Promotion asked(List<String> silent, List<String> further) {
        return new Promotion(image, node, at, epoch, missingEvents, silent, further);
    }
}
