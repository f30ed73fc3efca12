package io.tidemark.api.trim;

import java.util.Map;
import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Votes on what must be kept of a journal. Any number per image, registered as OSGi services with the property
 * {@link #STRATEGY}. Asked apart from the write path. The engine trims up to the least of its own floor and all votes; a
 * strategy that fails, is silent or is missing keeps everything.
 */
@ConsumerType
@FunctionalInterface
public interface TrimStrategy {
    /** Service property: the strategy's name, as image configurations use it. */
    String STRATEGY = "tidemark.strategy";

    /**
     * Votes.
     *
     * @param situation what is the case now
     * @return the vote; never null
     */
    TrimVote vote(TrimSituation situation);

    /**
     * Checks the configuration of an image that names this strategy, before it takes effect. A strategy that cannot work
     * with it says so here, rather than by keeping everything until the journal is full.
     *
     * @param properties the image's configuration
     * @throws IllegalArgumentException beginning with the key that is missing or wrong: {@code trim.age: ...}
     */
    default void check(Map<String, String> properties) {}

    /**
     * The keys of an image's configuration, of those that begin with {@code trim.}, that this strategy reads. A key that none of
     * an image's strategies reads is refused, because it would have no effect.
     *
     * @return keys; one that ends with a dot stands for all that begin with it. All, unless a strategy says which
     */
    default Set<String> keys() {
        return Set.of("trim.");
    }
}
