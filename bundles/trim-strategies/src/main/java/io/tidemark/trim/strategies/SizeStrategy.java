package io.tidemark.trim.strategies;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.base.text.Sizes;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Keeps the newest {@link #KEY} of the journal, give or take a segment. */
public final class SizeStrategy implements TrimStrategy {
    /** Name of the strategy. */
    public static final String NAME = "size";

    /** Key of an image's configuration: a size, as in {@code 1GiB}. */
    public static final String KEY = "trim.size";

    private static long size(Map<String, String> properties) {
        return Trim.required(properties, KEY, "1GiB", Sizes::parse);
    }

    /** What is kept fills whole segments, and what comes in needs some beside it before anything can be trimmed. */
    @Override
    public void check(Map<String, String> properties) {
        long size = size(properties);
        long limit = journalLimit(properties);
        if (size > limit / 4 * 3) {
            throw new IllegalArgumentException(KEY + ": " + Sizes.format(size) + " is more than three quarters of "
                    + ImageKeys.JOURNAL_LIMIT + " (" + Sizes.format(limit)
                    + "), and the journal would be full for good: lower it, or raise " + ImageKeys.JOURNAL_LIMIT);
        }
    }

    private static long journalLimit(Map<String, String> properties) {
        String text = properties.getOrDefault(ImageKeys.JOURNAL_LIMIT, "");
        return text.isBlank()
                ? JournalSettings.DEFAULT.limitBytes()
                : Trim.required(properties, ImageKeys.JOURNAL_LIMIT, "4GiB", Sizes::parse);
    }

    @Override
    public Set<String> keys() {
        return Set.of(KEY);
    }

    @Override
    public TrimVote vote(TrimSituation situation) {
        try {
            long first = situation.lookup().sequenceAtBytesBack(size(situation.properties()));
            return new TrimVote(
                    Math.max(0, first - 1),
                    "keeps the newest " + situation.properties().get(KEY),
                    List.of());
        } catch (IllegalArgumentException e) {
            return Trim.keepAll("keeps everything: " + e.getMessage());
        } catch (StorageException e) {
            return Trim.keepAll(e);
        }
    }
}
