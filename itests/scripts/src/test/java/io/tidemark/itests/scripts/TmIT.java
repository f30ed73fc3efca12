package io.tidemark.itests.scripts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.FakeNode.Request;
import io.tidemark.itests.scripts.Shell.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client's end of docs/formats/tm.md. */
@Tag("build")
class TmIT {
    @TempDir
    Path data;

    private FakeNode node;

    @BeforeEach
    void start() throws IOException {
        node = FakeNode.start(data);
    }

    @AfterEach
    void stop() throws IOException {
        node.close();
    }

    private Outcome tm(String... words) {
        List<String> line = new ArrayList<>(List.of(Shell.root().resolve("tm").toString(), "--data", data.toString()));
        line.addAll(List.of(words));
        return Shell.run(data, Map.of(), "", line);
    }

    @Test
    void wordsArriveAsTheyWereTyped() {
        StringBuilder everything = new StringBuilder();
        for (char c = 1; c < 0x180; c++) {
            everything.append(c);
        }
        List<String> words = List.of(
                "image:create", "", " ", "a b", "$HOME", "'\"`", "x\ny\n", "--yes", "größe", everything.toString());
        tm(words.toArray(String[]::new)).good();
        Request request = node.request();
        assertEquals(words, request.words());
        assertEquals(FakeNode.TOKEN, request.token());
        assertEquals(data.toString(), request.directory());
        assertEquals(0, request.columns(), "standard output is no terminal");
        assertEquals("-", request.input(), "standard input is no terminal");
    }

    @Test
    void outputKeepsEveryByteAndItsOrderOnEachStream() throws IOException {
        byte[] all = new byte[70_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        node.answers((in, out) -> {
            out.write(FakeNode.frame('o', "one\n"));
            out.write(FakeNode.frame('e', "warning\n"));
            out.write(FakeNode.frame('o', new byte[0]));
            out.write(FakeNode.frame('o', all));
            out.write(FakeNode.frame('x', 0));
        });
        Outcome outcome = tm("image:list").good();
        byte[] expected = new byte[4 + all.length];
        System.arraycopy("one\n".getBytes(StandardCharsets.UTF_8), 0, expected, 0, 4);
        System.arraycopy(all, 0, expected, 4, all.length);
        assertArrayEquals(expected, outcome.out());
        assertEquals("warning\n", outcome.err());
    }

    @Test
    void statusOfTheCommandIsTheExitStatus() throws IOException {
        for (int status : new int[] {0, 1, 2, 3, 130}) {
            node.answers((in, out) -> {
                out.write(FakeNode.frame('e', status == 0 ? "" : "no image v1\n"));
                out.write(FakeNode.frame('x', status));
            });
            Outcome outcome = tm("image:info", "v1");
            assertEquals(status, outcome.status());
            assertEquals("", outcome.text());
        }
    }

    @Test
    void connectionThatEndsEarlyIsAFailure() throws IOException {
        node.answers((in, out) -> out.write(FakeNode.frame('o', "half")));
        Outcome outcome = tm("image:list");
        assertEquals(1, outcome.status(), outcome.toString());
        assertTrue(outcome.err().contains("ended the connection before the command was done"), outcome.toString());

        node.answers((in, out) -> out.write("o 100\nshort".getBytes(StandardCharsets.UTF_8)));
        assertEquals(1, tm("image:list").status());
        node.answers((in, out) -> {});
        assertEquals(1, tm("image:list").status());
        node.answers((in, out) -> out.write("HTTP/1.0 200 OK\n".getBytes(StandardCharsets.UTF_8)));
        outcome = tm("image:list");
        assertEquals(1, outcome.status());
        assertTrue(outcome.err().contains("not understood"), outcome.toString());
    }

    @Test
    void jsonBeforeTheCommandIsTheCommandsOption() {
        tm("--json", "image:list", "v1").good();
        assertEquals(List.of("image:list", "--json", "v1"), node.request().words());
        tm("--json", "image:info", "--", "-v1").good();
        assertEquals(
                List.of("image:info", "--json", "--", "-v1"), node.request().words());
    }

    @Test
    void servingAsksWithoutACommand() {
        tm("--serving").good();
        assertEquals(List.of(), node.request().words());
    }

    @Test
    void aQuestionWithoutAnybodyToAskIsAnsweredWithTheEndOfInput() throws IOException {
        List<String> answers = new ArrayList<>();
        node.answers((in, out) -> {
            out.write(FakeNode.frame('q', "really? "));
            answers.add(FakeNode.line(in));
            out.write(FakeNode.frame('x', 1));
        });
        assertEquals(1, tm("image:delete", "v1").status());
        assertEquals(List.of("n"), answers);
    }

    @Test
    void anAnswerIsSentByLength() throws IOException {
        List<String> answers = new ArrayList<>();
        node.answers((in, out) -> {
            out.write(FakeNode.frame('q', "really? "));
            answers.add(FakeNode.line(in));
            answers.add(new String(in.readNBytes(5), StandardCharsets.UTF_8));
            out.write(FakeNode.frame('x', 0));
        });
        Shell.run(
                        data,
                        Map.of(),
                        "yés!\n",
                        List.of(Shell.root().resolve("tm").toString(), "--data", data.toString(), "image:delete"))
                .good();
        assertEquals(List.of("a 5", "yés!"), answers);
    }

    @Test
    void endingTheScriptClosesTheConnection() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        node.answers((in, out) -> {
            asked.countDown();
            if (in.read() < 0) {
                closed.countDown();
            }
        });
        Process process = Shell.start(
                data,
                Map.of(),
                List.of(Shell.root().resolve("tm").toString(), "--data", data.toString(), "journal:export"));
        assertTrue(asked.await(10, TimeUnit.SECONDS));
        process.destroy();
        assertTrue(closed.await(10, TimeUnit.SECONDS), "the node does not learn that its caller has gone");
        process.waitFor();
    }

    @Test
    void withoutANodeItSaysSo() throws IOException {
        // One that was killed, and another process has its port.
        node.unlock();
        Outcome killed = tm("image:list");
        assertEquals(4, killed.status(), killed.toString());
        assertEquals(0, node.callers(), "it is told the token");
        node.close();
        Outcome outcome = tm("image:list");
        assertEquals(4, outcome.status(), outcome.toString());
        assertTrue(outcome.err().contains("no node runs on " + data), outcome.err());
        Files.delete(data.resolve("tm"));
        assertEquals(4, tm("image:list").status());
        outcome = Shell.run("./tm", "--data", data.resolve("none").toString(), "image:list");
        assertEquals(4, outcome.status());
        assertTrue(outcome.err().contains("does not exist"), outcome.err());
    }

    /** The lock is held and nobody listens: the node is on its way, and its file says which. */
    @Test
    void aStartingOrStoppingNodeIsStatusThree() throws IOException {
        node.stopListening();
        Outcome starting = tm("image:list");
        Files.writeString(data.resolve("tm"), "stopping\n");
        Outcome stopping = tm("image:list");
        node.unlock();
        isStatusThree("starting: ", starting);
        isStatusThree("stopping: ", stopping);
        // Until the next start.
        assertEquals(4, tm("image:list").status());
    }

    private static void isStatusThree(String text, Outcome outcome) {
        assertEquals(3, outcome.status(), outcome.toString());
        assertTrue(outcome.err().startsWith(text), outcome.err());
        assertEquals(1, outcome.err().lines().count());
    }

    @Test
    void wrongOptionsAreStatusTwo() {
        assertEquals(2, tm().status());
        assertEquals(2, tm("--colour", "image:list").status());
        assertEquals(0, tm("--help").good().status());
    }

    /** No node is asked; what it does to journals is tested with damaged ones, by RepairTest. */
    @Test
    void offlineExplainsItselfAndNamesWhatIsWrong() throws IOException {
        node.close();
        assertTrue(tm("--offline", "--help").good().text().contains("journal:repair IMAGE"));
        assertEquals(2, tm("--offline").status());
        assertEquals(2, tm("--offline", "journal:verify").status());
        assertEquals(2, tm("--offline", "image:list", "v1").status());
        assertEquals(2, tm("--offline", "journal:verify", "--fast", "v1").status());
        Outcome outcome = tm("--offline", "journal:verify", "v1");
        assertEquals(3, outcome.status(), outcome.toString());
        assertTrue(outcome.err().contains("is no node's data directory"), outcome.err());
        Files.createDirectories(data.resolve("etc"));
        Files.writeString(data.resolve("etc/io.tidemark.journal.flash-default.cfg"), "directories = journals\n");
        outcome = tm("--offline", "journal:verify", "v1");
        assertEquals(3, outcome.status(), outcome.toString());
        assertTrue(outcome.err().contains("no journal of an image v1"), outcome.err());
        outcome = tm("--offline", "journal:verify", data.resolve("journals/v1").toString());
        assertEquals(3, outcome.status(), outcome.toString());
        assertTrue(outcome.err().contains("is no directory of a flash journal"), outcome.err());
    }

    /** A node refuses an image whose file names another pool, and reads pools of other kinds of files. */
    @Test
    void offlineLooksWhereverAPoolMayBe() throws IOException {
        node.close();
        Path etc = Files.createDirectories(data.resolve("etc"));
        Files.writeString(
                etc.resolve("io.tidemark.journal.flash-default.cfg"), "pool = default\ndirectories = journals\n");
        Path fast = etc.resolve("io.tidemark.journal.flash-fast.config");
        Files.writeString(fast, "pool=\"fast\"\ndirectories=\"fast\"\n");
        Files.writeString(etc.resolve("io.tidemark.image-v1.cfg"), "journalPool = fast\n");
        Outcome outcome = tm("--offline", "journal:verify", "v1");
        assertEquals(3, outcome.status(), outcome.toString());
        String unread =
                "(not read here: io.tidemark.journal.flash-fast.config): where you know it, give its directories";
        assertTrue(outcome.err().contains(unread), outcome.err());
        Path journal = Files.createDirectories(data.resolve("journals/v1"));
        // Which may be one of long ago.
        assertTrue(tm("--offline", "journal:verify", "v1").err().contains(unread));
        Files.delete(fast);
        outcome = tm("--offline", "journal:verify", "v1");
        assertEquals(3, outcome.status(), outcome.toString());
        assertTrue(
                outcome.err().contains("the journal v1 lies in pool default; the image's file says pool fast"),
                outcome.err());
        assertTrue(outcome.err().contains(journal + " is no directory of a flash journal"), outcome.err());
    }

    /** What bash costs: the rest of the 0.3 s is the node's. */
    @Test
    @Tag("alone")
    void costsLittle() {
        List<Long> millis = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            millis.add(tm("image:list").good().millis());
        }
        millis.sort(null);
        assertTrue(millis.get(4) < 100, "milliseconds of nine calls: " + millis);
    }
}
