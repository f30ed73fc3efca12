package io.tidemark.api;

import java.util.Comparator;

/**
 * Names one event of a journal, and keeps naming it in every journal that the event is copied to.
 *
 * <p>Sequences continue across epochs: the first event of an epoch has its predecessor's last sequence plus one. On one
 * chain of epochs the sequence alone therefore orders events, and watermarks inside one journal are plain sequences.
 * Positions of different chains (a split brain) are not ordered; whatever names a position to another process names the
 * epoch's identity beside it.
 *
 * @param epoch number of the epoch, from 1; 0 only in {@link #NONE}
 * @param sequence number of the event along the chain, from 1; 0 stands before the first event
 */
public record Position(long epoch, long sequence) implements Comparable<Position> {
    /** Before the first event of any journal. */
    public static final Position NONE = new Position(0, 0);

    private static final Comparator<Position> ORDER =
            Comparator.comparingLong(Position::sequence).thenComparingLong(Position::epoch);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException when a part is negative
     */
    public Position {
        if (epoch < 0 || sequence < 0) {
            throw new IllegalArgumentException("position " + epoch + ":" + sequence + " has a negative part");
        }
    }

    /**
     * Reads what {@link #toString()} writes.
     *
     * @param text {@code EPOCH:SEQUENCE} in decimal
     * @return the position
     * @throws IllegalArgumentException when the text is no position
     */
    public static Position parse(String text) {
        int colon = text.indexOf(':');
        try {
            return new Position(
                    Long.parseLong(text.substring(0, Math.max(colon, 0))), Long.parseLong(text.substring(colon + 1)));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is no position; write EPOCH:SEQUENCE, as in 3:1042", e);
        }
    }

    @Override
    public int compareTo(Position other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return epoch + ":" + sequence;
    }
}
