package io.tidemark.base.wish;

import java.util.Map;
import java.util.TreeMap;

/**
 * A configuration as somebody wrote it, unchecked.
 *
 * @param origin where it lies, for the one who keeps it: a path or a PID; empty for one that was made here and has no place
 *     yet
 * @param name of what it is wished of
 * @param properties keys and values; empty values are left out
 * @param problem why none of it can be taken, for people; empty when there is nothing to say against it as a whole
 */
public record Wish(String origin, String name, Map<String, String> properties, String problem) {
    /** Copies the map. */
    public Wish {
        Map<String, String> kept = new TreeMap<>(properties);
        kept.values().removeIf(String::isBlank);
        properties = Map.copyOf(kept);
    }

    /**
     * A configuration that can be taken.
     *
     * @param origin where it lies
     * @param name of what it is wished of
     * @param properties keys and values; empty values are left out
     */
    public Wish(String origin, String name, Map<String, String> properties) {
        this(origin, name, properties, "");
    }

    /**
     * Refuses what cannot be taken as a whole.
     *
     * @throws IllegalArgumentException with the problem, if there is one
     */
    public void check() {
        if (!problem.isEmpty()) {
            throw new IllegalArgumentException(problem);
        }
    }

    /**
     * The same with some keys changed.
     *
     * @param changes new values; empty ones take keys away
     * @return a copy
     */
    public Wish with(Map<String, String> changes) {
        Map<String, String> changed = new TreeMap<>(properties);
        changed.putAll(changes);
        return new Wish(origin, name, changed, problem);
    }
}
