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
 */
public record Wish(String origin, String name, Map<String, String> properties) {
    /** Copies the map. */
    public Wish {
        Map<String, String> kept = new TreeMap<>(properties);
        kept.values().removeIf(String::isBlank);
        properties = Map.copyOf(kept);
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
        return new Wish(origin, name, changed);
    }
}
