package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.admin.PoolStatus;
import io.tidemark.api.journal.JournalClient;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.console.internal.FakeJournal;
import io.tidemark.console.internal.FakeMirrors;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.Following;
import io.tidemark.console.internal.JsonText;
import io.tidemark.console.internal.Typed;
import io.tidemark.console.internal.command.Failure.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class CommandsTest {
    private static final String IMPORT = "journal:import vm1 x --allow-shrink";

    private final FakeNode node = new FakeNode();

    private Failure refused(Kind kind, String line) {
        Failure failure = assertThrows(Failure.class, () -> Typed.run(node, line), line);
        assertEquals(kind, failure.kind(), failure.getMessage());
        return failure;
    }

    private static void assertHas(String text, String... parts) {
        for (String part : parts) {
            assertTrue(text.contains(part), () -> "'" + part + "' is missing in:\n" + text);
        }
    }

    @Test
    void createTakesOptionsWhereverTheyStand() throws Exception {
        String out = Typed.run(node, "image:create vm1 10G --commit volatile --pool slow");
        assertHas(out, "vm1: 10 GiB", "serving");
        assertEquals(
                Map.of("commit", "volatile", "pool", "slow"),
                node.images.get("vm1").properties());
        Typed.run(node, "image:create vm3 1G --set trim.age=1h --set journal.warn=90%");
        assertEquals(
                Map.of("trim.age", "1h", "journal.warn", "90%"),
                node.images.get("vm3").properties());
        Typed.run(node, "image:create --pool=slow vm2 512MiB");
        assertEquals(512L << 20, node.images.get("vm2").sizeBytes());
        assertEquals(Map.of("pool", "slow"), node.images.get("vm2").properties());
    }

    @Test
    void createSaysWhatIsWrongWithALine() {
        assertHas(refused(Kind.USAGE, "image:create vm1").getMessage(), "needs SIZE", "Usage: image:create NAME SIZE");
        assertHas(refused(Kind.USAGE, "image:create ../x 1G").getMessage(), "'../x' is no name");
        assertHas(refused(Kind.USAGE, "image:create vm1 10X").getMessage(), "'10X' is no size", "10G");
        assertHas(refused(Kind.USAGE, "image:create vm1 0").getMessage(), "too small");
        assertHas(refused(Kind.USAGE, "image:create vm1 1000").getMessage(), "not a multiple of 512", "1024");
        assertHas(refused(Kind.USAGE, "image:create vm1 1G --pol x").getMessage(), "no option --pol", "--pool");
        assertHas(refused(Kind.USAGE, "image:create vm1 1G --pool").getMessage(), "needs a value behind --pool");
        assertHas(refused(Kind.USAGE, "image:create vm1 1G more").getMessage(), "does not take 'more'");
        assertHas(refused(Kind.USAGE, "image:create vm1 1G --pool a --pool b").getMessage(), "twice");
        assertTrue(node.images.isEmpty());
    }

    @Test
    void failuresFromBelowArriveAsTheyAre() throws Exception {
        Typed.run(node, "image:create vm1 1G");
        assertHas(
                refused(Kind.FAILED, "image:create vm1 1G").getMessage(),
                "there is an image vm1 already; take another");
        node.failure = new StorageException(Reason.NO_SPACE, "pool default has 1 GiB free", "take another pool");
        assertEquals(
                "pool default has 1 GiB free; take another pool",
                refused(Kind.FAILED, "image:create v 9G").getMessage());
        node.engine = false;
        assertHas(refused(Kind.FAILED, "image:list").getMessage(), "engine", "bundle:list");
    }

    @Test
    void listPutsWhatNeedsAttentionBelow() throws Exception {
        assertHas(Typed.run(node, "image:list"), "No images", "image:create");
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        node.images.put("vm2", FakeNode.image("vm2", State.REFUSED, "commit: there is no policy jurnal"));
        String[] lines = Typed.run(node, "image:list").split("\n");
        assertEquals(4, lines.length);
        assertEquals("vm2 is refused: commit: there is no policy jurnal", lines[3]);
        assertEquals(lines[0].indexOf("STATE"), lines[1].indexOf("serving"));
        assertEquals(lines[0].indexOf("STATE"), lines[2].indexOf("refused"));
        assertHas(Typed.run(node, "image:list --json"), "\"state\": \"refused\"", "\"sizeBytes\": 10737418240");
    }

    @Test
    void infoShowsEverything() throws Exception {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        assertHas(
                Typed.run(node, "image:info vm1"),
                "vm1 is serving",
                "10 GiB (10,737,418,240 bytes)",
                "3:104211",
                "a crash now would replay 211 events",
                "3 events, 12 KiB to go",
                "128 MiB of 4 GiB (3 %)",
                "5 GiB",
                "1,204,112, 5 GiB",
                "1,200, 7 events each; mean 900us, p50 812us, p99 2ms, max 14ms",
                "9 GiB of journal by 1,000 writes of 3 GiB, folded 3.0 : 1",
                "journal.limit");
        assertFalse(Typed.run(node, "image:info vm1").contains("flushes"));
        assertFalse(Typed.run(node, "image:info vm1").contains("Counters"));
        assertHas(Typed.run(node, "image:info vm1 --verbose"), "p50 812us, p99 2ms, max 14ms, mean 900us, 1,200 times");
        assertHas(
                Typed.run(node, "image:info vm1 --json"),
                "\"flushes\": 0",
                "\"head\": \"3:104211\"",
                "\"durable\": 104211");
        assertHas(refused(Kind.FAILED, "image:info vm9").getMessage(), "there is no image vm9");
    }

    @Test
    void setChangesKeys() throws Exception {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        assertHas(
                Typed.run(node, "image:set vm1 commit=volatile journal.limit="),
                "commit is volatile",
                "journal.limit is back to its default");
        assertEquals("volatile", node.images.get("vm1").properties().get("commit"));
        node.images.put("vm2", FakeNode.image("vm2", State.SUSPENDED, "no image store for pool nas"));
        assertHas(
                Typed.run(node, "image:set vm2 commit=volatile"),
                "vm2: commit is volatile; it is suspended: no image store for pool nas");
        assertHas(refused(Kind.USAGE, "image:set vm1").getMessage(), "needs KEY=VALUE");
        assertHas(refused(Kind.USAGE, "image:set vm1 commit").getMessage(), "'commit' is no setting");
        assertHas(refused(Kind.USAGE, "image:set vm1 a=1 a=2").getMessage(), "twice");
    }

    @Test
    void resizeShrinksOnlyWhenItIsAllowed() throws Exception {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        assertHas(Typed.run(node, "image:resize vm1 +5G"), "vm1: 15 GiB, was 10 GiB");
        assertHas(refused(Kind.FAILED, "image:resize vm1 1G").getMessage(), "--allow-shrink", "Nothing was done");
        assertEquals(15L << 30, node.images.get("vm1").sizeBytes());
        Typed.run(node, "image:resize vm1 1G --allow-shrink");
        assertEquals(1L << 30, node.images.get("vm1").sizeBytes());
    }

    @Test
    void deleteAsks() throws Exception {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        assertHas(refused(Kind.FAILED, "image:delete vm1").getMessage(), "--yes", "Nothing was done");
        assertThrows(Failure.class, () -> Typed.run(node, "image:delete vm1", "n"));
        assertThrows(Failure.class, () -> Typed.run(node, "image:delete vm1", ""));
        assertTrue(node.images.containsKey("vm1"));
        Typed typed = Typed.run(node, "image:delete vm1", "y");
        assertHas(typed.asked(), "vm1", "10 GiB");
        assertFalse(node.images.containsKey("vm1"));
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        assertEquals("vm1: deleted\n", Typed.run(node, "image:delete vm1 --yes"));
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        assertEquals(Map.of("image", "vm1"), JsonText.object(Typed.run(node, "image:delete vm1 --yes --json")));
        assertFalse(node.images.containsKey("vm1"));
    }

    @Test
    void checkpointSaysWhereItIs() throws Exception {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        assertHas(Typed.run(node, "image:checkpoint vm1"), "vm1: checkpointed at 104,000");
        node.failure = new StorageException(Reason.UNAVAILABLE, "vm1 is suspended", "wait");
        assertEquals(
                "vm1 is suspended; wait",
                refused(Kind.FAILED, "image:checkpoint vm1").getMessage());
    }

    /** A node goes on after such a moment, and who waits for the command would wait for good. */
    @Test
    @Timeout(20)
    void aCheckpointThatFindsNoMemoryEnds() {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        node.error = new OutOfMemoryError("Direct buffer memory");
        assertHas(refused(Kind.FAILED, "image:checkpoint vm1").getMessage(), "internal error", "Direct buffer memory");
    }

    @Test
    void aLostJournalIsReplacedOnlyWhenItIsSaidTwice() throws Exception {
        node.images.put("vm1", FakeNode.image("vm1", State.REFUSED, "there is no journal vm1 in pool default"));
        assertHas(refused(Kind.FAILED, "image:open vm1").getMessage(), "vm1 is refused", "--journal-lost");
        assertHas(
                refused(Kind.FAILED, "image:open vm1 --journal-lost").getMessage(),
                "is gone",
                "--yes",
                "Nothing was done");
        assertEquals(State.REFUSED, node.images.get("vm1").state());
        assertHas(Typed.run(node, "image:open vm1 --journal-lost --yes"), "vm1: serving with an empty journal");
    }

    @Test
    void replicasShowWhatTheyHaveAndWhetherTheyWait() throws Exception {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        assertFalse(Typed.run(node, "image:list").contains("ROLE"), "nobody needs it where there are no replicas");
        node.images.put("vm2", FakeNode.replica("vm2", new Position(3, 104_000), new Position(3, 104_211)));
        node.images.put("vm3", FakeNode.replica("vm3", new Position(3, 7), new Position(3, 7)));
        node.images.put("vm4", FakeNode.replica("vm4", Position.NONE, Position.NONE));
        node.mirrors.images.add(Following.replica("vm2")
                .held(new Position(3, 104_000))
                .state(MirrorStatus.State.HELD, "held at 3:104000, 211 events received above")
                .status());
        node.mirrors.images.add(Following.replica("vm3").delay(600_000_000_000L).status());
        node.mirrors.images.add(Following.source("vm1").status());
        String list = Typed.run(node, "image:list").replaceAll(" +", " ");
        assertHas(
                list,
                "NAME STATE SIZE ROLE HEAD RECEIVED COMMIT",
                "vm1 serving 10 GiB primary 3:104211 - journal",
                "vm2 serving 10 GiB replica, held 3:104000 3:104211 journal",
                "vm3 serving 10 GiB replica, delayed 10m 3:7 3:7 journal",
                "vm4 serving 10 GiB replica, follows nobody - - journal");
        assertHas(
                Typed.run(node, "image:info vm2").replaceAll(" +", " "),
                "role replica, held",
                "follows siteb, held: held at 3:104000, 211 events received above",
                "head 3:104000",
                "received 3:104211 (211 events above the head)");
        assertHas(
                Typed.run(node, "image:info vm1").replaceAll(" +", " "),
                "role primary",
                "mirrored to siteb, idle: idle, has everything",
                "position 3:104211");
    }

    @Test
    void machinesAreToldOfReplicas() throws Exception {
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        node.images.put("vm2", FakeNode.replica("vm2", new Position(3, 104_000), new Position(3, 104_211)));
        node.mirrors.images.add(
                Following.replica("vm2").held(new Position(3, 104_000)).delay(5).status());
        List<Map<String, Object>> images = JsonText.objects(Typed.run(node, "image:list --json"));
        assertEquals("primary", images.get(0).get("role"));
        assertFalse(images.get(0).containsKey("received"));
        Map<String, Object> replica = JsonText.object(Typed.run(node, "image:info vm2 --json"));
        assertEquals(images.get(1), replica);
        assertEquals("replica", replica.get("role"));
        assertEquals("3:104211", replica.get("received"));
        assertEquals("siteb", replica.get("follows"));
        assertEquals("3:104000", replica.get("heldAt"));
        assertEquals(5L, replica.get("delayWantedNanos"));
        node.mirrors = null;
        replica = JsonText.object(Typed.run(node, "image:info vm2 --json"));
        assertEquals("3:104211", replica.get("received"));
        assertEquals(null, replica.get("follows"));
    }

    private FakeJournal journal() {
        FakeJournal journal = new FakeJournal();
        journal.trimmed = 10;
        journal.add(EventKind.WRITE, 0, 4096, 8192, "")
                .add(EventKind.WRITE, EventHeader.FLAG_BARRIER, 0, 512, "")
                .add(EventKind.FLUSH, EventHeader.FLAG_BARRIER, 0, 0, "")
                .add(EventKind.DISCARD, 0, 1 << 20, 1 << 20, "")
                .add(EventKind.MARK, 0, 0, 0, "before upgrade")
                .add(EventKind.RESIZE, 0, 0, 1 << 30, "");
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        node.journals.put("vm1", journal);
        return journal;
    }

    @Test
    void inspectAddsUp() throws Exception {
        journal();
        assertHas(
                Typed.run(node, "journal:inspect vm1"),
                "events    6",
                "write     2, 8.5 KiB",
                "discard   1, 1 MiB",
                "barriers  2");
        assertHas(Typed.run(node, "journal:inspect vm1 --json"), "\"events\": 6", "\"first\": \"3:11\"");
    }

    @Test
    void inspectShowsEvents() throws Exception {
        journal();
        String out = Typed.run(node, "journal:inspect vm1 --verbose");
        assertHas(out, "3:11", "2026-01-01T00:00:01.000000000Z", "'before upgrade'", "barrier", "In all");
        assertHas(
                Typed.run(node, "journal:inspect vm1 --verbose --json"),
                "\"kind\": \"mark\"",
                "\"note\": \"'before upgrade'\"");
        String part = Typed.run(node, "journal:inspect vm1 --verbose --from 3:13 --count 2");
        assertHas(part, "3:13", "3:14", "events    2");
        assertFalse(part.contains("3:15") || part.contains("3:12"), part);
        assertHas(Typed.run(node, "journal:inspect vm1 --from 2026-01-01T00:00:03Z"), "from      3:13");
        node.wallNanos += 6_000_000_000L;
        assertHas(Typed.run(node, "journal:inspect vm1 --from -2s"), "from      3:14");
        assertHas(refused(Kind.FAILED, "journal:inspect vm1 --from 3").getMessage(), "no longer in the journal");
        assertHas(refused(Kind.USAGE, "journal:inspect vm1 --from yesterday").getMessage(), "is no moment", "-10m");
        assertHas(refused(Kind.USAGE, "journal:inspect vm1 --count x").getMessage(), "whole number");
    }

    @Test
    void aMarkIsAMoment() throws Exception {
        journal();
        assertEquals("vm1: before-T is event 3:17\n", Typed.run(node, "image:mark vm1 before-T"));
        assertHas(
                Typed.run(node, "image:mark vm1 s --snapshot --json"),
                "\"position\": \"3:18\"",
                "\"kind\": \"snapshot\"");
        String marks = Typed.run(node, "journal:inspect vm1 --marks");
        assertHas(marks, "'before upgrade'", "'before-T'", "'s'", "events    3");
        assertFalse(marks.contains("write"), marks);
        assertHas(Typed.run(node, "journal:inspect vm1 --from before-T"), "from      3:17");
        assertHas(
                refused(Kind.USAGE, "journal:inspect vm1 --from before").getMessage(),
                "'before' is no moment",
                "no mark of that name");
        Typed.run(node, "image:mark vm1 before-T");
        assertHas(
                refused(Kind.FAILED, "journal:inspect vm1 --from before-T").getMessage(),
                "several marks, at 3:17, 3:19;",
                "write the position");
        for (int i = 0; i < 3; i++) {
            Typed.run(node, "image:mark vm1 before-T");
        }
        assertHas(
                refused(Kind.FAILED, "journal:inspect vm1 --from before-T").getMessage(),
                "several marks, at 3:17, 3:19, 3:20, 3:21, 3:22;");
        Typed.run(node, "image:mark vm1 before-T");
        assertHas(
                refused(Kind.FAILED, "journal:inspect vm1 --from before-T").getMessage(),
                "several marks, at 3:17, 3:19, 3:20, 3:21, 3:22 and more; write the position");
        node.failure = new StorageException(Reason.READ_ONLY, "image vm1 is a replica", "write to its primary");
        assertHas(refused(Kind.FAILED, "image:mark vm1 again").getMessage(), "is a replica");
    }

    @Test
    void verifyFindsDamage() throws Exception {
        FakeJournal journal = journal();
        assertHas(Typed.run(node, "journal:verify vm1"), "vm1: 6 events", "all sound");
        EventHeader one = journal.headers.get(1);
        journal.headers.set(
                1,
                new EventHeader(
                        one.position(), one.kind(), one.flags(), one.timeNanos(), 512, one.length(), one.bodyLength()));
        assertHas(refused(Kind.FAILED, "journal:verify vm1").getMessage(), "damaged", "event 3:12", "0+512");
        journal.headers.set(1, journal.headers.get(2));
        assertHas(refused(Kind.FAILED, "journal:verify vm1").getMessage(), "event 3:13", "follows event 3:11");
        journal.headers.set(
                1,
                new EventHeader(
                        one.position(), one.kind(), one.flags(), 1, one.offset(), one.length(), one.bodyLength()));
        assertHas(refused(Kind.FAILED, "journal:verify vm1").getMessage(), "older than event 3:11");
    }

    @Test
    void journalsAreCarriedByFiles(@TempDir Path directory) throws Exception {
        FakeJournal journal = journal();
        journal.headers.subList(3, 6).clear();
        journal.bodies.subList(3, 6).clear();
        node.images.put("vm2", FakeNode.image("vm2", State.SERVING, ""));
        Typed typed = Typed.run(node, "journal:export vm1 out.journal", null, directory);
        assertHas(typed.text(), "vm1: 3 events exported to " + directory.resolve("out.journal"));
        assertEquals(List.of("out.journal"), names(directory));
        Failure there =
                assertThrows(Failure.class, () -> Typed.run(node, "journal:export vm1 out.journal", null, directory));
        assertHas(there.getMessage(), "is there already", "--force");
        Typed.run(node, "journal:export vm1 out.journal --force", null, directory);
        assertHas(
                Typed.run(node, "journal:import vm2 out.journal", null, directory)
                        .text(),
                "vm2: 3 of 3 events replayed");
        assertEquals(3, node.replayed);
        journal.add(EventKind.MARK, 0, 0, 0, "before");
        Typed.run(node, "journal:export vm1 out.journal --force", null, directory);
        String left = Typed.run(node, "journal:import vm2 out.journal", null, directory)
                .text();
        assertHas(
                left,
                "vm2: 3 of 4 events replayed",
                "; 1 event was left out, because it is that journal's own, as its marks are");
        Map<String, Object> json =
                JsonText.object(Typed.run(node, "journal:import vm2 out.journal --json", null, directory)
                        .text());
        assertEquals(List.of(4L, 3L, 1L), List.of(json.get("events"), json.get("replayed"), json.get("leftOut")));
        Failure nowhere =
                assertThrows(Failure.class, () -> Typed.run(node, "journal:export vm1 no/out", null, directory));
        assertHas(nowhere.getMessage(), "its directory does not exist");
        Failure missing =
                assertThrows(Failure.class, () -> Typed.run(node, "journal:import vm2 nothing", null, directory));
        assertHas(missing.getMessage(), "there is no file " + directory.resolve("nothing"));
    }

    /** What is not finished lies beside the file: under no name that was there. */
    @Test
    void anExportTouchesNothingOfOthers(@TempDir Path directory) throws Exception {
        FakeJournal journal = journal();
        Path other = Files.writeString(directory.resolve("out.part"), "somebody else's");
        Typed.run(node, "journal:export vm1 out", null, directory);
        assertEquals(List.of("out", "out.part"), names(directory));
        // While one is under way another begins and ends.
        byte[] alone = Files.readAllBytes(directory.resolve("out"));
        try (PartFile part = PartFile.of(directory.resolve("out"))) {
            part.channel().write(ByteBuffer.wrap(new byte[10]));
            Typed.run(node, "journal:export vm1 out --force", null, directory);
            assertEquals(List.of("out", "out-2.part", "out.part"), names(directory));
            assertEquals(alone.length, Files.size(directory.resolve("out")));
            part.channel().write(ByteBuffer.wrap(new byte[10]));
            part.putInPlace();
        }
        assertEquals(20, Files.size(directory.resolve("out")));
        journal.failure = new StorageException(Reason.IO, "it cannot be read", "");
        assertThrows(Failure.class, () -> Typed.run(node, "journal:export vm1 new", null, directory));
        assertEquals(List.of("out", "out.part"), names(directory));
        assertEquals("somebody else's", Files.readString(other));
    }

    /** In its place there would be a file: of /dev/null, for every program of the machine. */
    @Test
    void whatIsNoFileIsNotReplaced(@TempDir Path directory) throws Exception {
        journal();
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Files.createSymbolicLink(directory.resolve("link"), pipe);
        for (String line :
                List.of("journal:export vm1 pipe --force", "journal:export vm1 link", "journal:export vm1 .")) {
            Failure refusal = assertThrows(Failure.class, () -> Typed.run(node, line, null, directory), line);
            assertHas(refusal.getMessage(), "is there and is no file; take another name. Nothing was done.");
        }
        assertEquals(List.of("link", "pipe"), names(directory));
        assertTrue(Files.readAttributes(pipe, BasicFileAttributes.class).isOther());
    }

    @Test
    void importsThatDoNotFitChangeNothing(@TempDir Path directory) throws Exception {
        FakeJournal journal = journal();
        journal.add(EventKind.DISCARD, 0, 2L << 30, 1 << 20, "");
        Typed.run(node, "journal:export vm1 x", null, directory);
        node.replayed = -1;
        Failure small = assertThrows(Failure.class, () -> Typed.run(node, IMPORT, null, directory));
        assertHas(
                small.getMessage(),
                "reaches to 2 GiB",
                "vm1 has 1 GiB",
                "image:resize vm1 2148532224",
                "Nothing was done");
        byte[] bytes = Files.readAllBytes(directory.resolve("x"));
        bytes[bytes.length / 2] ^= 1;
        Files.write(directory.resolve("x"), bytes);
        Failure damaged = assertThrows(Failure.class, () -> Typed.run(node, IMPORT, null, directory));
        assertHas(damaged.getMessage(), "is damaged");
        Files.write(directory.resolve("x"), Arrays.copyOf(bytes, 100));
        assertThrows(Failure.class, () -> Typed.run(node, IMPORT, null, directory));
        assertEquals(-1, node.replayed);
    }

    /** As image:resize does, and not without a word. */
    @Test
    void anImportThatCutsTheImageHasToBeAllowed(@TempDir Path directory) throws Exception {
        journal();
        Typed.run(node, "journal:export vm1 x", null, directory);
        node.replayed = -1;
        Failure cut = assertThrows(Failure.class, () -> Typed.run(node, "journal:import vm1 x", null, directory));
        assertHas(
                cut.getMessage(),
                "event 3:16 of " + directory.resolve("x") + " makes vm1 1 GiB large",
                "it has 10 GiB",
                "--allow-shrink",
                "Nothing was done");
        assertEquals(-1, node.replayed);
        assertHas(Typed.run(node, IMPORT, null, directory).text(), "events replayed");
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void journalsAreListedAndShown() throws Exception {
        assertHas(Typed.run(node, "journal:list"), "No journals");
        journal();
        assertHas(Typed.run(node, "journal:list"), "vm1", "6,211", "98001", "104211", "3 %");
        assertHas(Typed.run(node, "journal:list --json"), "\"image\": \"vm1\"", "\"trimmed\": 98000");
        assertHas(
                Typed.run(node, "journal:info vm1"),
                "64 MiB of 4 GiB (2 %), in 1 segment",
                "6 (11 to 16)",
                "a crash",
                "4 KiB dropped",
                "from event 1, 2026-01-01 00:00:00Z, by a",
                "site-b",
                "needs what is behind 3:7, connected, last seen 2026-01-01 00:00:00Z, replica at b");
        assertHas(
                Typed.run(node, "journal:info vm1 --json"),
                "\"segments\": 1",
                "\"owner\": \"a\"",
                "\"commit\": \"3:7\"");
        node.journals.clear();
        assertHas(refused(Kind.FAILED, "journal:info vm1").getMessage(), "not open", "image:info vm1");
    }

    @Test
    void aJournalSaysWhatItsReplicasHave() throws Exception {
        FakeJournal journal = journal();
        String digits = FakeMirrors.KEY_B.substring("ed25519:".length()).substring(0, 16);
        journal.clients.clear();
        journal.client("mirror:" + digits + ":vm1", 12, JournalClient.State.CONNECTED);
        journal.client("mirror:" + digits + ":copy", 16, JournalClient.State.EXPIRED);
        journal.client("mirror:ffffffffffffffff:vm1", 16, JournalClient.State.CONNECTED);
        node.mirrors.peers.add(FakeMirrors.peer("siteb", FakeMirrors.KEY_B));
        String seen = ", last seen 2026-01-01 00:00:00Z";
        assertHas(
                Typed.run(node, "journal:info vm1").replaceAll(" +", " "),
                "siteb has received 12, lacks 4 events" + seen,
                "siteb:copy expired at 3:16: nothing is kept for it any more, it has to be copied anew (mirror:resync there);"
                        + " replica at b" + seen,
                "a peer that is unknown here has received 16, lacks nothing" + seen
                        + "; where its node is gone, or has another key now, run mirror:disable vm1 --with"
                        + " mirror:ffffffffffffffff:vm1");
        node.mirrors.images.add(Following.source("vm1").at(16, 14, 13).status());
        assertHas(
                Typed.run(node, "journal:info vm1").replaceAll(" +", " "),
                "siteb has received 14, applied 13, lacks 2 events, catching up" + seen);
        Map<String, Object> json = JsonText.object(Typed.run(node, "journal:info vm1 --json"));
        Map<?, ?> client = (Map<?, ?>) ((List<?>) json.get("clients")).get(0);
        assertEquals("3:12", client.get("commit"));
        assertEquals("siteb", client.get("peer"));
        assertEquals("vm1", client.get("peerImage"));
        assertEquals(14L, client.get("received"));
        assertEquals(13L, client.get("replayed"));
        node.mirrors = null;
        json = JsonText.object(Typed.run(node, "journal:info vm1 --json"));
        client = (Map<?, ?>) ((List<?>) json.get("clients")).get(0);
        assertEquals(null, client.get("peer"));
    }

    @Test
    void poolsAreListedAndShown() throws Exception {
        assertHas(Typed.run(node, "pool:list"), "40 GiB", "100 GiB", "/data/images", "flash");
        assertHas(
                Typed.run(node, "pool:info default"),
                "image pool default",
                "journal pool default",
                "40 GiB of 100 GiB (40 %)");
        assertHas(Typed.run(node, "pool:list --json"), "\"totalBytes\": null");
        assertHas(refused(Kind.FAILED, "pool:info fast").getMessage(), "no pool fast", "default, slow");
        String line = "refused: batchSize: 'much' is no size (etc/fast.cfg)";
        node.pools.add(new PoolStatus("fast", "journal", "refused", "etc/fast.cfg", -1, -1, List.of(), line));
        assertHas(Typed.run(node, "pool:list"), "journal pool fast: " + line);
        assertHas(Typed.run(node, "pool:info fast"), "journal pool fast", line);
        assertHas(Typed.run(node, "pool:list --json"), "\"problem\": \"" + line);
    }

    @Test
    void clientsAndExportsAreShown() throws Exception {
        assertHas(Typed.run(node, "nbd:list"), "No NBD server", "No exports");
        assertEquals("No clients.\n", Typed.run(node, "nbd:clients"));
        node.frontEnds.add(new FakeFrontEnd(List.of()));
        assertHas(Typed.run(node, "nbd:list"), "Listening on no address, as configured", "No exports");
        node.frontEnds.clear();
        node.frontEnds.add(new FakeFrontEnd());
        assertHas(Typed.run(node, "nbd:list"), "Listening on nbd://127.0.0.1:10809/");
        assertHas(Typed.run(node, "nbd:clients"), "127.0.0.1:40312", "1,024", "TLSv1.3", "2 (8 KiB)");
        assertHas(Typed.run(node, "nbd:clients --json"), "\"bytesInFlight\": 8192");
        assertHas(refused(Kind.FAILED, "nbd:clients vm9").getMessage(), "there is no image vm9");
        assertHas(Typed.run(node, "image:create vm2 1G"), "Connect to it with nbd://127.0.0.1:10809/vm2");
        assertEquals("No clients.\n", Typed.run(node, "nbd:clients vm2"));
    }

    @Test
    void everyCommandHelps() throws Exception {
        for (ConsoleCommand command : Commands.all()) {
            Spec spec = command.spec();
            String help = Typed.run(node, spec.fullName() + " --help");
            assertHas(help, "Usage: " + spec.usage(), "Examples", spec.fullName());
            spec.options().forEach(option -> assertHas(help, option.usage()));
            for (String line : help.split("\n")) {
                assertTrue(line.length() <= 110, () -> "too wide: " + line);
            }
        }
    }

    /** What a command cannot do without is no option of many. */
    @Test
    void usageNamesTheOptionsThatHaveToBeThere() {
        assertEquals("mirror:enable IMAGE --to PEER [OPTIONS]", usage("mirror:enable"));
        assertEquals("mirror:switch IMAGE --to PEER [OPTIONS]", usage("mirror:switch"));
        assertEquals("mirror:resync IMAGE --from PEER [OPTIONS]", usage("mirror:resync"));
        assertEquals("mirror:status [IMAGE] [OPTIONS]", usage("mirror:status"));
        assertEquals("mirror:peer-add NAME [ADDRESS] --key KEY|--trust-first [OPTIONS]", usage("mirror:peer-add"));
    }

    private static String usage(String command) {
        return Typed.command(command).spec().usage();
    }

    /** Who copies an example with a key is to have one of the right form before his eyes. */
    @Test
    void keysOfExamplesAreKeys() {
        List<String> keys = Commands.all().stream()
                .flatMap(command -> command.spec().examples().stream())
                .flatMap(example -> Stream.of(example.line().split(" ")))
                .filter(word -> word.startsWith("ed25519:"))
                .toList();
        assertFalse(keys.isEmpty());
        keys.forEach(key -> assertTrue(key.matches("ed25519:[0-9a-f]{64}"), key));
    }

    @Test
    void everyDescriptionIsComplete() throws Exception {
        for (ConsoleCommand command : Commands.all()) {
            Spec spec = command.spec();
            assertTrue(spec.summary().endsWith("."), spec.fullName());
            assertTrue(spec.summary().length() < 50, () -> "Karaf's help cuts off: " + spec.summary());
            assertFalse(spec.examples().isEmpty(), spec.fullName());
            spec.parameters().forEach(p -> assertTrue(p.help().endsWith("."), spec.fullName() + " " + p.name()));
            spec.options().forEach(o -> assertTrue(o.help().endsWith("."), spec.fullName() + " " + o.name()));
            for (Example example : spec.examples()) {
                List<String> words = List.of(example.line().split(" "));
                assertEquals(spec.fullName(), words.get(0));
                Arguments.parse(spec, words.subList(1, words.size()));
            }
        }
    }

    /** A script that lost a variable means something else than one that leaves a word out. */
    @Test
    void noCommandTakesAnEmptyWordForTheDefault() throws Exception {
        for (ConsoleCommand command : Commands.all()) {
            Spec spec = command.spec();
            List<String> names = spec.parameters().stream().map(Parameter::name).toList();
            for (int i = 0; i < names.size(); i++) {
                List<String> words = new ArrayList<>(names);
                words.set(i, "");
                assertHas(refusedWords(spec, words), " was given an empty " + names.get(i) + "; ");
            }
            for (Option option : spec.options()) {
                if (!option.isSwitch() && !option.name().equals("--description")) {
                    List<String> words = new ArrayList<>(names);
                    words.add(option.name() + "=");
                    assertHas(refusedWords(spec, words), " was given an empty value for " + option.name() + "; ");
                    words.set(words.size() - 1, option.name());
                    words.add("");
                    assertHas(refusedWords(spec, words), " was given an empty value for " + option.name() + "; ");
                }
            }
        }
        Typed.run(node, "image:create vm1 1G --description=");
        assertEquals(Map.of("description", ""), node.images.get("vm1").properties());
    }

    private static String refusedWords(Spec spec, List<String> words) {
        Failure failure =
                assertThrows(Failure.class, () -> Arguments.parse(spec, words), () -> spec.fullName() + " " + words);
        assertEquals(Kind.USAGE, failure.kind(), failure.getMessage());
        return failure.getMessage();
    }

    @Test
    void everyCommandSpeaksJson() {
        for (ConsoleCommand command : Commands.all()) {
            String name = command.spec().fullName();
            assertTrue(command.spec().options().stream().anyMatch(o -> o.name().equals("--json")), name);
        }
    }
}
