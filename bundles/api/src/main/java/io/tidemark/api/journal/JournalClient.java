package io.tidemark.api.journal;

import io.tidemark.api.Position;
import java.util.Objects;

/**
 * Somebody who reads a journal and whose progress keeps it from being trimmed.
 *
 * @param id unique in the journal: 1 to 128 of letters, digits, dot, dash, underscore, colon
 * @param description for people
 * @param commit the last event that the client needs no more
 * @param state whether it still counts
 * @param seenNanos wall clock when it last reported, nanoseconds since 1970
 */
public record JournalClient(String id, String description, Position commit, State state, long seenNanos) {
    /** Whether a client still counts. */
    public enum State {
        /** Its commit position keeps the journal. */
        CONNECTED,
        /** Expired: it keeps nothing and has to resync. Its epoch stays known. */
        EXPIRED
    }

    /** Checks for nulls. */
    public JournalClient {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(description, "description");
        Objects.requireNonNull(commit, "commit");
        Objects.requireNonNull(state, "state");
    }
}
