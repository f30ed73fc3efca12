package io.tidemark.mirror.internal.fork;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.mirror.internal.wire.Point;
import java.util.List;

/** Where in a journal's epochs an event lies. */
public final class Epochs {
    private Epochs() {}

    /**
     * The epoch that a sequence lies in.
     *
     * @param epochs oldest first; not empty
     * @param sequence of an event
     * @return the first one for what comes before all
     */
    public static Epoch at(List<Epoch> epochs, long sequence) {
        Epoch found = epochs.get(0);
        for (Epoch epoch : epochs) {
            found = epoch.firstSequence() <= sequence ? epoch : found;
        }
        return found;
    }

    /**
     * The position of a sequence.
     *
     * @param epochs oldest first
     * @param sequence of an event; 0 for before all
     * @return NONE before all, and where there is no epoch
     */
    public static Position position(List<Epoch> epochs, long sequence) {
        return isNone(epochs, sequence)
                ? Position.NONE
                : new Position(at(epochs, sequence).number(), sequence);
    }

    /**
     * The same with the identity of the epoch.
     *
     * @param epochs oldest first
     * @param sequence of an event; 0 for before all
     * @return NONE before all, and where there is no epoch
     */
    public static Point point(List<Epoch> epochs, long sequence) {
        return isNone(epochs, sequence) ? Point.NONE : Point.in(at(epochs, sequence), sequence);
    }

    /**
     * Where in the journal of a primary the events begin that its node wrote, as far as that is known.
     *
     * @param epochs oldest first
     * @param node what the node calls itself. Another one may call itself the same; a promotion began what it wrote then
     * @return the first sequence of them; {@link Long#MAX_VALUE} when the newest epoch is of another node
     */
    public static long writtenFrom(List<Epoch> epochs, String node) {
        long from = Long.MAX_VALUE;
        for (Epoch epoch : epochs) {
            if (!epoch.owner().equals(node)) {
                from = Long.MAX_VALUE;
            } else if (from == Long.MAX_VALUE || epoch.isPromoted()) {
                from = epoch.firstSequence();
            }
        }
        return from;
    }

    private static boolean isNone(List<Epoch> epochs, long sequence) {
        return sequence == 0 || epochs.isEmpty();
    }
}
