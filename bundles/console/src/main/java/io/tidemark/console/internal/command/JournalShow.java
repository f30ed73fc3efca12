package io.tidemark.console.internal.command;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.mirror.MirrorManager;
import io.tidemark.base.event.EventCodec;
import io.tidemark.base.text.Json;
import io.tidemark.console.internal.render.EventSummary;
import io.tidemark.console.internal.render.JournalReaders;
import io.tidemark.console.internal.render.JournalViews;
import java.util.List;

/** {@code journal:list}, {@code journal:info} and {@code journal:inspect}. */
final class JournalShow {
    private static final String VERBOSE = "--verbose";
    private static final String MARKS = "--marks";
    private static final String FROM = "--from";
    private static final String COUNT = "--count";

    private JournalShow() {}

    static List<ConsoleCommand> all() {
        return List.of(list(), info(), inspect());
    }

    private static ConsoleCommand list() {
        return new SimpleCommand(
                Spec.of("journal:list", "Lists the journals of all images.")
                        .detail(
                                "EVENTS are those that are still there: from FIRST to DURABLE. Those behind CHECKPOINTED would be"
                                        + " replayed after a crash.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example("journal:list", "shows all journals and how full they are")
                        .build(),
                JournalShow::list);
    }

    private static void list(Call call) throws StorageException {
        List<ImageStatus> images = call.images().images();
        if (call.json()) {
            call.printJson(images.stream().map(JournalViews::json).toList());
        } else {
            call.caller().out(JournalViews.list(images));
        }
    }

    private static ConsoleCommand info() {
        return new SimpleCommand(
                Spec.of("journal:info", "Shows the journal of an image.")
                        .detail(
                                "Who reads it keeps it from being trimmed; of a replica is shown what it has received, and what it has"
                                        + " brought into its image.")
                        .takes("NAME", "The image.", Completions::images)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("journal:info vm1", "space, epochs, clients and what the last start found")
                        .build(),
                JournalShow::info);
    }

    private static void info(Call call) throws StorageException {
        String name = call.arguments().text("NAME");
        ImageStatus image = call.images().image(name);
        Journal journal = call.images().journal(name);
        if (call.json()) {
            call.printJson(JournalViews.infoJson(image, journal, readers(call)));
        } else {
            call.caller().out(JournalViews.info(image, journal, readers(call)));
        }
    }

    private static JournalReaders readers(Call call) {
        try {
            MirrorManager mirrors = call.node().mirrors();
            return new JournalReaders(mirrors.peers(), mirrors.status());
        } catch (StorageException e) {
            // A journal has its clients without a mirror, too.
            return new JournalReaders(List.of(), List.of());
        }
    }

    private static ConsoleCommand inspect() {
        return new SimpleCommand(
                Spec.of("journal:inspect", "Reads a live journal and says what is in it.")
                        .detail(
                                "Reads what is durable when the command starts, while clients go on. Without --verbose it only"
                                        + " adds up.")
                        .takes("NAME", "The image.", Completions::images)
                        .flag(VERBOSE, "Prints a line for each event.")
                        .flag(MARKS, "Looks at marks and snapshots only, and prints a line for each.")
                        .option(
                                FROM,
                                "MOMENT",
                                "Where to begin: " + Moments.FORMS + "; refused where the journal no longer has that.",
                                Moments.COMPLETION)
                        .option(COUNT, "N", "At most so many events.", Completion.NONE)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("journal:inspect vm1", "counts the events of each kind")
                        .example(
                                "journal:inspect vm1 --verbose --from -5m", "shows the events of the last five minutes")
                        .example("journal:inspect vm1 --verbose --from 3:1042 --count 20", "shows twenty events")
                        .example("journal:inspect vm1 --marks", "shows which moments have a name")
                        .build(),
                JournalShow::inspect);
    }

    private static void inspect(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        Journal journal = call.images().journal(name);
        String fromText = call.arguments().value(FROM).orElse("");
        long from = fromText.isEmpty() ? 0 : Moments.firstAt(call, journal, fromText, false);
        long most = call.arguments().count(COUNT, Long.MAX_VALUE);
        EventSummary summary = new EventSummary();
        boolean marks = call.arguments().has(MARKS);
        Lines lines = marks || call.arguments().has(VERBOSE) ? new Lines(call) : null;
        Progress progress =
                new Progress(call.caller(), call.node().clock()::monotonicNanos, "reading the journal of " + name, 0);
        try (JournalScan scan = JournalScan.open(journal, from)) {
            EventHeader event = summary.events() < most ? scan.next() : null;
            while (event != null) {
                if (!marks || !scan.name(event).isEmpty()) {
                    summary.add(event);
                    if (lines != null && lines.add(event, note(scan, event))) {
                        lines.print(scan::pause);
                    } else if (lines == null) {
                        progress.at(summary.bodyBytes());
                    }
                }
                if (call.caller().cancelled()) {
                    throw Failure.cancelled("cancelled after event " + event.position());
                }
                event = summary.events() < most ? scan.next() : null;
            }
        } finally {
            if (lines != null) {
                lines.print(() -> {});
            }
        }
        finish(call, name, summary, lines);
    }

    private static void finish(Call call, String name, EventSummary summary, Lines lines) {
        if (lines != null) {
            lines.end(summary);
        } else if (call.json()) {
            call.printJson(summary.json());
        } else {
            call.caller().out(summary.render("Journal of " + name));
        }
    }

    /** What only the body tells: names, and what a checkpoint or a step of the clock says. */
    private static String note(JournalScan scan, EventHeader event) throws StorageException {
        String name = scan.name(event);
        if (!name.isEmpty()) {
            return "'" + name + "'";
        }
        if (event.kind() == EventKind.CHECKPOINT) {
            return "at " + EventCodec.decode(event, scan.reader().body()).offset();
        }
        return "";
    }

    /** Prints events some at a time, so that a long journal needs no memory. */
    private static final class Lines {
        private static final int PORTION = 128;

        private final Call call;
        private final StringBuilder portion = new StringBuilder();
        private int gathered;
        private boolean any;

        Lines(Call call) {
            this.call = call;
            call.caller().out(call.json() ? "{\"events\": [" : JournalViews.eventHeading());
        }

        /** Gathers one; whether there are so many that they are to be printed. */
        boolean add(EventHeader event, String note) {
            portion.append(
                    call.json()
                            ? (any ? ",\n" : "\n") + Json.write(JournalViews.eventJson(event, note))
                            : JournalViews.event(event, note));
            any = true;
            return ++gathered >= PORTION;
        }

        /** Whoever looks at them may stop for as long as he likes: the journal is not to wait for him, and is let go before. */
        void print(Runnable letGo) {
            if (gathered > 0 && !call.caller().outSoon(portion.toString())) {
                letGo.run();
                call.caller().out(portion.toString());
            }
            portion.setLength(0);
            gathered = 0;
        }

        void end(EventSummary summary) {
            if (call.json()) {
                call.caller().out("\n], \"summary\": " + Json.write(summary.json()) + "}\n");
            } else {
                call.caller().out("\n" + summary.render("In all"));
            }
        }
    }
}
