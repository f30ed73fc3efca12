package io.tidemark.console.internal.render;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.base.text.Durations;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Adds events up. For one thread. */
public final class EventSummary {
    private final Map<EventKind, long[]> kinds = new EnumMap<>(EventKind.class);
    private EventHeader first;
    private EventHeader last;
    private long events;
    private long bodyBytes;
    private long barriers;

    /**
     * Adds one.
     *
     * @param event its header
     */
    public void add(EventHeader event) {
        if (first == null) {
            first = event;
        }
        last = event;
        events++;
        bodyBytes += event.bodyLength();
        barriers += event.isBarrier() ? 1 : 0;
        long[] sums = kinds.computeIfAbsent(event.kind(), k -> new long[2]);
        sums[0]++;
        sums[1] += event.kind().changesData() ? event.length() : 0;
    }

    /**
     * How many there were.
     *
     * @return events
     */
    public long events() {
        return events;
    }

    /**
     * How much they hold.
     *
     * @return bytes of their bodies
     */
    public long bodyBytes() {
        return bodyBytes;
    }

    /**
     * What it comes to.
     *
     * @param heading over it
     * @return lines
     */
    public String render(String heading) {
        Facts facts = new Facts().group(heading).fact("events", Words.number(events));
        if (events > 0) {
            facts.fact("from", first.position() + ", " + Words.eventTime(first.timeNanos()))
                    .fact("to", last.position() + ", " + Words.eventTime(last.timeNanos()))
                    .fact("covers", Durations.format(Math.max(0, last.timeNanos() - first.timeNanos())))
                    .fact("bodies", Words.size(bodyBytes))
                    .fact("barriers", Words.number(barriers));
            kinds.forEach((kind, sums) -> facts.fact(
                    JournalViews.word(kind),
                    Words.number(sums[0]) + (kind.changesData() ? ", " + Words.size(sums[1]) : "")));
        }
        return facts.render();
    }

    /**
     * What it comes to, for machines.
     *
     * @return for JSON
     */
    public Map<String, Object> json() {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("events", events);
        out.put("first", first == null ? null : first.position().toString());
        out.put("last", last == null ? null : last.position().toString());
        out.put("oldest", first == null ? null : Words.isoTime(first.timeNanos()));
        out.put("newest", last == null ? null : Words.isoTime(last.timeNanos()));
        out.put("bodyBytes", bodyBytes);
        out.put("barriers", barriers);
        Map<String, Object> byKind = new LinkedHashMap<>();
        kinds.forEach((kind, sums) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("events", sums[0]);
            one.put("extentBytes", sums[1]);
            byKind.put(JournalViews.word(kind), one);
        });
        out.put("kinds", byKind);
        return out;
    }
}
