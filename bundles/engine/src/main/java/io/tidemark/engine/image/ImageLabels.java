package io.tidemark.engine.image;

import java.util.Objects;

/**
 * What an image is called.
 *
 * @param name of the image, and of its export
 * @param description a line for people; may be empty
 * @param owner the node that writes it, as epochs name it
 */
public record ImageLabels(String name, String description, String owner) {
    /** Checks for nulls. */
    public ImageLabels {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(description, "description");
        Objects.requireNonNull(owner, "owner");
    }
}
