package io.tidemark.api.trim;

import java.util.List;
import java.util.Objects;

/**
 * A strategy's vote.
 *
 * @param trimUpTo the last sequence that this strategy gives up; 0 keeps everything
 * @param reason why, for people
 * @param expireClients registered clients that should be expired, because they hold too much; never the local head
 */
public record TrimVote(long trimUpTo, String reason, List<String> expireClients) {
    /** Checks and copies. */
    public TrimVote {
        Objects.requireNonNull(reason, "reason");
        expireClients = List.copyOf(expireClients);
        if (trimUpTo < 0) {
            throw new IllegalArgumentException("vote " + trimUpTo + " is negative");
        }
    }
}
