package io.tidemark.trim.strategies;

import io.tidemark.api.StorageException;
import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.base.text.Sizes;
import java.util.List;
import java.util.Map;

/** Keeps the newest {@link #KEY} of the journal, give or take a segment. */
public final class SizeStrategy implements TrimStrategy {
    /** Name of the strategy. */
    public static final String NAME = "size";

    /** Key of an image's configuration: a size, as in {@code 1GiB}. */
    public static final String KEY = "trim.size";

    private static long size(Map<String, String> properties) {
        return Trim.required(properties, KEY, "1GiB", Sizes::parse);
    }

    @Override
    public void check(Map<String, String> properties) {
        size(properties);
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
