package io.tidemark.console.internal.command;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.journal.Journal;
import io.tidemark.base.event.export.ExportWriter;
import io.tidemark.base.text.Sizes;
import io.tidemark.console.internal.render.EventSummary;
import io.tidemark.console.internal.render.Words;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code journal:export} and {@code journal:import}. */
final class JournalCopy {
    private static final String FORCE = "--force";
    private static final String FROM = "--from";
    private static final int BUFFER_BYTES = 1 << 20;

    private JournalCopy() {}

    static List<ConsoleCommand> all() {
        return List.of(exporting(), importing());
    }

    private static ConsoleCommand exporting() {
        return new SimpleCommand(
                Spec.of("journal:export", "Writes the journal of an image to a file.")
                        .detail(
                                "Takes what is durable when the command starts, while clients go on. The file appears when it is"
                                        + " complete and forced; docs/formats/journal-export.md describes it.")
                        .takes("NAME", "The image.", Completions::images)
                        .takes("FILE", "The file to write, on the machine of the node.", Completion.NONE)
                        .option(
                                FROM,
                                "MOMENT",
                                "Where to begin: " + Moments.FORMS + "; refused where the journal no longer has that.",
                                Moments.COMPLETION)
                        .flag(FORCE, "Replaces a file that is there.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example(
                                "journal:export vm1 /backup/vm1.journal",
                                "writes all events that the journal still has")
                        .example("journal:export vm1 hour.journal --from -1h", "writes the events of the last hour")
                        .build(),
                JournalCopy::exportTo);
    }

    private static void exportTo(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        Journal journal = call.images().journal(name);
        Path file = call.newFile("FILE", FORCE);
        String fromText = call.arguments().value(FROM).orElse("");
        long from = fromText.isEmpty() ? 0 : Moments.firstAt(call, journal, fromText, true);
        Progress progress = new Progress(
                call.caller(),
                call.node().clock()::monotonicNanos,
                "exporting the journal of " + name,
                from == 0 ? journal.status().liveBytes() : 0);
        EventSummary summary = new EventSummary();
        long bytes;
        try (PartFile part = PartFile.of(file)) {
            bytes = write(call, journal, from, part, summary, progress);
            part.putInPlace();
        } catch (IOException e) {
            if (e instanceof StorageException storage) {
                throw storage;
            }
            throw Failure.failed("cannot write " + file + ": " + reason(e), e);
        }
        if (call.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("image", name);
            json.put("file", file.toString());
            json.put("fileBytes", bytes);
            json.putAll(summary.json());
            call.printJson(json);
        } else {
            call.line(name + ": " + Words.count(summary.events(), "event") + " exported to " + file + ", "
                    + Words.size(bytes) + " (" + progress.summary(bytes) + ")");
        }
    }

    private static long write(
            Call call, Journal journal, long from, PartFile part, EventSummary summary, Progress progress)
            throws Failure, IOException {
        try (JournalScan scan = JournalScan.open(journal, from);
                BufferedOutputStream stream =
                        new BufferedOutputStream(Channels.newOutputStream(part.channel()), BUFFER_BYTES);
                ExportWriter writer = new ExportWriter(
                        stream,
                        journal.identity(),
                        journal.name(),
                        scan.first(),
                        call.node().clock().wallNanos())) {
            EventHeader event = scan.next();
            while (event != null) {
                writer.event(event, scan.reader().body());
                summary.add(event);
                progress.at(writer.bytes());
                if (call.caller().cancelled()) {
                    throw Failure.cancelled("cancelled after event " + event.position() + "; nothing was written");
                }
                event = scan.next();
            }
            writer.finish();
            stream.flush();
            part.finish();
            return writer.bytes();
        }
    }

    /** Why a file could not be written. The message of some exceptions is a path and nothing else. */
    static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "its directory does not exist";
        }
        return e instanceof AccessDeniedException ? "access is denied" : String.valueOf(e.getMessage());
    }

    private static ConsoleCommand importing() {
        return new SimpleCommand(
                Spec.of("journal:import", "Replays an exported journal onto an image.")
                        .detail(
                                "First the whole file is checked: a damaged one changes nothing. Then its events are written to the"
                                        + " image as a client would write them, so they are journaled and durable when the command"
                                        + " returns. Marks, snapshots and checkpoints are the other journal's own and left out; the"
                                        + " command says how many. Taken back, it leaves the events up to there in the image; doing it"
                                        + " again from the start comes to the same. Where the file makes the image smaller, which"
                                        + " has to be allowed, image:resize first gives it back the size that it had.")
                        .takes("NAME", "The image.", Completions::images)
                        .takes("FILE", "A file that journal:export wrote.", Completion.NONE)
                        .flag(ImageChange.SHRINK, "Allows the file to make the image smaller.")
                        .flag(Call.JSON, "Prints JSON.")
                        .example("journal:import vm2 /backup/vm1.journal", "applies what happened to vm1 to vm2")
                        .build(),
                JournalCopy::importFrom);
    }

    private static void importFrom(Call call) throws Failure, StorageException {
        String name = call.arguments().text("NAME");
        ImageStatus image = call.images().image(name);
        Path file = call.file(call.arguments().text("FILE"));
        try {
            EventSummary summary = check(call, image, file);
            long replayed;
            Progress progress = progress(call, "importing onto " + name, file);
            try (ImportSource source = ImportSource.open(file, progress, call.caller())) {
                replayed = call.images().replay(name, source);
            } catch (ImportSource.TakenBack e) {
                throw Failure.cancelled("cancelled: " + Words.number(e.events()) + " of "
                        + Words.count(summary.events(), "event")
                        + " are in " + name + "; the same command again, from the start, comes to the same end");
            }
            report(call, name, summary, replayed, progress.summary(Files.size(file)));
        } catch (StorageException e) {
            throw e;
        } catch (IOException e) {
            throw Failure.failed("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static Progress progress(Call call, String label, Path file) throws IOException {
        return new Progress(call.caller(), call.node().clock()::monotonicNanos, label, Files.size(file));
    }

    /** Reads all of the file, so that a damaged or unfitting one changes nothing. */
    private static EventSummary check(Call call, ImageStatus image, Path file) throws Failure, IOException {
        if (!Files.isRegularFile(file)) {
            throw Failure.failed("there is no file " + file + "; relative names count from the directory you are in");
        }
        EventSummary summary = new EventSummary();
        long size = image.sizeBytes();
        try (ImportSource source =
                ImportSource.open(file, progress(call, "checking " + file.getFileName(), file), call.caller())) {
            EventHeader event = source.next();
            while (event != null) {
                source.body();
                summary.add(event);
                if (event.kind() == EventKind.RESIZE) {
                    size = event.length();
                    checkShrink(call, image, file, event);
                }
                if (event.kind().changesData() && (event.offset() > size || event.length() > size - event.offset())) {
                    long needed = event.offset() + event.length();
                    throw Failure.failed(
                            "event " + event.position() + " of " + file + " reaches to " + Sizes.format(needed)
                                    + ", " + image.name() + " has " + Sizes.format(size) + "; image:resize "
                                    + image.name() + " "
                                    + needed + " makes room. Nothing was done.");
                }
                event = source.next();
            }
        } catch (ImportSource.TakenBack e) {
            throw Failure.cancelled("cancelled; nothing was done");
        }
        return summary;
    }

    private static void checkShrink(Call call, ImageStatus image, Path file, EventHeader event) throws Failure {
        if (event.length() < image.sizeBytes() && !call.arguments().has(ImageChange.SHRINK)) {
            throw Failure.failed("event " + event.position() + " of " + file + " makes " + image.name() + " "
                    + Words.size(event.length()) + " large, and it has " + Words.size(image.sizeBytes())
                    + ": everything behind that would be lost. Say " + ImageChange.SHRINK
                    + " if that is meant. Nothing was done.");
        }
    }

    private static void report(Call call, String name, EventSummary summary, long replayed, String took) {
        long leftOut = summary.events() - replayed;
        if (call.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("image", name);
            json.put("replayed", replayed);
            json.put("leftOut", leftOut);
            json.putAll(summary.json());
            call.printJson(json);
        } else {
            call.line(name + ": " + Words.number(replayed) + " of " + Words.count(summary.events(), "event")
                    + " replayed (" + took + ")" + (leftOut == 0 ? "" : "; " + leftOut(leftOut)));
        }
    }

    private static String leftOut(long events) {
        return Words.count(events, "event")
                + (events == 1
                        ? " was left out, because it is that journal's own, as its marks are"
                        : " were left out, because they are that journal's own, as its marks are");
    }
}
