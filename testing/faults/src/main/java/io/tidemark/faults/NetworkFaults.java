package io.tidemark.faults;

/**
 * What happens to the messages of a simulated network by itself, each so often in a million. A stream is never reordered and loses
 * nothing in the middle: it breaks instead.
 *
 * @param breakPerMillion both ends learn that the link is broken, at different times
 * @param halfOpenPerMillion one end learns it; the other speaks into the void until it takes its peer for dead
 * @param stallPerMillion nothing gets through for a while, up to twice the time after which a peer is dead
 * @param slowPerMillion a message takes up to a hundred times as long, and all behind it
 * @param replayPerMillion somebody opens a link in the peer's name and plays an old session again
 */
public record NetworkFaults(
        int breakPerMillion, int halfOpenPerMillion, int stallPerMillion, int slowPerMillion, int replayPerMillion) {
    /** A network without faults. */
    public static final NetworkFaults NONE = new NetworkFaults(0, 0, 0, 0, 0);
}
