package io.tidemark.itests.scripts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.Shell.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every command in a {@code sh} block of a document is run, in order, on a node of the document's own. */
class DocumentsIT {
    private static final Pattern BLOCK = Pattern.compile("^```sh\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)(#[^)]*)?\\)");

    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>(List.of(Shell.root().resolve("README.md")));
        try (Stream<Path> guides = Files.list(Shell.root().resolve("docs/guides"))) {
            guides.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
        }
        return documents;
    }

    @TestFactory
    Stream<DynamicTest> commandsWork() throws IOException {
        return documents().stream()
                .map(document -> DynamicTest.dynamicTest(
                        Shell.root().relativize(document).toString(), () -> run(document)));
    }

    private static void run(Path document) throws IOException {
        Path data = Files.createTempDirectory(Shell.target(), "doc");
        int port = Ports.free(4);
        int second = port + 2;
        Map<String, String> environment = Map.of("TIDEMARK_DATA", data.toString(), "TIDEMARK_NBD", "127.0.0.1:" + port);
        int commands = 0;
        try {
            Matcher matcher = BLOCK.matcher(Files.readString(document));
            while (matcher.find()) {
                for (String line : matcher.group(1).lines().toList()) {
                    // The document shows the default port; here another node may have it.
                    String command = line.replace(":10809", ":" + port)
                            .replace("10819", Integer.toString(second))
                            .replace("10820", Integer.toString(second + 1));
                    Outcome outcome = Shell.run(Shell.root(), environment, "", List.of("bash", "-ec", command));
                    assertEquals(0, outcome.status(), line + "\n" + outcome);
                    commands++;
                }
            }
        } finally {
            Shell.run(Shell.root(), environment, "", List.of("./run", "--stop"));
            Shell.run(Shell.root(), environment, "", List.of("./run", "--node", "b", "--stop"));
            Shell.run("rm", "-rf", data.toString());
        }
        boolean guided = Set.of("README.md", "getting-started.md", "mirror.md", "disaster.md")
                .contains(document.getFileName().toString());
        assertTrue(commands > 0 || !guided, document + " shows no command");
    }

    /** A link inside the tree leads somewhere. */
    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        try (Stream<Path> files = Stream.concat(
                Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md").map(Shell.root()::resolve),
                Files.walk(Shell.root().resolve("docs")))) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".md")).toList()) {
                Matcher matcher = LINK.matcher(Files.readString(file));
                while (matcher.find()) {
                    if (!matcher.group(1).contains("://")
                            && !Files.exists(file.getParent().resolve(matcher.group(1)))) {
                        broken.add(file + ": " + matcher.group(1));
                    }
                }
            }
        }
        assertEquals(List.of(), broken);
    }

    /** Who saves or moves a node by the table has all of it: what a start takes for a node's own is named there. */
    @Test
    void whatANodeIsMadeOfIsNamed() throws IOException {
        String script = Files.readString(Shell.root().resolve("karaf-assembly/src/main/resources/bin/tidemark"));
        String guide = Files.readString(Shell.root().resolve("docs/guides/getting-started.md"));
        List<String> unnamed = Pattern.compile(" -I ([A-Za-z.]+)(?= )")
                .matcher(script)
                .results()
                .map(own -> own.group(1))
                .filter(own -> !guide.contains("`data/a/" + own + "`"))
                .toList();
        assertEquals(List.of(), unnamed);
    }

    /** What every Debian has, and words of the shell. */
    private static final Set<String> EVERYWHERE = Set.of(
            "cat",
            "cmp",
            "cut",
            "date",
            "do",
            "done",
            "grep",
            "head",
            "kill",
            "printf",
            "realpath",
            "rm",
            "sleep",
            "until");

    private static final Map<String, String> PACKAGES = Map.of(
            "nbdinfo",
            "libnbd-bin",
            "nbdcopy",
            "libnbd-bin",
            "qemu-img",
            "qemu-utils",
            "qemu-io",
            "qemu-utils",
            "jq",
            "jq",
            "jshell",
            "openjdk-17-jdk-headless");

    /** Here all of them are installed, so that only a reader would miss one. */
    @Test
    void programsThatCommandsNeedAreNamedWithTheirPackages() throws IOException {
        Pattern begin = Pattern.compile("(?:^|[|;&(!]|\\b(?:do|until) )\\s*([a-z][a-z0-9-]*)", Pattern.MULTILINE);
        for (Path document : documents()) {
            String text = Files.readString(document);
            Matcher block = BLOCK.matcher(text);
            while (block.find()) {
                Matcher program = begin.matcher(block.group(1).replaceAll("'[^']*'", "''"));
                while (program.find()) {
                    if (!EVERYWHERE.contains(program.group(1))) {
                        String installs = "apt-get install [a-z0-9 -]*\\b" + PACKAGES.get(program.group(1)) + "\\b";
                        assertTrue(
                                Pattern.compile(installs).matcher(text).find(),
                                document + " does not say where " + program.group(1) + " comes from");
                    }
                }
            }
        }
    }

    /** Blocks that nobody runs would rot: console blocks are sh blocks, or not blocks. */
    @Test
    void noBlockOfCommandsEscapes() throws IOException {
        for (Path document : documents()) {
            assertFalse(
                    Pattern.compile("^```(bash|shell|console)", Pattern.MULTILINE)
                            .matcher(Files.readString(document))
                            .find(),
                    document + ": commands stand in blocks marked sh");
        }
    }
}
