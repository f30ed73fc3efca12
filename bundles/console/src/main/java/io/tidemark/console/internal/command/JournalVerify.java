package io.tidemark.console.internal.command;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.journal.Journal;
import io.tidemark.base.event.Event;
import io.tidemark.base.event.EventCodec;
import io.tidemark.console.internal.render.EventSummary;
import io.tidemark.console.internal.render.Words;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code journal:verify}. */
final class JournalVerify {
    private JournalVerify() {}

    static List<ConsoleCommand> all() {
        return List.of(new SimpleCommand(
                Spec.of("journal:verify", "Reads a whole journal and checks it.")
                        .detail(
                                "Reads what is durable when the command starts, while clients go on. Checks checksums of headers"
                                        + " and bodies, that positions follow one another, that time never goes back, and that each"
                                        + " body says what its header says. Ends at the first damage with a message and exit status 1;"
                                        + " changes nothing.")
                        .takes("NAME", "The image.", Completions::images)
                        .flag(Call.JSON, "Prints JSON.")
                        .example("journal:verify vm1", "says how many events are sound, or what is damaged")
                        .build(),
                JournalVerify::run));
    }

    private static void run(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        ImageStatus image = call.images().image(name);
        Journal journal = call.images().journal(name);
        EventSummary summary = new EventSummary();
        Progress progress = new Progress(
                call.caller(),
                call.node().clock()::monotonicNanos,
                "verifying the journal of " + name,
                journal.status().liveBytes());
        EventHeader before = null;
        try (JournalScan scan = JournalScan.open(journal, 0)) {
            EventHeader event = scan.next();
            while (event != null) {
                check(
                        name,
                        before,
                        event,
                        EventCodec.decode(event, scan.reader().body()));
                summary.add(event);
                progress.at(summary.bodyBytes());
                if (call.caller().cancelled()) {
                    throw Failure.cancelled("cancelled; everything up to event " + event.position() + " is sound");
                }
                before = event;
                event = scan.next();
            }
        }
        report(call, image, summary, progress);
    }

    private static void report(Call call, ImageStatus image, EventSummary summary, Progress progress) {
        if (call.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("image", image.name());
            json.put("sound", true);
            json.putAll(summary.json());
            call.printJson(json);
        } else {
            call.line(image.name() + ": " + Words.count(summary.events(), "event") + ", "
                    + Words.size(summary.bodyBytes()) + ", all sound (" + progress.summary(summary.bodyBytes()) + ")");
        }
    }

    private static void check(String name, EventHeader before, EventHeader event, Event body) throws Failure {
        if (before != null) {
            long expected = before.position().sequence() + 1;
            if (event.position().sequence() != expected) {
                throw damaged(name, event, "follows event " + before.position());
            }
            if (event.position().epoch() < before.position().epoch()) {
                throw damaged(name, event, "has an older epoch than event " + before.position());
            }
            if (event.timeNanos() < before.timeNanos()) {
                throw damaged(name, event, "is older than event " + before.position() + " before it");
            }
        }
        if (body.kind() == null) {
            return;
        }
        boolean sameExtent = body.offset() == event.offset() && body.length() == event.length();
        boolean sized = event.kind() == EventKind.RESIZE && body.length() == event.length();
        if (body.kind() != event.kind() || (event.kind().changesData() && !sameExtent)) {
            throw damaged(
                    name, event, "has a body that says " + body.kind() + " " + body.offset() + "+" + body.length());
        }
        if (event.kind() == EventKind.RESIZE && !sized) {
            throw damaged(name, event, "has a body that resizes to " + body.length());
        }
    }

    private static Failure damaged(String name, EventHeader event, String what) {
        return Failure.failed("the journal of " + name + " is damaged: event " + event.position() + " (" + event.kind()
                + " " + event.offset() + "+" + event.length() + ") " + what
                + "; keep a copy of the journal, and do not apply it elsewhere");
    }
}
