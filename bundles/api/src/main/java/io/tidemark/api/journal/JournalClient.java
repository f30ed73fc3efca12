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
 * @param applied of a replica: the last event that its image has, as it last reported; -1 when unknown. Keeps nothing, for people
 */
public record JournalClient(String id, String description, Position commit, State state, long seenNanos, long applied) {
    /** What {@link #applied()} is when it is unknown. */
    public static final long UNKNOWN = -1;

    /** Whether a client still counts. */
    public enum State {
        /** Its commit position keeps the journal. */
        CONNECTED,
        /** Expired: it keeps nothing and has to resync. Its epoch stays known. */
        EXPIRED
    }

    /**
     * One of which it is not known what it has applied.
     *
     * @param id as {@link #id()}
     * @param description as {@link #description()}
     * @param commit as {@link #commit()}
     * @param state as {@link #state()}
     * @param seenNanos as {@link #seenNanos()}
     */
    public JournalClient(String id, String description, Position commit, State state, long seenNanos) {
        this(id, description, commit, state, seenNanos, UNKNOWN);
    }

    /** Checks for nulls, and that {@link #applied()} is a sequence or unknown. */
    public JournalClient {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(description, "description");
        Objects.requireNonNull(commit, "commit");
        Objects.requireNonNull(state, "state");
        if (applied < UNKNOWN) {
            throw new IllegalArgumentException("applied " + applied);
        }
    }
}
