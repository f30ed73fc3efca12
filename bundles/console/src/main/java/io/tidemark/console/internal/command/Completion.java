package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import java.util.List;

/** Finds what may stand in one place of a command line. Must be quick: somebody waits with a finger on Tab. */
@FunctionalInterface
public interface Completion {
    /** Nothing to offer. */
    Completion NONE = (node, word) -> List.of();

    /**
     * What may stand here.
     *
     * @param node to look at
     * @param word what is typed already; candidates that do not begin with it are dropped by the caller
     * @return candidates
     * @throws StorageException when the node cannot say; Tab then offers nothing
     */
    List<Candidate> candidates(Node node, String word) throws StorageException;
}
