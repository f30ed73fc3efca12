package io.tidemark.console.internal.render;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Counters as people read them: the figures of one distribution ({@code force.nanos.p50}, {@code force.nanos.p99} ...) in one
 * line, and nothing that is zero. Stateless.
 */
final class Counters {
    private static final List<String> PARTS = List.of("p50", "p99", "max", "mean");
    private static final String COUNT = "count";

    /** Shown elsewhere. */
    private static final Set<String> WATERMARKS = Set.of("appended", "durable", "applied", "checkpointed", "trimmed");

    private Counters() {}

    /**
     * Lines of a group.
     *
     * @param counters by name
     * @return values by name
     */
    static SortedMap<String, String> lines(Map<String, Long> counters) {
        SortedMap<String, String> lines = new TreeMap<>();
        for (Map.Entry<String, Long> counter : counters.entrySet()) {
            String name = counter.getKey();
            int dot = name.lastIndexOf('.');
            String base = dot < 0 ? name : name.substring(0, dot);
            boolean distribution = counters.containsKey(base + "." + COUNT);
            if (distribution) {
                distribution(lines, base, counters);
            } else if (counter.getValue() != 0 && !WATERMARKS.contains(name)) {
                lines.put(name, figure(name, counter.getValue()));
            }
        }
        return lines;
    }

    private static void distribution(Map<String, String> lines, String base, Map<String, Long> counters) {
        long count = counters.get(base + "." + COUNT);
        if (count == 0) {
            return;
        }
        List<String> shown = new ArrayList<>();
        for (String part : PARTS) {
            Long value = counters.get(base + "." + part);
            if (value != null) {
                shown.add(part + " " + figure(base, value));
            }
        }
        shown.add(Words.count(count, "time"));
        lines.put(withoutUnit(base), String.join(", ", shown));
    }

    private static String figure(String name, long value) {
        String folded = name.endsWith(".bytes") ? "Bytes" : name.endsWith(".nanos") ? "Nanos" : name;
        return Words.figure(folded, value);
    }

    private static String withoutUnit(String name) {
        return name.endsWith(".nanos") ? name.substring(0, name.length() - ".nanos".length()) : name;
    }
}
