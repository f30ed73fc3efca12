package io.tidemark.console.internal.render;

import io.tidemark.base.text.Durations;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What an image did since it was opened, in the few lines that an operator looks at first. Reads the engine's counters. */
final class Activity {
    private final Map<String, Long> counters;

    Activity(Map<String, Long> counters) {
        this.counters = counters;
    }

    /**
     * Adds the lines.
     *
     * @param facts to add them to
     */
    void addTo(Facts facts) {
        facts.fact("writes", requests("writes", "written.bytes"))
                .fact("reads", requests("reads", "read.bytes") + fromJournal())
                .fact("other requests", others())
                .fact("acknowledged in", durations("acknowledge.nanos"))
                .fact("forces", forces())
                .fact("applied", applied())
                .fact("checkpoints", some("checkpoints"))
                .fact("held", held())
                .fact("suspensions", some("suspensions"))
                .fact("clock steps", some("clock.steps"))
                .fact("failures", some("failures"));
    }

    private long get(String name) {
        return counters.getOrDefault(name, 0L);
    }

    private String some(String name) {
        return get(name) == 0 ? "" : Words.number(get(name));
    }

    private String requests(String count, String bytes) {
        return get(count) == 0 ? "" : Words.number(get(count)) + ", " + Words.size(get(bytes));
    }

    private String fromJournal() {
        return get("reads.from-journal") == 0
                ? ""
                : " (" + Words.number(get("reads.from-journal")) + " from the journal)";
    }

    private String others() {
        List<String> parts = new ArrayList<>();
        for (String name : List.of("flushes", "discards", "zeroes")) {
            if (get(name) != 0) {
                parts.add(name + " " + Words.number(get(name)));
            }
        }
        return String.join(", ", parts);
    }

    private String durations(String name) {
        if (get(name + ".count") == 0) {
            return "";
        }
        return "mean " + Durations.format(get(name + ".mean")) + ", p50 " + Durations.format(get(name + ".p50"))
                + ", p99 " + Durations.format(get(name + ".p99")) + ", max " + Durations.format(get(name + ".max"));
    }

    private String forces() {
        long forces = get("force.nanos.count");
        if (forces == 0) {
            return "";
        }
        return Words.number(forces) + ", " + Words.count(get("force.events.mean"), "event") + " each; "
                + durations("force.nanos");
    }

    private String applied() {
        long journal = get("apply.journal.bytes");
        long image = get("apply.image.bytes");
        if (journal == 0) {
            return "";
        }
        String folded = image == 0
                ? ""
                : String.format(Locale.ROOT, ", folded %.1f : 1", Math.max(1.0, journal / (double) image));
        return Words.size(journal) + " of journal by " + Words.count(get("apply.image.writes"), "write") + " of "
                + Words.size(image) + folded;
    }

    private String held() {
        if (get("held.requests") == 0) {
            return "";
        }
        return Words.count(get("held.requests"), "request") + " waited for room, " + Words.number(get("held.now"))
                + " now";
    }
}
