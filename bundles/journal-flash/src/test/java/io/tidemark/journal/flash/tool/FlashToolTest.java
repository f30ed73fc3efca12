package io.tidemark.journal.flash.tool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import io.tidemark.tck.journal.Events;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The offline tool on real files: what it says, what it returns, and that a repaired journal opens. */
class FlashToolTest {
    private static final JournalSettings SETTINGS = new JournalSettings(16L << 20, 1L << 20);

    private static final Pattern FIELD = Pattern.compile("^ *\"(\\w+)\":", Pattern.MULTILINE);
    private static final Pattern ROW = Pattern.compile("^\\| `(?:\\w+\\.)*(\\w+)` \\|", Pattern.MULTILINE);

    @TempDir
    Path directory;

    private final MachineContext context = new MachineContext(8 << 20);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private FlashJournalStore store;

    @BeforeEach
    void write() throws Exception {
        store = new FlashJournalStore(
                "pool",
                List.of(directory.resolve("a"), directory.resolve("b")),
                FlashOptions.DEFAULT
                        .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
                        .withBatchBytes(5 << 18)
                        .withPreparation(FlashOptions.Preparation.ALLOCATED));
        try (Journal journal = store.create(context, "vm1", new UUID(5, 6), SETTINGS)) {
            Events.begin(journal, 1);
            for (int i = 0; i < 20; i++) {
                Events.write(journal, 2, 60_000);
            }
        }
    }

    private int run(String command, String... options) {
        out.reset();
        err.reset();
        List<String> args = new ArrayList<>(List.of(command));
        args.addAll(List.of(options));
        args.add(directory.resolve("b/vm1").toString());
        args.add(directory.resolve("a/vm1").toString());
        return tool(args);
    }

    private int tool(List<String> args) {
        return new FlashTool(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8))
                .run(args);
    }

    private String said() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private void flip(long segment, long offset) throws Exception {
        Path path =
                directory.resolve(segment % 2 == 0 ? "a" : "b").resolve(String.format("vm1/segment-%012d", segment));
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            file.read(one, offset);
            one.put(0, (byte) ~one.get(0)).clear();
            file.write(one, offset);
        }
    }

    @Test
    void aSoundJournalIsShown() {
        assertEquals(FlashTool.OK, run("inspect"));
        assertTrue(said().contains("40 events, no damage"), said());
        assertTrue(said().contains("closed in order: yes"));
        assertEquals(FlashTool.OK, run("inspect", "--verbose"));
        assertEquals(40, said().lines().filter(line -> line.contains("  write")).count(), said());
        assertTrue(said().contains("1:40  2026-01-01T00:00:00.040Z  write"), said());
        assertEquals(FlashTool.OK, run("inspect", "--json", "--verbose"));
        assertTrue(said().contains("\"sound\": true") && said().contains("\"eventList\""), said());
        assertEquals(FlashTool.OK, run("verify"));
        assertEquals(FlashTool.OK, run("repair"));
        assertTrue(said().contains("nothing was done"));
    }

    @Test
    void eventsAreListedInJson() {
        run("inspect", "--json");
        String without = said();
        run("inspect", "--json", "--verbose");
        String first = """
                {
                "eventList": [
                {
                  "epoch": 1,
                  "sequence": 1,
                  "time": "2026-01-01T00:00:00.001Z",
                  "kind": "write",
                """;
        assertTrue(said().startsWith(first), said());
        assertEquals(39, said().split("\n},\n\\{\n").length - 1, said());
        assertTrue(said().endsWith("\n}\n]," + without.substring(1)), said());
    }

    @Test
    void kindsAreNamedAsInTheConsole() throws Exception {
        try (Journal journal = store.open(context, "vm1", SETTINGS)) {
            Events.append(journal, EventKind.CLOCK_STEP, 0);
            journal.appender().force();
        }
        run("inspect", "--verbose");
        assertTrue(said().contains("1:41  2026-01-01T00:00:00.041Z  clock-step"), said());
        run("inspect", "--verbose", "--json");
        assertTrue(said().contains("\"kind\": \"clock-step\""), said());
    }

    /** As the text. */
    @Test
    void timesAndClientsAreInTheJson() throws Exception {
        putClient();
        run("inspect", "--json");
        assertTrue(said().contains("\"started\": \"2026-01-01T00:00:00Z\""), said());
        assertTrue(said().contains("\"firstTime\": \"2026-01-01T00:00:00.001Z\""), said());
        assertTrue(said().contains("\"lastTime\": \"2026-01-01T00:00:00.040Z\""), said());
        String client = """
                    {
                      "id": "reader",
                      "description": "of a test",
                      "commit": "1:7",
                      "state": "connected",
                      "seen": "2026-01-01T00:00:00.009Z"
                    }
                """;
        assertTrue(said().contains(client), said());
    }

    private void putClient() throws StorageException {
        try (Journal journal = store.open(context, "vm1", SETTINGS)) {
            journal.putClient(new JournalClient(
                    "reader", "of a test", new Position(1, 7), JournalClient.State.CONNECTED, Events.timeOf(9)));
        }
    }

    /** As the console's: whoever reads both needs one set of names. */
    @Test
    void everyFieldIsExplained() throws Exception {
        putClient();
        Set<String> printed = new TreeSet<>();
        run("inspect", "--json", "--verbose");
        FIELD.matcher(said()).results().forEach(field -> printed.add(field.group(1)));
        flip(2, 300_000);
        assertEquals(FlashTool.DAMAGED, run("repair", "--json"));
        FIELD.matcher(said()).results().forEach(field -> printed.add(field.group(1)));
        String page = Files.readString(Path.of("../../docs/reference/json.md"));
        Set<String> documented = new TreeSet<>();
        String ours = page.substring(page.indexOf("## Journals without a node"));
        ROW.matcher(ours).results().forEach(row -> documented.add(row.group(1)));
        assertEquals(documented, printed);
    }

    /** A journal has many more events than memory has room for. */
    @Test
    void listingManyEventsNeedsNoMemory() throws Exception {
        int count = 40_000;
        try (Journal journal = store.create(context, "long", new UUID(7, 8), SETTINGS)) {
            Events.begin(journal, 1);
            for (int i = 0; i < count / 100; i++) {
                Events.write(journal, 100, 1);
            }
        }
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx20m",
                        "-XX:+UseSerialGC",
                        "-classpath",
                        System.getProperty("java.class.path"),
                        FlashTool.class.getName(),
                        "inspect",
                        "--verbose",
                        "--json",
                        directory.resolve("a/long").toString(),
                        directory.resolve("b/long").toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it does not end");
        List<String> lines = Files.readAllLines(output);
        assertEquals(FlashTool.OK, process.exitValue(), () -> String.join("\n", lines));
        assertEquals(
                count,
                lines.stream().filter(line -> line.contains("\"sequence\": ")).count());
    }

    @Test
    void wrongUsageIsExplained() {
        assertEquals(FlashTool.USAGE, tool(List.of()));
        assertEquals(FlashTool.OK, tool(List.of("--help")));
        assertTrue(said().contains("inspect [--verbose]"));
        assertEquals(FlashTool.USAGE, run("explode"));
        assertEquals(FlashTool.USAGE, run("verify", "--verbose"));
        assertEquals(FlashTool.USAGE, run("inspect", "--fast"));
        assertEquals(FlashTool.USAGE, tool(List.of("inspect")));
        assertEquals(FlashTool.FAILED, tool(List.of("inspect", directory.toString())));
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("is no directory of a flash journal"));
    }

    /** Java would end with 1, which says that a journal was damaged and is cut. */
    @Test
    void whatNobodyExpectedIsAFailure() {
        assertEquals(FlashTool.FAILED, tool(List.of("repair", "a\0b")));
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("InvalidPathException"), err.toString());
        assertEquals("", said());
    }

    @Test
    void anOpenJournalIsLeftAlone() throws Exception {
        try (Journal journal = store.open(context, "vm1", SETTINGS)) {
            assertEquals(FlashTool.FAILED, run("repair"));
            assertEquals(40, Events.readAll(journal, 1));
        }
    }

    /** In the body of an event in the second segment: only verify reads that, and repair cuts there. */
    @Test
    void aDamagedBodyIsFoundByVerifyAndCutByRepair() throws Exception {
        flip(2, 4096 + 300_000);
        assertEquals(FlashTool.OK, run("inspect"));
        assertEquals(FlashTool.DAMAGED, run("verify"));
        assertTrue(said().contains("DAMAGED") && said().contains("segment-000000000002"), said());
        byte[] before = Files.readAllBytes(directory.resolve("a/vm1/segment-000000000002"));
        assertEquals(FlashTool.DAMAGED, run("repair"));
        assertTrue(said().contains("Lost: events"), said());
        assertEquals(FlashTool.OK, run("verify"), said());
        assertArrayEquals(before, Files.readAllBytes(directory.resolve("a/vm1/aside-segment-000000000002")));
        try (Journal journal = store.open(context, "vm1", SETTINGS)) {
            long kept = journal.durable();
            assertTrue(kept > 8 && kept < 40, "kept " + kept);
            assertEquals(kept, Events.readAll(journal, 1));
            Events.write(journal, 30, 60_000);
            assertEquals(kept + 30, Events.readAll(journal, 1));
        }
        assertEquals(FlashTool.OK, run("verify"), said());
    }

    @Test
    void aDamagedChainAndAMissingSegmentRefuseAndAreRepaired() throws Exception {
        // The header of a batch in the middle, and the end that would make it unnecessary to read it.
        flip(1, 4096 + 50);
        StorageException e = assertThrows(StorageException.class, () -> store.open(context, "vm1", SETTINGS));
        assertEquals(Reason.CORRUPT, e.reason());
        assertEquals(FlashTool.DAMAGED, run("inspect"));
        assertEquals(FlashTool.DAMAGED, run("repair", "--json"));
        assertTrue(said().contains("\"kept\": 0") && said().contains("\"lostTo\": 40"), said());
        try (Journal journal = store.open(context, "vm1", SETTINGS)) {
            assertEquals(0, journal.durable());
            Events.write(journal, 3, 100);
            assertEquals(3, Events.readAll(journal, 1));
        }
        assertFalse(Files.exists(directory.resolve("b/vm1/segment-000000000003")));
    }

    /** Who repairs has to know whether anything was cut. */
    @Test
    void whatCannotBeRepairedHasAnotherStatusThanWhatWas() throws Exception {
        for (String place : List.of("a", "b")) {
            Path state = directory.resolve(place).resolve("vm1/state");
            if (Files.exists(state)) {
                Files.write(state, new byte[(int) Files.size(state)]);
            }
        }
        assertEquals(FlashTool.DAMAGED, run("verify"), said());
        assertEquals(FlashTool.FAILED, run("repair"), said());
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("state"), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void aMissingSegmentIsReportedWithItsName() throws Exception {
        Files.delete(directory.resolve("a/vm1/segment-000000000002"));
        assertEquals(FlashTool.DAMAGED, run("inspect"));
        assertTrue(said().contains("segment-000000000002 at byte 0: the segment is missing"), said());
        assertEquals(FlashTool.DAMAGED, run("repair"));
        try (Journal journal = store.open(context, "vm1", SETTINGS)) {
            assertEquals(journal.durable(), Events.readAll(journal, 1));
        }
    }

    @Test
    void aTornEndIsNormal() throws Exception {
        try (Journal journal = store.open(context, "vm1", SETTINGS)) {
            Events.write(journal, 1, 100);
        }
        JournalReport report =
                new ClosedJournal(List.of(directory.resolve("a/vm1"), directory.resolve("b/vm1"))).verify();
        assertTrue(report.isSound());
        assertEquals(41, report.intact());
        assertEquals(41, report.events());
    }
}
