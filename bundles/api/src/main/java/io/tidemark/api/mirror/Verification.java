package io.tidemark.api.mirror;

import io.tidemark.api.Position;
import java.util.List;
import java.util.Objects;

/**
 * What a comparison of both sides found.
 *
 * @param image its name here
 * @param peer the other node
 * @param from the position at which the first part was compared
 * @param to the position at which the last part was compared; each part at one and the same position on both sides
 * @param equalBytes that are the same on both sides
 * @param skippedBytes that could not be compared, because they were written between the replica's position and the source's:
 *     0 unless the replica is held, delayed or far behind, or a part is written all the time
 * @param differingBytes in parts that differ
 * @param differences the first parts that differ, at most {@link #MOST_DIFFERENCES}, sorted
 */
public record Verification(
        String image,
        String peer,
        Position from,
        Position to,
        long equalBytes,
        long skippedBytes,
        long differingBytes,
        List<Difference> differences) {
    /** So many parts that differ are named. */
    public static final int MOST_DIFFERENCES = 1000;

    /** Checks for nulls and copies. */
    public Verification {
        Objects.requireNonNull(image, "image");
        Objects.requireNonNull(peer, "peer");
        Objects.requireNonNull(from, "from");
        Objects.requireNonNull(to, "to");
        differences = List.copyOf(differences);
    }

    /**
     * A part that differs.
     *
     * @param offset of its first byte
     * @param lengthBytes of it; not every byte in it needs to differ
     */
    public record Difference(long offset, long lengthBytes) {}
}
