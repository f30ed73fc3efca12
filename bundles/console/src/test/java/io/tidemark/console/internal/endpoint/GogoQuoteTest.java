package io.tidemark.console.internal.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.apache.felix.service.command.CommandSession;
import org.apache.karaf.shell.api.console.Command;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Parser;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.impl.console.SessionFactoryImpl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Puts words through gogo itself. */
@ExtendWith(SharedThreadIo.class)
class GogoQuoteTest {
    private final List<Object> seen = new ArrayList<>();
    private SessionFactoryImpl factory;
    private Session session;

    @BeforeEach
    void startShell(ThreadIOImpl threadIo) {
        factory = new SessionFactoryImpl(threadIo);
        factory.getRegistry().register(new Recorder());
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        session = factory.create(new ByteArrayInputStream(new byte[0]), nowhere, nowhere);
    }

    @AfterEach
    void stopShell() {
        session.close();
        factory.stop();
    }

    private List<String> through(List<String> arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of("test:record"));
        words.addAll(arguments);
        seen.clear();
        ((CommandSession) session.get(".commandSession")).execute(GogoQuote.line(words));
        return seen.stream().map(Object::toString).toList();
    }

    @Test
    void wordsThatMeanSomethingToGogoArriveAsTheyAre() throws Exception {
        List<String> words = List.of(
                "",
                " ",
                "a b",
                "'",
                "''",
                "'a'",
                "\"",
                "\\",
                "\\'",
                "\\\\",
                "$HOME",
                "${x}",
                "$(ls)",
                "%(1+1)",
                "`ls`",
                "|",
                "||",
                "&",
                "&&",
                ";",
                ">",
                ">>x",
                "<",
                "<<<",
                "{a,b}",
                "{1..3}",
                "[a b]",
                "[a=b]",
                "(x)",
                "*",
                "?",
                "~",
                "#",
                "//",
                "/* x */",
                "=",
                "a=b",
                "==",
                "!",
                "!!",
                "-",
                "--",
                "--yes",
                "\n",
                "\r\n",
                "\t",
                "a\nb",
                "true",
                "null",
                "1",
                "1.5",
                "$'x'",
                "\\u0041",
                "\u00e4\u00f6\u00fc",
                "\ud83d\ude00",
                "\u0000",
                "\uffff",
                "a\uffffb'c\uffff",
                "\ufffe");
        assertEquals(words, through(words));
        for (String word : words) {
            assertEquals(List.of(word), through(List.of(word)));
        }
    }

    @Test
    void everyByteArrives() throws Exception {
        List<String> words = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            words.add(Character.toString(b));
            words.add("x" + Character.toString(b) + "y");
        }
        assertEquals(words, through(words));
    }

    @Test
    void randomWordsArrive() throws Exception {
        Random random = new Random(20261122);
        String spice = "'\"\\$%`|&;<>{}[]()*?~#/=!- \t\r\n\u0000\uffff:.,azAZ09\u00e9";
        for (int round = 0; round < 2000; round++) {
            List<String> words = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                StringBuilder word = new StringBuilder();
                for (int n = random.nextInt(12); n > 0; n--) {
                    word.append(
                            random.nextInt(4) == 0
                                    ? (char) random.nextInt(0xd800)
                                    : spice.charAt(random.nextInt(spice.length())));
                }
                words.add(word.toString());
            }
            assertEquals(words, through(words), "round " + round);
        }
    }

    @Test
    void onlyPlainNamesAreCommands() {
        for (String name : List.of("image:list", "help", "*:list", "a.b-c:d_e", "feature:repo-add")) {
            assertTrue(GogoQuote.isName(name), name);
        }
        for (String name : List.of(
                "", "a b", "$x", "(x)", "{x}", "a:b:c", "a;b", "x=1", "'x'", "a\n", "-x", "[x]", "%x", "#x", "a/b")) {
            assertFalse(GogoQuote.isName(name), name);
        }
    }

    private final class Recorder implements Command {
        @Override
        public String getScope() {
            return "test";
        }

        @Override
        public String getName() {
            return "record";
        }

        @Override
        public String getDescription() {
            return "";
        }

        @Override
        public Completer getCompleter(boolean scoped) {
            return null;
        }

        @Override
        public Parser getParser() {
            return null;
        }

        @Override
        public Object execute(Session session, List<Object> arguments) {
            seen.addAll(arguments);
            return null;
        }
    }
}
