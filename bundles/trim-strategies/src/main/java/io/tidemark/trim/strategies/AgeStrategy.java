package io.tidemark.trim.strategies;

import io.tidemark.api.StorageException;
import io.tidemark.api.trim.TrimSituation;
import io.tidemark.api.trim.TrimStrategy;
import io.tidemark.api.trim.TrimVote;
import io.tidemark.base.text.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Keeps what is younger than {@link #KEY}. */
public final class AgeStrategy implements TrimStrategy {
    /** Name of the strategy. */
    public static final String NAME = "age";

    /** Key of an image's configuration: a duration, as in {@code 1h}. */
    public static final String KEY = "trim.age";

    private static Duration age(Map<String, String> properties) {
        return Trim.required(properties, KEY, "1h", Durations::parse);
    }

    @Override
    public void check(Map<String, String> properties) {
        age(properties);
    }

    @Override
    public Set<String> keys() {
        return Set.of(KEY);
    }

    @Override
    public TrimVote vote(TrimSituation situation) {
        try {
            Duration age = age(situation.properties());
            long before = Math.subtractExact(situation.nowNanos(), age.toNanos());
            return new TrimVote(
                    situation.lookup().sequenceAt(before),
                    "keeps what is younger than " + situation.properties().get(KEY),
                    List.of());
        } catch (ArithmeticException e) {
            return Trim.keepAll("keeps everything: nothing can be older than "
                    + situation.properties().get(KEY));
        } catch (IllegalArgumentException e) {
            return Trim.keepAll("keeps everything: " + e.getMessage());
        } catch (StorageException e) {
            return Trim.keepAll(e);
        }
    }
}
