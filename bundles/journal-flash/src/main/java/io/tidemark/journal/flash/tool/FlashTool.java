package io.tidemark.journal.flash.tool;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.base.text.Json;
import io.tidemark.base.text.Sizes;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The command line for closed flash journals. */
public final class FlashTool {
    /** All is well. */
    public static final int OK = 0;

    /** The journal is damaged, or was. */
    public static final int DAMAGED = 1;

    /** The command makes no sense. */
    public static final int USAGE = 2;

    /** It could not be read or written, or is open. */
    public static final int FAILED = 3;

    private static final String HELP = """
            Looks at flash journals that no node has open, and repairs them.

              inspect [--verbose] [--json] DIRECTORY...   what is in a journal; --verbose lists every event
              verify [--json] DIRECTORY...                reads every byte and compares checksums
              repair [--json] DIRECTORY...                cuts the journal where it is damaged; what is removed
                                                          is kept beside it in files named aside-*

            DIRECTORY... are the directories of one journal: the one that has its name, in each directory of its pool.
            Exit status: 0 sound, 1 damaged (repair: was damaged and is cut), 2 wrong usage, 3 failed
            (repair: nothing was changed, or not to the end).

            Example: inspect --verbose data/a/journals/vm1
            """;

    private final PrintStream out;
    private final PrintStream err;

    /**
     * A command line.
     *
     * @param out for results
     * @param err for errors
     */
    public FlashTool(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /**
     * Runs and ends the process.
     *
     * @param args see the help
     */
    public static void main(String[] args) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        System.exit(new FlashTool(out, err).run(List.of(args)));
    }

    /**
     * Runs one command.
     *
     * @param args see the help
     * @return the exit status
     */
    public int run(List<String> args) {
        try {
            return command(args);
        } catch (RuntimeException | Error e) {
            // Java would end with 1, which says something of the journal: that it is damaged, or cut.
            err.println("this failed for a reason that nobody expected:");
            e.printStackTrace(err);
            return FAILED;
        }
    }

    private int command(List<String> args) {
        List<Path> directories = new ArrayList<>();
        boolean verbose = false;
        boolean json = false;
        if (args.isEmpty() || args.contains("--help") || args.contains("help")) {
            (args.isEmpty() ? err : out).print(HELP);
            return args.isEmpty() ? USAGE : OK;
        }
        for (String arg : args.subList(1, args.size())) {
            switch (arg) {
                case "--verbose" -> verbose = true;
                case "--json" -> json = true;
                default -> {
                    if (arg.startsWith("-")) {
                        return usage("unknown option " + arg);
                    }
                    directories.add(Path.of(arg).toAbsolutePath().normalize());
                }
            }
        }
        if (directories.isEmpty()) {
            return usage("no directory given");
        }
        if (verbose && !args.get(0).equals("inspect")) {
            return usage("--verbose belongs to inspect");
        }
        try {
            return run(args.get(0), new ClosedJournal(directories), verbose, json);
        } catch (StorageException e) {
            err.println(e.getMessage());
            if (e.reason() == Reason.BUSY) {
                err.println(
                        "A node has the journal open, and nothing was touched. Stop the node or close the image first; a live"
                                + " journal is read by journal:inspect and journal:verify in the node's console.");
            }
            // Who repairs is to know from the status alone that nothing was cut.
            return e.reason() == Reason.CORRUPT && !args.get(0).equals("repair") ? DAMAGED : FAILED;
        }
    }

    private int usage(String what) {
        err.println(what + "; see --help");
        return USAGE;
    }

    private int run(String command, ClosedJournal journal, boolean verbose, boolean json) throws StorageException {
        switch (command) {
            case "inspect" -> {
                Listing listing = verbose ? new Listing(out, json) : null;
                JournalReport report = journal.inspect(listing);
                return print(report, listing, json);
            }
            case "verify" -> {
                return print(journal.verify(), null, json);
            }
            case "repair" -> {
                return print(journal.repair(), json);
            }
            default -> {
                return usage("unknown command " + command);
            }
        }
    }

    private int print(JournalReport report, Listing listing, boolean json) {
        if (json) {
            String text = Json.write(object(report));
            out.println(listing == null ? text : listing.followedBy(text));
        } else {
            text(report);
        }
        return report.isSound() ? OK : DAMAGED;
    }

    private int print(RepairReport report, boolean json) {
        boolean sound = report.before().isSound();
        if (json) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("repaired", !sound);
            object.put("kept", report.kept());
            object.put("lostFrom", sound ? null : report.kept() + 1);
            object.put("lostTo", sound ? null : report.lost());
            object.put("aside", report.aside().stream().map(Path::toString).toList());
            object.put("before", object(report.before()));
            out.println(Json.write(object));
        } else if (sound) {
            out.println("journal " + report.before().name() + " is sound; nothing was done");
        } else {
            text(report.before());
            out.println("Cut behind event " + report.kept() + ". Lost: events " + (report.kept() + 1) + " to at least "
                    + report.lost() + ".");
            report.aside().forEach(path -> out.println("Kept aside: " + path));
            out.println("What is written next begins a new epoch. Compare the image with its replicas.");
        }
        return sound ? OK : DAMAGED;
    }

    private void text(JournalReport report) {
        out.println("Journal " + report.name() + ", identity " + report.identity());
        out.println("  closed in order: " + (report.clean() ? "yes" : "no"));
        out.println("  trimmed " + report.trimmed() + ", intact up to " + report.intact() + ", attested durable up to "
                + report.attested());
        for (Epoch epoch : report.epochs()) {
            out.println("  epoch " + epoch.number() + " from " + epoch.firstSequence() + ", started "
                    + time(epoch.startedNanos()) + " by " + epoch.owner() + ", identity " + epoch.identity());
        }
        report.clients()
                .forEach(client -> out.println("  client " + client.id() + " at " + client.commit() + ", "
                        + client.state().name().toLowerCase(Locale.ROOT)));
        for (JournalReport.Segment segment : report.segments()) {
            out.println("  segment " + segment.number() + " "
                    + segment.use().name().toLowerCase(Locale.ROOT)
                    + (segment.use() == JournalReport.Use.EVENTS
                            ? " " + segment.firstSequence() + ".." + segment.lastSequence() + ", "
                                    + segment.batches() + " batches, " + Sizes.format(segment.usedBytes()) + ", "
                                    + time(segment.firstTimeNanos()) + " to " + time(segment.lastTimeNanos())
                            : "")
                    + "  " + segment.path());
        }
        if (report.tornBytes() > 0) {
            out.println("  torn end of " + Sizes.format(report.tornBytes()) + " or more: normal after a crash");
        }
        out.println(report.events() + " events, " + (report.isSound() ? "no damage" : "DAMAGED"));
        if (!report.isSound()) {
            JournalReport.Damage damage = report.damage();
            out.println("Damage: " + damage.path() + " at byte " + damage.offset() + ": " + damage.what());
        }
    }

    private static Map<String, Object> object(JournalReport report) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", report.name());
        object.put("identity", report.identity().toString());
        object.put("sound", report.isSound());
        object.put("clean", report.clean());
        object.put("trimmed", report.trimmed());
        object.put("intact", report.intact());
        object.put("attested", report.attested());
        object.put("events", report.events());
        object.put("tornBytes", report.tornBytes());
        List<Object> epochs = new ArrayList<>();
        for (Epoch epoch : report.epochs()) {
            epochs.add(Map.of(
                    "number", epoch.number(),
                    "identity", epoch.identity().toString(),
                    "firstSequence", epoch.firstSequence(),
                    "started", time(epoch.startedNanos()),
                    "owner", epoch.owner()));
        }
        object.put("epochs", epochs);
        object.put("clients", report.clients().stream().map(FlashTool::object).toList());
        List<Object> segments = new ArrayList<>();
        for (JournalReport.Segment segment : report.segments()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("number", segment.number());
            one.put("path", segment.path().toString());
            one.put("use", segment.use().name().toLowerCase(Locale.ROOT));
            one.put("firstSequence", segment.firstSequence());
            one.put("lastSequence", segment.lastSequence());
            boolean any = segment.firstSequence() > 0;
            one.put("firstTime", any ? time(segment.firstTimeNanos()) : null);
            one.put("lastTime", any ? time(segment.lastTimeNanos()) : null);
            one.put("batches", segment.batches());
            one.put("usedBytes", segment.usedBytes());
            segments.add(one);
        }
        object.put("segments", segments);
        if (!report.isSound()) {
            Map<String, Object> damage = new LinkedHashMap<>();
            damage.put("path", report.damage().path().toString());
            damage.put("offset", report.damage().offset());
            damage.put("what", report.damage().what());
            object.put("damage", damage);
        }
        return object;
    }

    private static Map<String, Object> object(JournalClient client) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("id", client.id());
        object.put("description", client.description());
        object.put("commit", client.commit().toString());
        object.put("state", client.state().name().toLowerCase(Locale.ROOT));
        object.put("seen", time(client.seenNanos()));
        return object;
    }

    private static String time(long nanos) {
        return Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000)
                .toString();
    }

    /** Prints events as they are read, because a journal may have many millions of them. For JSON they come before the rest. */
    private static final class Listing implements EventSink {
        private static final String BEGIN = "{\n\"eventList\": [";

        private final PrintStream out;
        private final boolean json;
        private boolean any;

        Listing(PrintStream out, boolean json) {
            this.out = out;
            this.json = json;
        }

        @Override
        public void event(EventHeader header, long place) {
            if (json) {
                out.print(any ? ",\n" : BEGIN + "\n");
                out.print(Json.write(object(header, place)));
            } else {
                out.println(line(header, place));
            }
            any = true;
        }

        /** The end of the list, with the other members of the object that it is in. */
        String followedBy(String object) {
            return (any ? "\n]," : BEGIN + "],") + object.substring(1);
        }

        /** As the console says it. */
        private static String word(EventKind kind) {
            return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        private static String line(EventHeader header, long place) {
            return header.position() + "  " + time(header.timeNanos()) + "  " + word(header.kind())
                    + (header.isBarrier() ? " barrier" : "") + "  "
                    + header.offset() + "+" + header.length() + "  body " + header.bodyLength() + "  place "
                    + (place >>> 32) + ":" + (place & 0xFFFFFFFFL);
        }

        private static Map<String, Object> object(EventHeader header, long place) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("epoch", header.position().epoch());
            object.put("sequence", header.position().sequence());
            object.put("time", time(header.timeNanos()));
            object.put("kind", word(header.kind()));
            object.put("barrier", header.isBarrier());
            object.put("offset", header.offset());
            object.put("length", header.length());
            object.put("bodyLength", header.bodyLength());
            object.put("segment", place >>> 32);
            object.put("segmentOffset", place & 0xFFFFFFFFL);
            return object;
        }
    }
}
