package io.tidemark.console.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.console.internal.FakeJournal;
import io.tidemark.console.internal.FakeNode;
import io.tidemark.console.internal.Typed;
import io.tidemark.console.internal.command.Call;
import io.tidemark.console.internal.command.ConsoleCommand;
import io.tidemark.console.internal.command.Failure;
import io.tidemark.console.internal.command.Failure.Kind;
import io.tidemark.console.internal.command.Spec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ExecutionTest {
    private final Recorded front = new Recorded();

    /** What a command does here. */
    private interface Body {
        void run(Call call) throws Failure, StorageException;
    }

    private record Given(String name, Body body) implements ConsoleCommand {
        @Override
        public Spec spec() {
            return Spec.of(name, "Does what the test says.").build();
        }

        @Override
        public void run(Call call) throws Failure, StorageException {
            body.run(call);
        }
    }

    private void run(Body body) throws Failure {
        run("test:given", body);
    }

    private void run(String name, Body body) throws Failure {
        new Execution(new Given(name, body), new FakeNode(), front).run(List.of());
    }

    @Test
    void whatIsPrintedArrivesInOrderBeforeTheEnd() throws Exception {
        run(call -> {
            for (int i = 0; i < 10_000; i++) {
                call.line(Integer.toString(i));
            }
        });
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            expected.append(i).append('\n');
        }
        assertEquals(expected.toString(), String.join("", front.texts));
    }

    /** On a terminal that was stopped, a command that only says how far it is goes on. */
    @Test
    void whatSaysHowFarItIsHoldsNothingUp() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        front.beforeText = () -> assertTrue(await(done), "it waits for somebody to look");
        run(call -> {
            call.line("it begins");
            for (int i = 0; i < 10_000; i++) {
                call.caller().progress(Integer.toString(i));
            }
            done.countDown();
        });
        assertEquals(List.of("it begins\n"), front.texts);
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Nor does a journal wait for somebody who looks at its events: what he has not seen yet may be trimmed. */
    @Test
    void eventsThatWaitToBePrintedAreNotKept() throws Exception {
        FakeJournal journal = events(100_000);
        front.beforeText = () -> {
            front.beforeText = () -> {};
            awaitNoReader(journal);
        };
        new Execution(Typed.command("journal:inspect"), node(journal), front).run(List.of("vm1", "--verbose"));
        long events = String.join("", front.texts)
                .lines()
                .filter(line -> line.contains("discard") && line.contains("3:"))
                .count();
        assertEquals(100_000, events);
    }

    /** Nothing is lost for those who look: what is read is not trimmed meanwhile. */
    @Test
    void eventsThatArePrintedAreReadInOneGo() throws Exception {
        FakeJournal journal = events(1_000);
        new Execution(Typed.command("journal:inspect"), node(journal), front).run(List.of("vm1", "--verbose"));
        assertEquals(1, journal.closedReaders.get());
    }

    /** And where nobody looked for long, it is said from where on there is nothing. */
    @Test
    void eventsThatWereTrimmedBeforeTheyWerePrintedAreNamed() {
        FakeJournal journal = events(100_000);
        front.beforeText = () -> {
            front.beforeText = () -> {};
            awaitNoReader(journal);
            journal.trimmed += 100_000;
        };
        Failure failure =
                assertThrows(Failure.class, () -> new Execution(Typed.command("journal:inspect"), node(journal), front)
                        .run(List.of("vm1", "--verbose")));
        assertTrue(failure.getMessage().contains("was trimmed meanwhile"), failure.getMessage());
    }

    private static FakeJournal events(int events) {
        FakeJournal journal = new FakeJournal();
        for (int i = 0; i < events; i++) {
            journal.add(EventKind.DISCARD, 0, 0, 512, "");
        }
        return journal;
    }

    private static FakeNode node(FakeJournal journal) {
        FakeNode node = new FakeNode();
        node.journals.put("vm1", journal);
        node.images.put("vm1", FakeNode.image("vm1", State.SERVING, ""));
        return node;
    }

    /** Some portions find room, and then the command waits. */
    private static void awaitNoReader(FakeJournal journal) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (journal.closedReaders.get() == 0 || journal.readers.get() > 0) {
            assertTrue(System.nanoTime() < deadline, "the journal is kept from being trimmed");
            Thread.onSpinWait();
        }
    }

    @Test
    void anInterruptTakesTheCommandBackWithoutInterruptingIt() throws Exception {
        AtomicBoolean interrupted = new AtomicBoolean();
        CountDownLatch begun = new CountDownLatch(1);
        Thread caller = Thread.currentThread();
        Thread impatient = new Thread(() -> {
            try {
                begun.await();
                caller.interrupt();
            } catch (InterruptedException e) {
                interrupted.set(true);
            }
        });
        impatient.start();
        Failure failure = assertThrows(
                Failure.class,
                () -> run(call -> {
                    begun.countDown();
                    while (!call.caller().cancelled()) {
                        Thread.onSpinWait();
                    }
                    interrupted.set(Thread.currentThread().isInterrupted());
                    throw Failure.cancelled("after half");
                }));
        impatient.join();
        assertEquals(Kind.CANCELLED, failure.kind());
        assertEquals("after half", failure.getMessage());
        assertFalse(interrupted.get());
    }

    @Test
    void aReaderThatWentAwayTakesTheCommandBack() throws Exception {
        front.gone = true;
        AtomicInteger lines = new AtomicInteger();
        Failure failure = assertThrows(
                Failure.class,
                () -> run(call -> {
                    while (!call.caller().cancelled()) {
                        call.line("line " + lines.incrementAndGet());
                    }
                    throw Failure.cancelled("nobody reads");
                }));
        assertEquals(Kind.CANCELLED, failure.kind());
    }

    @Test
    void aPauseEndsWhenTheCommandIsTakenBack() throws Exception {
        AtomicBoolean passed = new AtomicBoolean(true);
        front.gone = true;
        run(call -> {
            call.line("x");
            passed.set(call.caller().pause(TimeUnit.HOURS.toMillis(1)));
        });
        assertFalse(passed.get());
        front.gone = false;
        run(call -> passed.set(call.caller().pause(1)));
        assertTrue(passed.get());
    }

    @Test
    void aCallerIsLetGoWhenTheCommandCannotBreakOff() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        front.gone = true;
        long startedNanos = System.nanoTime();
        Failure failure = assertThrows(
                Failure.class,
                () -> run("mirror:given", call -> {
                    call.line("x");
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        throw Failure.failed("interrupted");
                    }
                }));
        end.countDown();
        assertEquals(Kind.CANCELLED, failure.kind());
        assertTrue(
                failure.getMessage().endsWith("it ends by itself. Look at the result with mirror:status"),
                failure.getMessage());
        assertTrue(System.nanoTime() - startedNanos < 20_000_000_000L);
    }

    @Test
    void errorsOfTheProgramAreNamedAsSuch() {
        Failure failure = assertThrows(
                Failure.class,
                () -> run(call -> {
                    throw new IllegalStateException("oops");
                }));
        assertEquals(Kind.FAILED, failure.kind());
        assertTrue(failure.getMessage().contains("internal error in test:given"), failure.getMessage());
    }

    @Test
    void progressIsShownOnTerminalsAndTakenAwayBeforeText() throws Exception {
        front.columns = 80;
        run(call -> {
            call.caller().progress("half");
            call.line("done");
        });
        assertEquals(List.of("half", ""), front.steps);
        front.columns = 0;
        front.steps.clear();
        run(call -> call.caller().progress("half"));
        assertEquals(List.of(), front.steps);
    }

    @Test
    void aQuestionThatIsBrokenOffTakesTheCommandBack() {
        front.broken = true;
        Failure failure = assertThrows(Failure.class, () -> run(call -> call.confirm("This ends the world.", "--yes")));
        assertEquals(Kind.CANCELLED, failure.kind());
        assertEquals("Nothing was done.", failure.getMessage());
    }

    /** Keeps what it is told. */
    private static final class Recorded implements Front {
        private final List<String> texts = new ArrayList<>();
        private final List<String> steps = new ArrayList<>();
        private boolean gone;
        private boolean broken;
        private int columns;
        private volatile Runnable beforeText = () -> {};

        @Override
        public boolean out(String text) {
            beforeText.run();
            texts.add(text);
            return !gone;
        }

        @Override
        public void progress(String line) {
            steps.add(line);
        }

        @Override
        public int columns() {
            return columns;
        }

        @Override
        public String ask(String question) throws IOException {
            if (broken) {
                throw new IOException("broken off");
            }
            return "y";
        }

        @Override
        public Path directory() {
            return Path.of("/");
        }
    }
}
