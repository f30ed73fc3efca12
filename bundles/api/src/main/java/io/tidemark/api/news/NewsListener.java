package io.tidemark.api.news;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Is told what happens on a node. A service; any number. Called by one thread at a time for each of engine and mirror, under no
 * lock, in the order in which things happened there. That thread does nothing else: a listener that takes its time delays news
 * and nothing but news. Of more than a thousand that wait the oldest are dropped, and the next one that is told says how many,
 * in its fact {@code lost}. What a listener throws is logged.
 */
@ConsumerType
@FunctionalInterface
public interface NewsListener {
    /**
     * Something happened.
     *
     * @param news what; never contains a secret
     */
    void told(News news);
}
