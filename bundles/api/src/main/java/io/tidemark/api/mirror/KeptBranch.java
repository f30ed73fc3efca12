package io.tidemark.api.mirror;

import io.tidemark.api.Position;
import java.util.Objects;

/**
 * The events of a branch that was given up by an order, kept in a file that {@code journal:import} reads.
 *
 * @param name unique on this node
 * @param image whose branch it was
 * @param fork the last event that the branch that went on has, too
 * @param last the last event of the branch
 * @param fileBytes size of the file
 * @param keptNanos wall clock when it was kept, nanoseconds since 1970
 * @param file where it lies, on the machine of the node
 */
public record KeptBranch(
        String name, String image, Position fork, long last, long fileBytes, long keptNanos, String file) {
    /** Checks for nulls. */
    public KeptBranch {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(image, "image");
        Objects.requireNonNull(fork, "fork");
        Objects.requireNonNull(file, "file");
    }
}
