package io.tidemark.itests.scripts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.Shell.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What ./check asks of Maven and of the machine: in a small tree, with a Maven and a package manager that only note what they are told. */
@Tag("build")
class CheckIT {
    private Path scratch;
    private Path tree;
    private Path bin;

    @BeforeEach
    void makeTree() throws IOException {
        scratch = Files.createTempDirectory(Shell.target(), "check");
        tree = Files.createDirectories(scratch.resolve("tree"));
        bin = Files.createDirectories(scratch.resolve("bin"));
        for (String part : List.of("check", "scripts")) {
            Shell.run("cp", "-a", Shell.root().resolve(part).toString(), tree.toString())
                    .good();
        }
        file("pom.xml", "<project/>");
        for (String module :
                List.of("bundles/engine", "itests/felix", "itests/karaf", "itests/nodes", "itests/scripts")) {
            file(module + "/pom.xml", "<project/>");
        }
        file("itests/nodes/src/test/java/KilledTest.java", "class KilledTest {}");
        file("itests/nodes/src/test/java/ShippedTest.java", "@Tag(\"karaf\")\nclass ShippedTest {}");
        file("itests/scripts/src/test/java/QuickTest.java", "@Tag(\"build\")\nclass QuickTest {}");
        maven("echo \"[INFO] NOTE: said by call $(wc -l <" + calls("mvn") + ")\"");
        program("dpkg-query", "exit 1");
        program("apt-get", "echo \"$*\" >>" + calls("apt-get"));
    }

    @AfterEach
    void removeScratch() {
        Shell.run("rm", "-rf", scratch.toString());
    }

    private void file(String name, String text) throws IOException {
        Path file = tree.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
    }

    private void program(String name, String line) throws IOException {
        Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + line + "\n");
        file.toFile().setExecutable(true);
    }

    /** Notes how it is called, and does something more. */
    private void maven(String line) throws IOException {
        program(
                "mvn",
                "[ \"$2\" = -v ] && echo 'Apache Maven 3.8.7 (of a test)' && exit\necho \"$*\" >>" + calls("mvn") + "\n"
                        + line);
    }

    private Path calls(String program) {
        return scratch.resolve(program + ".calls");
    }

    /** As root, and without what an earlier call noted. No test runs, which is a failure of its own. */
    private Outcome check(String... arguments) throws IOException {
        Files.deleteIfExists(calls("mvn"));
        Files.deleteIfExists(calls("apt-get"));
        String[] words = new String[arguments.length + 1];
        words[0] = tree.resolve("check").toString();
        System.arraycopy(arguments, 0, words, 1, arguments.length);
        return Shell.run(tree, Map.of("PATH", bin + ":" + System.getenv("PATH")), "", Shell.asRoot(words));
    }

    private boolean installs(String name) throws IOException {
        check(name);
        return Files.exists(calls("apt-get"))
                && Files.readString(calls("apt-get")).contains(" fio ");
    }

    /** Classes of the third level are clients of a node as well, and are named as often as a whole level. */
    @Test
    void packagesAreInstalledForWhateverNeedsThem() throws IOException {
        for (String name : List.of("karaf", "3", "nodes", "4", "KilledTest", "ShippedTest")) {
            assertEquals(true, installs(name), name);
        }
        for (String name : List.of("felix", "unit", "engine")) {
            assertEquals(false, installs(name), name);
        }
    }

    /** Scripts that start no node are tested where they are looked at, and alone without the rest of the tree. */
    @Test
    void aClassRunsAtItsLevelOnly() throws IOException {
        for (String name : List.of("QuickTest", "KilledTest")) {
            check(name);
            List<String> calls = Files.readAllLines(calls("mvn"));
            assertEquals(1, calls.size(), calls.toString());
            assertEquals(
                    name.equals("KilledTest") ? 0 : 1,
                    calls.stream()
                            .filter(call -> !call.contains("skip.level0=true") && call.contains("skip.level4=true"))
                            .count(),
                    calls.toString());
        }
    }

    /** Node processes are tested at three levels, scripts at two. */
    @Test
    void aModuleRunsAtAllItsLevels() throws IOException {
        // Behind a first level without a test nothing is run.
        Path reports = Files.createDirectories(tree.resolve("itests/scripts/target/failsafe-reports"));
        maven("echo '<testsuite tests=\"1\">' >" + reports + "/TEST-QuickTest.xml");
        Map<String, List<Integer>> levels = Map.of(
                "itests/nodes",
                List.of(2, 3, 4),
                "scripts",
                List.of(0, 4),
                "itests/felix",
                List.of(2),
                "engine",
                List.of(1));
        for (Map.Entry<String, List<Integer>> module : levels.entrySet()) {
            check(module.getKey());
            List<Integer> run = Files.readAllLines(calls("mvn")).stream()
                    .map(call -> IntStream.rangeClosed(0, 4)
                            .filter(level -> !call.contains("skip.level" + level + "=true"))
                            .sum())
                    .toList();
            assertEquals(module.getValue(), run, module.getKey());
        }
    }

    /** As a test that failed says it: {@code again with -Dtidemark.seed=7}. */
    @Test
    void propertiesReachTheTestsOfEveryLevel() throws IOException {
        check("engine", "-Dtidemark.seed=7", "nodes", "-Dtidemark.kill.rounds=500");
        List<String> calls = Files.readAllLines(calls("mvn"));
        assertEquals(2, calls.size(), calls.toString());
        for (String call : calls) {
            assertTrue(call.contains(" -Dtidemark.seed=7 -Dtidemark.kill.rounds=500 "), call);
        }
        Outcome none = check("-D");
        assertEquals(2, none.status(), none.toString());
        assertTrue(none.err().contains("unknown option -D; --help lists them"), none.toString());
        assertTrue(check("--help").text().contains("-Dtidemark.seed=N"));
    }

    /** The scripts that the first level looks at. */
    private void copyScripts() throws IOException {
        for (String part : List.of(
                "run",
                "tm",
                ".ci/run",
                "karaf-assembly/src/main/resources/bin",
                "bench/micro/bench",
                "bench/macro",
                "testing/simulation/simulate")) {
            Files.createDirectories(tree.resolve(part).getParent());
            Shell.run(
                            "cp",
                            "-a",
                            Shell.root().resolve(part).toString(),
                            tree.resolve(part).toString())
                    .good();
        }
    }

    /** It asks Maven twice: for the tree, and for tests of scripts. */
    @Test
    void whatMavenHasToSayAtTheFirstLevelIsShownOfBothCalls() throws IOException {
        copyScripts();
        Files.createDirectories(tree.resolve("karaf-assembly/target/assembly"));
        Outcome outcome = check("build");
        for (int call : new int[] {1, 2}) {
            assertTrue(outcome.text().contains("   note: said by call " + call + "\n"), outcome.toString());
        }
    }

    /** A mistake in a script shows before anything is compiled, in whatever language it is written. */
    @Test
    void aScriptThatIsWrongEndsTheFirstLevel() throws IOException {
        copyScripts();
        file("itests/nodes/src/test/resources/client.py", "print('hello')");
        Outcome good = check("build");
        assertTrue(Files.readString(calls("mvn")).contains("skip.level0=true"), good.toString());
        for (String wrong :
                List.of("bench/macro/mirror", "itests/nodes/src/test/resources/client.py", "scripts/tour")) {
            Path file = tree.resolve(wrong);
            String text = Files.readString(file);
            Files.writeString(file, text + "\nif (:\n");
            Outcome bad = check("build");
            assertEquals(1, bad.status(), bad.toString());
            assertTrue(bad.text().contains("ERROR " + wrong + ":"), bad.toString());
            assertTrue(Files.notExists(calls("mvn")), bad.toString());
            Files.writeString(file, text);
        }
        // One that parses.
        Files.writeString(tree.resolve("tm"), "\nnobodyReadsThis=1\n", StandardOpenOption.APPEND);
        assertTrue(check("build").text().contains("ERROR In tm line "));
        assertTrue(Files.notExists(calls("mvn")));
        assertTrue(Files.notExists(tree.resolve("bench/macro/__pycache__")));
    }

    @Test
    void descriptionsAreWrittenOfEverythingOrNot() throws IOException {
        Outcome named = check("--write-api", "engine");
        assertEquals(2, named.status(), named.toString());
        assertTrue(named.err().contains("--write-api writes them all: it takes no NAME, as engine"), named.toString());
        assertTrue(Files.notExists(calls("mvn")));
    }
}
