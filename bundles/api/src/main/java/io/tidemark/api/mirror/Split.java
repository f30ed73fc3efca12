package io.tidemark.api.mirror;

import io.tidemark.api.Position;
import java.util.Objects;
import java.util.Optional;

/**
 * An image that parted from a peer's: both have events that the other one has not.
 *
 * @param image its name here
 * @param peer which has the other branch
 * @param peerImage its name there
 * @param fork the last event that both have; {@link Position#NONE} when nobody knows it any more
 * @param here the branch of this node; empty when it could not be looked at
 * @param there the branch of the peer; empty when it could not be looked at
 * @param trouble why a branch could not be looked at; empty when both could
 */
public record Split(
        String image,
        String peer,
        String peerImage,
        Position fork,
        Optional<Branch> here,
        Optional<Branch> there,
        String trouble) {
    /** Checks for nulls. */
    public Split {
        Objects.requireNonNull(fork, "fork");
        Objects.requireNonNull(here, "here");
        Objects.requireNonNull(there, "there");
        Objects.requireNonNull(trouble, "trouble");
    }
}
