package io.tidemark.console.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.console.internal.FakeJournal;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.Typed;
import io.tidemark.console.internal.command.Failure.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is meant by a moment is the event that people mean by it, or it is refused. */
class MomentsTest {
    private static final long SECOND = 1_000_000_000L;

    private final FakeNode node = new FakeNode();
    private final FakeJournal journal = new FakeJournal();

    /** Events 3:11 to 3:16, of 00:00:01 to 00:00:06. */
    @BeforeEach
    void events() {
        journal.trimmed = 10;
        for (int i = 0; i < 6; i++) {
            journal.add(EventKind.WRITE, 0, 0, 512, "");
        }
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        node.journals.put("vm1", journal);
    }

    private String refused(Kind kind, String line) {
        Failure failure = assertThrows(Failure.class, () -> Typed.run(node, line), line);
        assertEquals(kind, failure.kind(), failure.getMessage());
        assertEquals(List.of(), node.mirrors.told);
        return failure.getMessage();
    }

    /** The end is not what a time of another zone, or a slip, means: it would give up nothing, and cannot be taken back. */
    @Test
    void aTimeInTheFutureIsNoMoment(@TempDir Path directory) {
        node.wallNanos += 10 * SECOND;
        Path file = directory.resolve("file");
        for (String future :
                List.of("2026-01-01T00:00:10.000000001Z", "2099-01-01T00:00:00Z", "3000-01-01T00:00:00Z")) {
            for (String line : List.of(
                    "mirror:promote vm1 --yes --at ",
                    "mirror:step vm1 ",
                    "journal:export vm1 " + file + " --from ",
                    "journal:inspect vm1 --from ")) {
                assertEquals(
                        "'" + future
                                + "' is in the future: it is 2026-01-01T00:00:10Z by the clock of this node, and the"
                                + " newest event of the journal vm1 is of 2026-01-01T00:00:06Z. Times are in UTC.",
                        refused(Kind.FAILED, line + future));
            }
        }
        assertTrue(Files.notExists(file));
    }

    /** The times of events are their source's, whose clock may be ahead of this node's. */
    @Test
    void aTimeThatTheNewestEventHasIsNotInTheFuture() throws Exception {
        node.wallNanos -= 10 * SECOND;
        Typed.run(node, "mirror:promote vm1 --yes --at 2026-01-01T00:00:06Z");
        Typed.run(node, "mirror:step vm1 2026-01-01T00:00:03Z");
        assertEquals(List.of("promote vm1 at 3:16", "step vm1 to 3:13"), node.mirrors.told);
        node.mirrors.told.clear();
        assertTrue(refused(Kind.FAILED, "mirror:step vm1 2026-01-01T00:00:06.000000001Z")
                .contains("in the future"));
        node.wallNanos += 20 * SECOND;
        Typed.run(node, "mirror:step vm1 2026-01-01T00:00:10Z");
        Typed.run(node, "mirror:step vm1 -- -0s");
        assertEquals(List.of("step vm1 to 3:16", "step vm1 to 3:16"), node.mirrors.told);
    }

    /** Whoever looks for a moment in the journal types what stands there. */
    @Test
    void aTimeThatIsShownMeansTheEventItStandsBeside() throws Exception {
        FakeJournal fine = new FakeJournal();
        fine.trimmed = 10;
        for (long nanos : List.of(0L, 1L, 2L, 999L, 1000L, 1_000_000L, 999_999_999L)) {
            fine.addAt(1_767_225_600L * SECOND + nanos, EventKind.MARK, 0, 0, 0, "m");
        }
        node.journals.put("vm1", fine);
        List<String> lines = Typed.run(node, "journal:inspect vm1 --marks")
                .lines()
                .filter(line -> line.startsWith("3:"))
                .toList();
        assertEquals(7, lines.size());
        for (String line : lines) {
            String[] columns = line.split(" +");
            String question = refused(Kind.FAILED, "mirror:promote vm1 --at " + columns[1]);
            assertTrue(
                    question.startsWith("This makes vm1 primary here as it was at event " + columns[0] + ", "),
                    question);
            String from = Typed.run(node, "journal:inspect vm1 --from " + columns[1]);
            assertTrue(from.contains("from      " + columns[0] + ", " + columns[1] + "\n"), from);
        }
        String info = Typed.run(node, "journal:info vm1").replaceAll(" +", " ");
        assertTrue(info.contains("oldest 2026-01-01T00:00:00.000000000Z"), info);
        assertTrue(info.contains("newest 2026-01-01T00:00:00.999999999Z"), info);
    }

    /** Positions of two branches have the same numbers. */
    @Test
    void aPositionOfAnotherBranchIsNotWhereToBegin(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("file");
        for (String line : List.of("journal:export vm1 " + file + " --from ", "journal:inspect vm1 --from ")) {
            assertEquals("event 2:13 is of another branch; here it is 3:13", refused(Kind.FAILED, line + "2:13"));
            assertEquals("event 99:13 is of another branch; here it is 3:13", refused(Kind.FAILED, line + "99:13"));
            assertEquals("event 2:17 is of another branch; here it is 3:17", refused(Kind.FAILED, line + "2:17"));
        }
        assertTrue(Files.notExists(file));
        assertTrue(Typed.run(node, "journal:inspect vm1 --from 3:13").contains("events    4"));
        assertTrue(Typed.run(node, "journal:inspect vm1 --from 13").contains("events    4"));
        // As a script does that goes on behind the last one it has.
        assertTrue(Typed.run(node, "journal:inspect vm1 --from 3:17").contains("events  0"));
    }

    /** A file of what is left looks like one of all that happened since. Whoever looks at a journal sees where it begins. */
    @Test
    void aTimeBeforeWhatTheJournalHasIsNotExported(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("file");
        node.wallNanos += 6 * SECOND;
        String begins =
                " is before 2026-01-01T00:00:01Z, where the journal vm1 begins now (event 3:11): what was earlier is"
                        + " trimmed; take that time or a later one, or leave it out for all that is left";
        for (String time : List.of("-1h", "2026-01-01T00:00:00.999999999Z")) {
            assertEquals(time + begins, refused(Kind.FAILED, "journal:export vm1 " + file + " --from " + time));
            assertTrue(Typed.run(node, "journal:inspect vm1 --from " + time).contains("events    6"));
        }
        assertTrue(Files.notExists(file));
        assertTrue(Typed.run(node, "journal:inspect vm1 --from 2026-01-01T00:00:01Z")
                .contains("events    6"));
        assertTrue(Typed.run(node, "journal:inspect vm1 --from -5s").contains("events    6"));
        // Of an image that is younger nothing is missing.
        FakeJournal young = new FakeJournal().add(EventKind.WRITE, 0, 0, 512, "");
        node.journals.put("vm1", young);
        Typed.run(node, "journal:export vm1 " + file + " --from -1h");
        young.headers.clear();
        young.trimmed = 1;
        assertEquals(
                "the journal vm1 has no event any more: what was before 2 is trimmed, so nobody knows what there was since -1h",
                refused(Kind.FAILED, "journal:export vm1 " + directory.resolve("other") + " --from -1h"));
    }
}
