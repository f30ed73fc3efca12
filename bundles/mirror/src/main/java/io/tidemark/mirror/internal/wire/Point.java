package io.tidemark.mirror.internal.wire;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import java.util.Objects;
import java.util.UUID;

/**
 * A position as another node is told it: the epoch's identity is with it, because two branches use the same numbers.
 *
 * @param epoch number of the epoch; 0 only in {@link #NONE}
 * @param identity of the epoch
 * @param sequence along the chain
 */
public record Point(long epoch, UUID identity, long sequence) {
    /** Before the first event of any journal. */
    public static final Point NONE = new Point(0, Epoch.NO_PREDECESSOR, 0);

    /** Checks ranges. */
    public Point {
        Objects.requireNonNull(identity, "identity");
        if (epoch < 0 || sequence < 0) {
            throw new IllegalArgumentException("the point " + epoch + ":" + sequence + " has a negative part");
        }
    }

    /**
     * A point in an epoch.
     *
     * @param epoch which
     * @param sequence where
     * @return the point
     */
    public static Point in(Epoch epoch, long sequence) {
        return new Point(epoch.number(), epoch.identity(), sequence);
    }

    /**
     * As journals name it.
     *
     * @return without the identity
     */
    public Position position() {
        return new Position(epoch, sequence);
    }

    @Override
    public String toString() {
        return epoch + ":" + sequence;
    }
}
