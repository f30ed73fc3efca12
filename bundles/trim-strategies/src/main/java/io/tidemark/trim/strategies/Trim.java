package io.tidemark.trim.strategies;

import io.tidemark.api.StorageException;
import io.tidemark.api.trim.TrimVote;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What the strategies of this bundle have in common. */
final class Trim {
    private Trim() {}

    /** A vote that keeps everything. */
    static TrimVote keepAll(String reason) {
        return new TrimVote(0, reason, List.of());
    }

    static TrimVote keepAll(StorageException failure) {
        return keepAll("keeps everything, because the journal cannot be searched: " + failure.getMessage());
    }

    /**
     * Reads a key that must be there.
     *
     * @throws IllegalArgumentException beginning with the key
     */
    static <T> T required(Map<String, String> properties, String key, String example, Function<String, T> parser) {
        String text = properties.getOrDefault(key, "");
        if (text.isBlank()) {
            throw new IllegalArgumentException(key + ": it is not set; write it as in " + key + "=" + example);
        }
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + ": " + e.getMessage(), e);
        }
    }
}
