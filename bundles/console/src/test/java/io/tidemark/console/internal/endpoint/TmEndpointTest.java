package io.tidemark.console.internal.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.command.Call;
import io.tidemark.console.internal.command.Commands;
import io.tidemark.console.internal.command.Completion;
import io.tidemark.console.internal.command.ConsoleCommand;
import io.tidemark.console.internal.command.Failure;
import io.tidemark.console.internal.command.Spec;
import io.tidemark.console.internal.karaf.KarafCommand;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.security.auth.Subject;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.apache.karaf.shell.impl.console.SessionFactoryImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The command port with Karaf's own shell behind it. */
@Timeout(60)
@ExtendWith(SharedThreadIo.class)
class TmEndpointTest {
    private static final long REQUEST_MILLIS = 3_000;

    @TempDir
    private Path data;

    private final FakeNode node = new FakeNode();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch takenBack = new CountDownLatch(1);
    private volatile Readiness readiness = new Readiness(Readiness.State.SERVING, "serving: 1 image");
    private SessionFactoryImpl factory;
    private KarafShell shell;
    private TmEndpoint endpoint;
    private Path file;

    @BeforeEach
    void start(ThreadIOImpl threadIo) throws IOException {
        factory = new SessionFactoryImpl(threadIo);
        Commands.all().forEach(command -> factory.getRegistry().register(new KarafCommand(command, node)));
        factory.getRegistry().register(new KarafCommand(new Endless(), node));
        factory.getRegistry().register(new KarafCommand(new Talkative(), node));
        factory.getRegistry().register(new KarafCommand(new Beginning(), node));
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        file = data.resolve("tm");
        shell = new KarafShell(factory, new Subject(), Set.of("image:list", "test:begin"), () -> readiness);
        endpoint = TmEndpoint.open(file, shell, REQUEST_MILLIS, TmEndpoint::thread);
    }

    @AfterEach
    void stop() {
        endpoint.close();
        factory.stop();
    }

    private TmClient run(int status, String... words) throws IOException {
        try (TmClient client = TmClient.call(file, 0, "-", words)) {
            assertEquals(status, client.finish(null), () -> client.err() + client.out());
            return client;
        }
    }

    /** Often, because the last accept ends beside the closing. */
    @RepeatedTest(20)
    void theFileIsForItsOwnerOnlyAndItsTokenGoesWithTheEndpoint() throws IOException {
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertTrue(Files.readString(file).matches("[0-9]{1,5} [0-9a-f]{64}\n"));
        int port = TmClient.port(file);
        String token = TmClient.token(file);
        assertTrue(answers(port, token));
        endpoint.close();
        assertEquals("stopping\n", Files.readString(file));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertFalse(answers(port, token));
    }

    /** Not whether somebody listens: another program may have the port by now, and this very socket may meet itself. */
    private static boolean answers(int port, String token) {
        try (TmClient client = new TmClient(port)) {
            client.send(TmClient.request(token, 0, "-"));
            return client.firstLine().matches("[oex] [0-9]+");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aFileOfAnotherProcessStays() throws IOException {
        Files.writeString(file, "1 2\n");
        endpoint.close();
        assertEquals("1 2\n", Files.readString(file));
    }

    @Test
    void commandsRunAndSayWhatCameOfIt() throws IOException {
        TmClient list = run(0, "image:list");
        assertTrue(list.out().contains("vm1"), list.out());
        assertEquals("", list.err());
        TmClient missing = run(1, "image:info", "vm9");
        assertTrue(missing.err().startsWith("there is no image vm9"), missing.err());
        assertEquals("", missing.out());
    }

    /** What a node does before anybody calls needs no node that serves, and nobody sees it. */
    @Test
    void aRehearsalRunsWhateverTheNodeDoes() {
        readiness = new Readiness(Readiness.State.STARTING, "starting: recovering vm1");
        PrintStream before = System.out;
        shell.rehearse(List.of("test:begin"));
        assertEquals(0, begun.getCount());
        shell.rehearse(List.of("image:lst"));
        shell.rehearse(List.of("image:info", "vm9"));
        assertSame(before, System.out);
    }

    @Test
    void wrongLinesHaveAStatusOfTheirOwn() throws IOException {
        assertTrue(run(2, "image:lst").err().contains("there is no command image:lst"));
        assertTrue(run(2, "rm -rf").err().contains("there is no command rm -rf"));
        assertTrue(run(2, "image:create", "vm2").err().contains("needs SIZE"));
    }

    @Test
    void wordsThatAreNoTextAreNamed() throws IOException {
        byte[] request = TmClient.request(TmClient.token(file), 0, "-", "image:info", "Q(");
        request[request.length - 2] = (byte) 0xc3;
        try (TmClient client = new TmClient(TmClient.port(file))) {
            client.send(request);
            assertEquals(2, client.finish(null));
            assertTrue(client.err().startsWith("argument 1 is not UTF-8"), client.err());
        }
    }

    /** As ü is for a node that was started without a locale: no byte of this name can be in a path of any machine. */
    @Test
    void aDirectoryThatTheNodeCannotNameIsSaid() throws IOException {
        try (TmClient client = new TmClient(TmClient.port(file))) {
            client.send(("TM1 " + TmClient.token(file) + " 0 - 1\n4\n/a\0b10\nimage:list")
                    .getBytes(StandardCharsets.UTF_8));
            assertEquals(2, client.finish(null));
            assertTrue(client.err().contains("start it with LC_CTYPE=C.UTF-8"), client.err());
        }
    }

    @Test
    void builtInCommandsRunAndGogoSeesNoSyntaxInArguments() throws IOException {
        assertEquals("a $(b) | c 'd'\n", run(0, "echo", "a $(b) | c 'd'").out());
        assertTrue(
                run(2, "image:create", "a;image:delete vm1 --yes", "1G").err().contains("is no name"));
        assertTrue(node.images.containsKey("vm1"));
    }

    @Test
    void questionsAreAskedWhereSomebodySits() throws IOException {
        assertTrue(run(1, "image:delete", "vm1").err().contains("--yes"));
        try (TmClient client = TmClient.call(file, 80, "t", "image:delete", "vm1")) {
            assertEquals(130, client.finish("n"));
            assertTrue(client.asked().contains("Go on? [y/N]"), client.asked());
        }
        try (TmClient client = TmClient.call(file, 80, "t", "image:delete", "vm1")) {
            assertEquals(1, client.finish(null));
        }
        assertTrue(node.images.containsKey("vm1"));
        try (TmClient client = TmClient.call(file, 80, "t", "image:delete", "vm1")) {
            assertEquals(0, client.finish("y"));
        }
        assertFalse(node.images.containsKey("vm1"));
    }

    @Test
    void startingNodesSaySo() throws IOException {
        readiness = new Readiness(Readiness.State.STARTING, "starting: recovering vm1");
        assertEquals("starting: recovering vm1\n", run(3, "image:list").err());
        assertEquals("starting: recovering vm1\n", run(3).err());
        assertEquals(3, TmClient.call(file, 0, "-", "feature:list").finish(null));
        assertEquals("x\n", run(0, "echo", "x").out());
        readiness = new Readiness(Readiness.State.BROKEN, "not serving: port 10809 is in use");
        assertEquals("not serving: port 10809 is in use\n", run(1).err());
        run(0, "image:list");
        readiness = new Readiness(Readiness.State.SERVING, "serving: 1 image");
        assertEquals("serving: 1 image\n", run(0).out());
        readiness = new Readiness(Readiness.State.STARTING, "starting: recovering vm2");
        run(0, "image:list");
    }

    @Test
    void whoDoesNotKnowTheTokenGetsNoAnswer() throws IOException {
        for (String token :
                List.of("", "x", "0".repeat(64), TmClient.token(file).substring(1), TmClient.token(file) + "0")) {
            try (TmClient client = new TmClient(TmClient.port(file))) {
                client.send(TmClient.request(token, 0, "-", "image:list"));
                assertTrue(client.turnedAway(), token);
            }
        }
        run(0, "image:list");
    }

    @Test
    void garbageHarmsNobody() throws IOException {
        Random random = new Random(7);
        List<byte[]> garbage = new ArrayList<>();
        String token = TmClient.token(file);
        for (String text : List.of(
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                "TM1 " + token + " 0 - 1025\n",
                "TM1 " + token + " 0 - -1\n",
                "TM1 " + token + " 0 x 1\n",
                "TM1 " + token + " 99999 - 1\n",
                "TM1 " + token + " 0 - 1\n2\n..4\necho",
                "TM1 " + token + " 0 - 1\n1\n/99999999999\n",
                "TM1 " + token + " 0 - 1\n1\n/1048577\n",
                "TM2 " + token + " 0 - 0\n1\n/",
                "x".repeat(10_000))) {
            garbage.add(text.getBytes(StandardCharsets.ISO_8859_1));
        }
        for (int i = 0; i < 50; i++) {
            byte[] bytes = new byte[random.nextInt(400) + 200];
            random.nextBytes(bytes);
            garbage.add(bytes);
        }
        for (byte[] bytes : garbage) {
            try (TmClient client = new TmClient(TmClient.port(file))) {
                client.send(bytes);
                assertTrue(client.turnedAway(), () -> new String(bytes, StandardCharsets.ISO_8859_1));
            }
        }
        run(0, "image:list");
    }

    @Test
    void slowRequestsEndInTime() throws IOException {
        try (TmClient client = new TmClient(TmClient.port(file))) {
            client.send("TM1 ".getBytes(StandardCharsets.US_ASCII));
            assertTrue(client.turnedAway());
        }
    }

    @Test
    void silentCallersDoNotKeepOthersOut() throws IOException {
        List<TmClient> silent = new ArrayList<>();
        for (int i = 0; i < TmEndpoint.MOST_CALLERS + 8; i++) {
            silent.add(new TmClient(TmClient.port(file)));
        }
        run(0, "image:list");
        for (TmClient client : silent) {
            client.close();
        }
    }

    @Test
    void aCallerForWhomThereIsNoThreadIsTurnedAwayAndTheNextOneServed() throws IOException {
        endpoint.close();
        AtomicInteger missing = new AtomicInteger(2);
        endpoint = TmEndpoint.open(
                file,
                shell,
                REQUEST_MILLIS,
                work -> missing.getAndDecrement() > 0 ? new NoThread() : TmEndpoint.thread(work));
        for (int i = 0; i < 2; i++) {
            try (TmClient client = TmClient.call(file, 0, "-", "image:list")) {
                assertTrue(client.turnedAway());
            }
        }
        run(0, "image:list");
    }

    /** As a machine that has no more threads answers. */
    private static final class NoThread extends Thread {
        @Override
        public void start() {
            throw new OutOfMemoryError("unable to create native thread");
        }
    }

    @Test
    void aCallerThatGoesAwayTakesItsCommandBack() throws Exception {
        TmClient client = TmClient.call(file, 0, "-", "test:endless");
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        client.close();
        assertTrue(takenBack.await(20, TimeUnit.SECONDS));
        run(0, "image:list");
    }

    @Test
    void aCallerThatStopsReadingHoldsItsCommandBack() throws Exception {
        try (TmClient client = TmClient.call(file, 0, "-", "test:talk", "100000000")) {
            assertTrue(client.firstLine().startsWith("o "));
            run(0, "image:list");
        }
        assertTrue(takenBack.await(20, TimeUnit.SECONDS));
    }

    @Test
    void longOutputArrivesInOrder() throws IOException {
        TmClient client = run(0, "test:talk", "200000");
        String[] lines = client.out().split("\n");
        assertEquals(200_000, lines.length);
        for (int i = 0; i < lines.length; i++) {
            assertEquals("line " + i, lines[i]);
        }
    }

    @Test
    void coloursGoToTerminalsOnly() throws IOException {
        String red = "\u001b[31mred\u001b[0m";
        assertEquals("red\n", run(0, "echo", red).out());
        try (TmClient client = TmClient.call(file, 80, "-", "echo", red)) {
            assertEquals(0, client.finish(null));
            assertEquals(red + "\n", client.out());
        }
    }

    @Test
    void theDirectoryIsTheCallers() throws IOException {
        assertEquals("/tmp\n", run(0, "pwd").out());
    }

    /** Says that it ran. */
    private final class Beginning implements ConsoleCommand {
        @Override
        public Spec spec() {
            return Spec.of("test:begin", "Begins.").build();
        }

        @Override
        public void run(Call call) throws Failure {
            call.line("begun");
            begun.countDown();
        }
    }

    /** Works until it is taken back. */
    private final class Endless implements ConsoleCommand {
        @Override
        public Spec spec() {
            return Spec.of("test:endless", "Never ends.").build();
        }

        @Override
        public void run(Call call) throws Failure {
            begun.countDown();
            while (!call.caller().cancelled()) {
                Thread.onSpinWait();
            }
            takenBack.countDown();
            throw Failure.cancelled("taken back");
        }
    }

    /** Prints lines. */
    private final class Talkative implements ConsoleCommand {
        @Override
        public Spec spec() {
            return Spec.of("test:talk", "Prints lines.")
                    .takes("N", "How many.", Completion.NONE)
                    .build();
        }

        @Override
        public void run(Call call) throws Failure {
            long lines = Long.parseLong(call.arguments().text("N"));
            for (long i = 0; i < lines; i++) {
                call.line("line " + i);
                if (call.caller().cancelled()) {
                    takenBack.countDown();
                    throw Failure.cancelled("taken back");
                }
            }
        }
    }
}
