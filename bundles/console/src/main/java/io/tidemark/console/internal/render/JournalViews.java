package io.tidemark.console.internal.render;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.Journal.JournalStatus;
import io.tidemark.api.journal.Journal.RecoveryReport;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.base.text.Durations;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Journals and events as tables, facts and JSON. Stateless. */
public final class JournalViews {
    private JournalViews() {}

    /**
     * The journals of all images.
     *
     * @param images sorted
     * @return lines
     */
    public static String list(List<ImageStatus> images) {
        if (images.isEmpty()) {
            return "No journals: there are no images. Make one with image:create NAME SIZE.\n";
        }
        Table table = new Table()
                .text("IMAGE")
                .text("STATE")
                .text("POOL")
                .number("USED")
                .number("LIMIT")
                .number("FULL")
                .number("EVENTS")
                .number("FIRST")
                .number("DURABLE")
                .number("CHECKPOINTED");
        for (ImageStatus image : images) {
            long durable = image.watermarks().durable();
            long trimmed = image.watermarks().trimmed();
            boolean known = image.journalLimitBytes() > 0;
            table.row(
                    image.name(),
                    Words.lower(image.state()),
                    image.journalPool().isEmpty() ? Words.NONE : image.journalPool(),
                    known ? Words.size(image.journalUsedBytes()) : Words.NONE,
                    known ? Words.size(image.journalLimitBytes()) : Words.NONE,
                    known ? Words.percent(image.journalUsedBytes(), image.journalLimitBytes()) : Words.NONE,
                    known ? Words.number(durable - trimmed) : Words.NONE,
                    known && durable > trimmed ? Long.toString(trimmed + 1) : Words.NONE,
                    known ? Long.toString(durable) : Words.NONE,
                    known ? Long.toString(image.watermarks().checkpointed()) : Words.NONE);
        }
        return table.render();
    }

    /**
     * A journal in a list, for machines.
     *
     * @param image whose journal it is
     * @return for JSON
     */
    public static Map<String, Object> json(ImageStatus image) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("image", image.name());
        out.put("state", Words.lower(image.state()));
        out.put("pool", image.journalPool());
        out.put("usedBytes", image.journalUsedBytes());
        out.put("limitBytes", image.journalLimitBytes());
        out.put("head", image.head().toString());
        out.put("watermarks", ImageViews.json(image.watermarks()));
        return out;
    }

    /**
     * One journal.
     *
     * @param image whose journal it is
     * @param journal open
     * @param readers what is known of who reads it
     * @return lines
     */
    public static String info(ImageStatus image, Journal journal, JournalReaders readers) {
        JournalStatus status = journal.status();
        Facts facts = new Facts()
                .group("Journal of " + image.name() + " in pool " + image.journalPool())
                .fact("identity", journal.identity().toString())
                .fact(
                        "used",
                        Words.size(status.usedBytes()) + " of " + Words.size(status.limitBytes()) + " ("
                                + Words.percent(status.usedBytes(), status.limitBytes()) + "), in "
                                + Words.count(status.segments(), "segment"))
                .fact("events", events(journal, status))
                .fact("oldest", Words.eventTime(status.oldestTimeNanos()))
                .fact("newest", Words.eventTime(status.newestTimeNanos()))
                .fact("checkpointed", Words.number(image.watermarks().checkpointed()));
        since(facts, status);
        recovery(facts, journal.recovery());
        facts.group("Epochs");
        for (Epoch epoch : journal.epochs()) {
            facts.fact(
                    Long.toString(epoch.number()),
                    "from event " + Words.number(epoch.firstSequence()) + ", " + Words.time(epoch.startedNanos())
                            + ", by " + epoch.owner() + ", " + epoch.identity());
        }
        facts.group("Readers that keep it from being trimmed");
        for (JournalClient client : journal.clients()) {
            facts.fact(readers.name(image.name(), client), readers.words(image.name(), client, journal.durable()));
        }
        return facts.render();
    }

    private static String events(Journal journal, JournalStatus status) {
        long first = journal.trimmed() + 1;
        long last = journal.durable();
        return last < first
                ? "none"
                : Words.number(last - first + 1) + " (" + first + " to " + last + "), "
                        + Words.size(status.liveBytes());
    }

    private static void since(Facts facts, JournalStatus status) {
        facts.group("Since it was opened")
                .fact(
                        "appended",
                        Words.count(status.appendedEvents(), "event") + ", " + Words.size(status.appendedBytes()))
                .fact("forces", Words.number(status.forces()))
                .fact(
                        "events per force",
                        status.forces() == 0
                                ? ""
                                : String.format(
                                        Locale.ROOT, "%.1f", status.appendedEvents() / (double) status.forces()));
    }

    private static void recovery(Facts facts, RecoveryReport report) {
        facts.group("When it was opened")
                .fact(
                        "found",
                        report.created() ? "nothing: it was made" : report.clean() ? "closed in order" : "a crash")
                .fact("kept up to", Words.number(report.kept()))
                .fact("attested up to", Words.number(report.lastKnownDurable()))
                .fact("torn tail", report.cutBytes() == 0 ? "" : Words.size(report.cutBytes()) + " dropped")
                .fact("took", Durations.format(report.nanos()))
                .fact("report", report.detail());
    }

    /**
     * One journal for machines.
     *
     * @param image whose journal it is
     * @param journal open
     * @param readers what is known of who reads it
     * @return for JSON
     */
    public static Map<String, Object> infoJson(ImageStatus image, Journal journal, JournalReaders readers) {
        JournalStatus status = journal.status();
        Map<String, Object> out = json(image);
        out.put("identity", journal.identity().toString());
        out.put("usedBytes", status.usedBytes());
        out.put("limitBytes", status.limitBytes());
        out.put("liveBytes", status.liveBytes());
        out.put("segments", status.segments());
        out.put("forces", status.forces());
        out.put("appendedBytes", status.appendedBytes());
        out.put("appendedEvents", status.appendedEvents());
        out.put("firstSequence", journal.trimmed() + 1);
        out.put("lastSequence", journal.durable());
        out.put("oldest", Words.isoTime(status.oldestTimeNanos()));
        out.put("newest", Words.isoTime(status.newestTimeNanos()));
        out.put("recovery", json(journal.recovery()));
        out.put("epochs", journal.epochs().stream().map(JournalViews::json).toList());
        out.put(
                "clients",
                journal.clients().stream()
                        .map(client -> readers.json(image.name(), client))
                        .toList());
        return out;
    }

    private static Map<String, Object> json(RecoveryReport report) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("created", report.created());
        out.put("clean", report.clean());
        out.put("lastKnownDurable", report.lastKnownDurable());
        out.put("kept", report.kept());
        out.put("cutBytes", report.cutBytes());
        out.put("nanos", report.nanos());
        out.put("detail", report.detail());
        return out;
    }

    private static Map<String, Object> json(Epoch epoch) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("number", epoch.number());
        out.put("identity", epoch.identity().toString());
        out.put("firstSequence", epoch.firstSequence());
        out.put("predecessorIdentity", epoch.predecessorIdentity().toString());
        out.put("started", Words.isoTime(epoch.startedNanos()));
        out.put("owner", epoch.owner());
        out.put("promoted", epoch.isPromoted());
        return out;
    }

    /**
     * The heading over {@link #event}.
     *
     * @return a line
     */
    public static String eventHeading() {
        return String.format(
                Locale.ROOT,
                "%-16s %-30s  %-10s %18s %12s %10s  %s%n",
                "POSITION",
                "TIME",
                "EVENT",
                "OFFSET",
                "LENGTH",
                "BODY",
                "NOTE");
    }

    /**
     * One event. Columns are wide enough for most, so that lines can be printed as they are read.
     *
     * @param event its header
     * @param note what its body adds; may be empty
     * @return a line
     */
    public static String event(EventHeader event, String note) {
        boolean extent = event.kind().changesData();
        String length = extent || event.kind() == EventKind.RESIZE ? Long.toString(event.length()) : Words.NONE;
        String remark = event.isBarrier() ? note.isEmpty() ? "barrier" : "barrier, " + note : note;
        return String.format(
                                Locale.ROOT,
                                "%-16s %-30s  %-10s %18s %12s %10d  %s",
                                event.position(),
                                Words.eventTime(event.timeNanos()),
                                word(event.kind()),
                                extent ? Long.toString(event.offset()) : Words.NONE,
                                length,
                                event.bodyLength(),
                                remark)
                        .stripTrailing()
                + "\n";
    }

    /**
     * A kind of event.
     *
     * @param kind of it
     * @return as {@code clock-step}
     */
    public static String word(EventKind kind) {
        return Words.lower(kind).replace('_', '-');
    }

    /**
     * One event for machines.
     *
     * @param event its header
     * @param note what its body adds; may be empty
     * @return for JSON
     */
    public static Map<String, Object> eventJson(EventHeader event, String note) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("position", event.position().toString());
        out.put("time", Words.isoTime(event.timeNanos()));
        out.put("timeNanos", event.timeNanos());
        out.put("kind", word(event.kind()));
        out.put("barrier", event.isBarrier());
        out.put("offset", event.offset());
        out.put("length", event.length());
        out.put("bodyLength", event.bodyLength());
        if (!note.isEmpty()) {
            out.put("note", note);
        }
        return out;
    }
}
