package io.tidemark.itests.scripts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.itests.scripts.Shell.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The scripts of builds: what they need, and what they make for others. */
@Tag("build")
class ScriptsIT {
    private static final Pattern JAVA = Pattern.compile("^```java\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final String POM = """
            <project xmlns="http://maven.apache.org/POM/4.0.0">
                <modelVersion>4.0.0</modelVersion>
                <groupId>org.example</groupId><artifactId>office-hours</artifactId><version>1</version>
                <properties>
                    <maven.compiler.release>17</maven.compiler.release>
                    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
                </properties>
                <repositories><repository><id>tidemark</id><url>file://@REPOSITORY@</url></repository></repositories>
                <dependencies>
                    <dependency>
                        <groupId>io.tidemark</groupId><artifactId>tidemark-api</artifactId>
                        <version>@VERSION@</version><scope>provided</scope>
                    </dependency>
                    <dependency>
                        <groupId>io.tidemark</groupId><artifactId>tidemark-tck</artifactId>
                        <version>@VERSION@</version><scope>test</scope>
                    </dependency>
                    <dependency>
                        <groupId>org.osgi</groupId><artifactId>org.osgi.service.component.annotations</artifactId>
                        <version>@ANNOTATIONS@</version><scope>provided</scope>
                    </dependency>
                </dependencies>
                <build><plugins>@PLUGINS@</plugins></build>
            </project>
            """;

    private Path scratch;

    @BeforeEach
    void makeScratch() throws IOException {
        scratch = Files.createTempDirectory(Shell.target(), "scripts");
    }

    @AfterEach
    void removeScratch() {
        Shell.run("rm", "-rf", scratch.toString());
    }

    /** The example of the guide, in a project of its own, against what scripts/repository makes. */
    @Test
    void aPluginBuildsAgainstTheRepositoryThatTheScriptMakes() throws IOException {
        Outcome made = Shell.run("scripts/repository").good();
        Path project = Files.createDirectories(scratch.resolve("project"));
        String root = Files.readString(Shell.root().resolve("pom.xml"));
        StringBuilder plugins = new StringBuilder();
        for (String plugin : List.of("maven-resources-plugin", "maven-compiler-plugin", "maven-surefire-plugin")) {
            plugins.append("<plugin><artifactId>" + plugin + "</artifactId><version>" + versionOf(root, plugin)
                    + "</version></plugin>");
        }
        Files.writeString(
                project.resolve("pom.xml"),
                POM.replace("@REPOSITORY@", made.text().strip())
                        .replace("@VERSION@", first(root, "<version>([^<]*)</version>"))
                        .replace("@ANNOTATIONS@", versionOf(root, "org.osgi.service.component.annotations"))
                        .replace("@PLUGINS@", plugins));
        writeExamples(project);
        Outcome build = Shell.run(
                project,
                Map.of(),
                "",
                List.of(
                        "mvn",
                        "-o",
                        "-B",
                        "-q",
                        "-Daether.offline.protocols=file",
                        "-Dmaven.repo.local=" + repositoryWithoutTidemark(),
                        "test"));
        build.good();
        String report = Files.readString(project.resolve("target/surefire-reports/TEST-OfficeHoursTest.xml"));
        assertTrue(Integer.parseInt(first(report, " tests=\"([0-9]+)\"")) > 0, report);
    }

    private static void writeExamples(Path project) throws IOException {
        List<String> blocks = new ArrayList<>();
        Matcher matcher = JAVA.matcher(Files.readString(Shell.root().resolve("docs/guides/plugins.md")));
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }
        assertEquals(2, blocks.size(), "the guide shows a plugin and its test");
        Files.writeString(
                Files.createDirectories(project.resolve("src/main/java")).resolve("OfficeHoursComponent.java"),
                "import io.tidemark.api.commit.*;\nimport org.osgi.service.component.annotations.Component;\n"
                        + blocks.get(0));
        Files.writeString(
                Files.createDirectories(project.resolve("src/test/java")).resolve("OfficeHoursTest.java"),
                "import io.tidemark.api.commit.CommitPolicy;\nimport io.tidemark.tck.commit.CommitPolicyContract;\n"
                        + blocks.get(1));
    }

    /** What this machine has of other people's artifacts, so that ours can come from the script's repository only. */
    private Path repositoryWithoutTidemark() throws IOException {
        Path all = Path.of(System.getProperty("tidemark.repository"));
        Path copy = Files.createDirectories(scratch.resolve("m2"));
        link(all, copy, "io");
        link(all.resolve("io"), Files.createDirectories(copy.resolve("io")), "tidemark");
        return copy;
    }

    private static void link(Path from, Path to, String except) throws IOException {
        try (Stream<Path> entries = Files.list(from)) {
            for (Path entry : entries.toList()) {
                if (!entry.getFileName().toString().equals(except)) {
                    Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
                }
            }
        }
    }

    private static String versionOf(String pom, String artifact) {
        String version = first(pom, "<artifactId>" + artifact + "</artifactId>\\s*<version>([^<]*)</version>");
        return version.startsWith("${")
                ? first(pom, "<" + version.substring(2, version.length() - 1) + ">([^<]*)<")
                : version;
    }

    private static String first(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertTrue(matcher.find(), pattern);
        return matcher.group(1);
    }

    // ---- what ./check says of a failure, which is all that is left of it where only its output is kept

    private static final String REPORT = """
            <testsuite name="org.example.LogTest" tests="4" errors="1" skipped="1" failures="1">
              <testcase name="passes" classname="org.example.LogTest"/>
              <testcase name="fails(int)[1]" classname="org.example.LogTest">
                <failure message="lost&#10;its log" type="java.lang.AssertionError"><![CDATA[java.lang.AssertionError: lost
            its log:
            @LINES@
            \tat org.junit.Assertions.fail(Assertions.java:1)
            \tat io.tidemark.LogTest.fails(LogTest.java:7)
            Caused by: java.io.IOException: <gone>
            \t... 3 more
            ]]></failure>
              </testcase>
              <testcase name="breaks" classname="org.example.LogTest">
                <error type="java.lang.IllegalStateException"><![CDATA[java.lang.IllegalStateException
            @LINES@
            ]]></error>
              </testcase>
              <testcase name="skips" classname="org.example.LogTest">
                <skipped message="no &lt;disk&gt;"/>
              </testcase>
            </testsuite>
            """;

    private List<String> reports(String command) {
        return Shell.run("bash", "-c", ". scripts/reports.sh; " + command)
                .good()
                .text()
                .lines()
                .toList();
    }

    @Test
    void checkShowsWhatAFailureSays() throws IOException {
        String lines = IntStream.rangeClosed(1, 100).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));
        Path module = scratch.resolve("module");
        Path file = Files.createDirectories(module.resolve("target/surefire-reports"))
                .resolve("TEST-LogTest.xml");
        Path stamp = Files.writeString(scratch.resolve("stamp"), "");
        Files.setLastModifiedTime(stamp, FileTime.from(Instant.now().minusSeconds(60)));
        Files.writeString(file, REPORT.replace("@LINES@", lines));
        String arguments = " '" + stamp + "' '" + module + "' '" + module + "'";

        assertEquals(List.of("1 3"), reports("count_tests" + arguments));
        List<String> shown = reports("show_failures" + arguments);
        assertEquals("   failure: org.example.LogTest#fails(int)[1]", shown.get(0));
        assertEquals(List.of("      java.lang.AssertionError: lost", "      its log:"), shown.subList(1, 3));
        assertEquals("      line 100", shown.get(102));
        assertEquals(
                List.of(
                        "      \tat io.tidemark.LogTest.fails(LogTest.java:7)",
                        "      Caused by: java.io.IOException: <gone>",
                        "   error: org.example.LogTest#breaks"),
                shown.subList(103, 106));
        // The first one is shown whole; of later ones the beginning and the end.
        assertEquals("      java.lang.IllegalStateException", shown.get(106));
        assertEquals(List.of("      line 11", "      ... 61 lines ...", "      line 73"), shown.subList(117, 120));
        assertEquals(
                List.of("      line 100", "   skipped: org.example.LogTest#skips", "      no <disk>"),
                shown.subList(shown.size() - 3, shown.size()));
    }

    /** Modules of other levels may write reports meanwhile, and do: a script of a test builds them. */
    @Test
    void checkCountsOnlyTheTestsOfALevel() throws IOException {
        Path own = scratch.resolve("own");
        Path other = scratch.resolve("other");
        for (Path module : List.of(own, other, own.resolve("target/project"))) {
            Path reports = Files.createDirectories(module.resolve("target/failsafe-reports"));
            Files.writeString(reports.resolve("TEST-Some.xml"), REPORT);
        }
        Path stamp = Files.writeString(scratch.resolve("stamp"), "");
        Files.setLastModifiedTime(stamp, FileTime.from(Instant.now().minusSeconds(60)));
        assertEquals(List.of("1 3"), reports("count_tests '" + stamp + "' '" + own + "'"));
        Files.setLastModifiedTime(stamp, FileTime.from(Instant.now().plusSeconds(60)));
        assertEquals(List.of("0 0"), reports("count_tests '" + stamp + "' '" + own + "'"));
    }

    /** Whoever names a class wants it alone, and whoever names a module all of it: one run cannot do both. */
    @Test
    void checkRunsNoLessThanItIsTold() {
        oneUsageError("engine", "StandbyTest");
        oneUsageError("FooTest");
    }

    private static void oneUsageError(String... names) {
        List<String> command = new ArrayList<>(List.of("./check"));
        command.addAll(List.of(names));
        Outcome outcome = Shell.run(command.toArray(String[]::new));
        assertEquals(2, outcome.status(), outcome.toString());
        assertEquals(1, outcome.err().lines().count(), outcome.toString());
    }

    /** A level that is ended over its budget has no report of the test that hung. */
    @Test
    void checkNamesTheTestsThatWereUnderWay() throws IOException {
        Path log = Files.writeString(scratch.resolve("unit.log"), """
                [INFO] Running io.tidemark.FirstTest
                [INFO] Running io.tidemark.SecondTest
                [ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 1 s <<< FAILURE! -- in io.tidemark.FirstTest
                [INFO] Running io.tidemark.ThirdTest
                [INFO] Running io.tidemark.FourthTest
                [INFO] Tests run: 1, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s -- in io.tidemark.ThirdTest
                """);
        assertEquals(
                List.of("   under way: io.tidemark.FourthTest", "   under way: io.tidemark.SecondTest"),
                reports("tests_under_way '" + log + "'"));
    }

    // ---- what is missing is named with its remedy: in one line

    private static void oneLine(Outcome outcome, String text) {
        assertEquals(1, outcome.status(), outcome.toString());
        assertEquals(1, outcome.err().lines().count(), outcome.toString());
        assertTrue(outcome.err().contains(text), outcome.toString());
    }

    /** Names of formats, which nobody fetches; Checkstyle has its own in its jar. Written so that they are none here. */
    private static final Pattern NO_DOWNLOAD = Pattern.compile(String.join(
            "|",
            "\\./LICENSE:http:/{2}www\\.apache\\.org/licenses/.*",
            "\\./\\.mvn/checkstyle\\.xml:https:/{2}checkstyle\\.org/dtds/.*",
            "[^:]*:http:/{2}maven\\.apache\\.org/(POM/4\\.0\\.0|xsd/maven-4\\.0\\.0\\.xsd)",
            "[^:]*:http:/{2}www\\.w3\\.org/2001/XMLSchema-instance",
            "[^:]*\\.xml:http:/{2}karaf\\.apache\\.org/(xmlns|tools)/.*"));

    /** Where things come from is Maven's own settings and those of the package manager. */
    @Test
    void noFileNamesADownloadHost() {
        List<String> addresses = Shell.run(
                        "grep",
                        "-rIoE",
                        "--exclude-dir=target",
                        "--exclude-dir=data",
                        "--exclude-dir=.git",
                        "(https?|s?ftp|ssh|git|rsync)://[[:alnum:]][^\"'<>[:space:])]*",
                        ".")
                .good()
                .text()
                .lines()
                .toList();
        assertTrue(addresses.size() > 20, "only " + addresses);
        assertEquals(
                List.of(),
                addresses.stream()
                        .filter(address -> !NO_DOWNLOAD.matcher(address).matches())
                        .toList());
    }

    /** No checkout tests what another one built. */
    @Test
    void nothingIsInstalledOrFetchedPastMaven() throws IOException {
        Pattern wrong = Pattern.compile("<pluginRepositor|<distributionManagement|<repositories>|mvnw|maven-wrapper"
                + "|\\b(curl|wget) |\\bmvn .*[ \"](install|deploy)\\b(?!.*maven\\))");
        List<String> found = new ArrayList<>();
        int read = 0;
        try (Stream<Path> walk = Files.walk(Shell.root(), 3)) {
            for (Path file : walk.filter(Files::isRegularFile).toList()) {
                String name = Shell.root().relativize(file).toString();
                if (!name.matches(
                        "(.*/)?pom\\.xml|run|tm|check|\\.ci/run|\\.mvn/.*|scripts/[^/]*|bench/[a-z]+/[a-z]+")) {
                    continue;
                }
                read++;
                for (String line : Files.readAllLines(file)) {
                    if (wrong.matcher(line).find()) {
                        found.add(name + ": " + line.strip());
                    }
                }
            }
        }
        assertTrue(read > 20, "only " + read + " files read");
        assertEquals(List.of(), found);
    }

    @Test
    void aMissingJdkIsNamedWithItsRemedy() throws IOException {
        oneLine(
                withoutJava("root=. program=./run; . scripts/build.sh; find_jdk() { return 1; }; need_jdk"),
                "no JDK 17 to 23 in JAVA_HOME, PATH or /usr/lib/jvm (as root on Debian: apt-get install openjdk-17-jdk-headless)");
    }

    @Test
    void aJdkThatIsTooOldOrTooNewIsNone() throws IOException {
        Path home = scratch.resolve("jdk");
        for (String version : List.of("11.0.1", "24")) {
            program(home.resolve("bin/javac"), "echo 'javac " + version + "' >&2");
            Outcome outcome = withoutJava("root=. program=./run JAVA_HOME=" + home
                    + "; . scripts/build.sh; find_jdk && [[ $JAVA_HOME == " + home + " ]]");
            assertEquals(1, outcome.status(), version + ": " + outcome);
        }
        program(home.resolve("bin/javac"), "echo 'javac 21.0.2' >&2");
        withoutJava("root=. program=./run JAVA_HOME=" + home + "; . scripts/build.sh; find_jdk && [[ $JAVA_HOME == "
                        + home + " ]]")
                .good();
    }

    /** A fresh machine: the lists of packages are too old for the first try. */
    @Test
    void aMissingJdkAndMavenAreInstalledAsRootOnDebian() throws IOException {
        Path lists = scratch.resolve("lists");
        Outcome outcome = onDebian(
                "need_jdk; need_maven; need_jdk; need_maven; echo \"$JAVA_HOME\"; command -v mvn",
                "case $1 in update) >" + lists + ";; *) [ -e " + lists + " ] || exit 100;; esac");
        assertEquals(
                List.of(
                        scratch.resolve("jvm/java-17").toString(),
                        scratch.resolve("bin/mvn").toString()),
                outcome.good().text().lines().toList());
        String install = "install -y --no-install-recommends ";
        String jdk = install + "openjdk-17-jdk-headless";
        assertEquals(
                List.of(jdk, "update", jdk, install + "maven"),
                Files.readAllLines(scratch.resolve("calls")),
                "each is installed once");
    }

    @Test
    void aPackageThatCannotBeInstalledIsNamedWithTheLog() throws IOException {
        Outcome outcome = onDebian("need_maven", "echo 'no network'; exit 100");
        assertEquals(1, outcome.status(), outcome.toString());
        String last = outcome.err().lines().reduce((a, b) -> b).orElseThrow();
        assertTrue(last.startsWith("./run: apt-get could not install maven: see /tmp/tidemark-apt-"), last);
        Path log = Path.of(last.replaceFirst(".*see ", ""));
        assertTrue(Files.readString(log).contains("no network"), last);
        Files.delete(log);
    }

    /** Names in a directory of everybody's that others can guess are theirs: root would write where they lead. */
    @Test
    void theLogOfAnInstallationFollowsNobodysLink() throws IOException {
        Path mine = Files.writeString(scratch.resolve("mine"), "precious");
        String guessed = "/tmp/tidemark-apt-$$.log";
        onDebian("/bin/ln -s " + mine + " " + guessed + "; need_maven; rm -f " + guessed, "echo 'Setting up maven'")
                .good();
        assertEquals("precious", Files.readString(mine));
    }

    /**
     * Some line of bash as root on a Debian with nothing of Java on it, whose package manager does what a line says and then
     * installs what it is asked for.
     */
    private Outcome onDebian(String line, String aptGet) throws IOException {
        Path bin = scratch.resolve("bin");
        Path store = scratch.resolve("store");
        program(store.resolve("jvm/java-17/bin/javac"), "echo 'javac 17.0.9'");
        program(store.resolve("mvn"), "echo 'Apache Maven 3.8.7 (of a test)'");
        Path installed = Files.writeString(scratch.resolve("installed"), "");
        program(
                bin.resolve("apt-get"),
                String.join(
                        "\n",
                        "echo \"$*\" >>" + scratch.resolve("calls"),
                        aptGet,
                        "for last; do :; done",
                        "case $last in",
                        "maven) /bin/mv " + store.resolve("mvn") + " " + bin + " ;;",
                        "openjdk*) /bin/mv " + store.resolve("jvm") + " " + scratch + " ;;",
                        "esac",
                        "echo \"$last\" >>" + installed));
        program(
                bin.resolve("dpkg-query"),
                "for last; do :; done; /bin/grep -qx \"$last\" " + installed + " && echo 'install ok installed'");
        for (String tool : List.of("sort", "rm", "mktemp")) {
            Files.createSymbolicLink(bin.resolve(tool), Path.of("/usr/bin", tool));
        }
        // Only the candidates are others: those of this machine would do.
        String script = Files.readString(Shell.root().resolve("scripts/build.sh"))
                .replace("/usr/lib/jvm/", scratch.resolve("jvm") + "/");
        Path copy = Files.writeString(scratch.resolve("build.sh"), script);
        return withoutJava("root=. program=./run JAVA_HOME=; . " + copy + "; " + line, true);
    }

    /** On other systems packages have other names, and what counts is what they bring. */
    @Test
    void whereNoDpkgIsProgramsAreLookedFor() throws IOException {
        Path bin = scratch.resolve("bin");
        for (String tool : List.of("nbdinfo", "nbdcopy", "mke2fs", "e2fsck", "debugfs", "flock", "python3", "jq")) {
            program(bin.resolve(tool), "exit 0");
        }
        String line =
                "root=. program=./run; . scripts/build.sh; need_packages libnbd-bin python3-libnbd e2fsprogs util-linux jq";
        assertEquals("", withoutJava(line).good().err());
        Files.delete(bin.resolve("nbdcopy"));
        program(bin.resolve("python3"), "exit 1");
        oneLine(withoutJava(line), "./run: missing: libnbd-bin python3-libnbd (");
    }

    /** What a first build fetched is there for the second; the network is asked only for what is missing. */
    @Test
    void aBuildIsOfflineUnlessSomethingIsMissing() throws IOException {
        Path tree = scratch.resolve("tree");
        assertEquals(List.of("-o"), build(tree, "exit 0"), "nothing is missing");
        assertEquals(
                List.of("-o", "-B"),
                build(tree, "[ $1 != -o ] || { echo 'Cannot access x in offline mode'; exit 1; }"),
                "something is");
        assertEquals(List.of("-o"), build(tree, "echo '[ERROR] cannot find symbol'; exit 1"), "a build that fails");
    }

    /** The first argument of each call of Maven. */
    private List<String> build(Path tree, String maven) throws IOException {
        Path calls = scratch.resolve("calls");
        Files.deleteIfExists(calls);
        Path bin = scratch.resolve("maven");
        program(bin.resolve("mvn"), "echo $1 >>" + calls + "; " + maven);
        Shell.run(
                Shell.root(),
                Map.of("PATH", bin + ":" + System.getenv("PATH")),
                "",
                List.of("bash", "-c", "root=" + tree + " program=./run; . scripts/build.sh; package_distribution"));
        return Files.readAllLines(calls);
    }

    // ---- distributions: each build has one of its own, and takes away those that nobody uses

    private static final String SOURCE = "program=./run; . scripts/build.sh; ";

    private Outcome inTree(Path tree, String line) {
        return Shell.run(Shell.root(), Map.of("root", tree.toString()), "", List.of("bash", "-c", SOURCE + line));
    }

    /** Signs that mean something to a regular expression are names like others to a path. */
    @Test
    void aDistributionInUseOutlivesTheNextBuild() throws Exception {
        Path tree = scratch.resolve("c++ [of (me)]");
        Path all = tree.resolve("karaf-assembly/target/distributions");
        for (String name : List.of("locked", "running", "idle", "running too")) {
            Files.createDirectories(all.resolve(name));
        }
        Files.writeString(
                Files.createDirectories(tree.resolve("karaf-assembly/target/assembly"))
                        .resolve("file"),
                "new");
        List<Process> users = List.of(
                Shell.start(
                        all, Map.of(), List.of("flock", "-s", "--no-fork", "locked", "bash", "-c", "echo ready; read")),
                // As of a node that started before distributions were locked.
                Shell.start(
                        all,
                        Map.of(),
                        List.of("bash", "-c", "echo ready; exec -a \"-Dkaraf.home=$PWD/running\" sleep 600")));
        try {
            for (Process user : users) {
                assertEquals('r', user.getInputStream().read());
            }
            while (ProcessHandle.of(users.get(1).pid())
                    .flatMap(process -> process.info().command())
                    .filter(command -> command.endsWith("/sleep"))
                    .isEmpty()) {
                assertTrue(users.get(1).isAlive(), "it ended");
            }
            inTree(tree, "keep_distribution 0123456789abcdef0123456789abcdef").good();
            assertEquals(Set.of("0123456789abcdef", "locked", "running"), names(all));
        } finally {
            for (Process user : users) {
                user.destroyForcibly().waitFor();
            }
        }
        inTree(tree, "keep_distribution fedcba9876543210fedcba9876543210").good();
        assertEquals(Set.of("fedcba9876543210"), names(all), "nobody uses any of them any more");
        assertEquals("new", Files.readString(all.resolve("fedcba9876543210/file")));
    }

    private static Set<String> names(Path directory) throws IOException {
        try (Stream<Path> list = Files.list(directory)) {
            return list.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    /** Between the end of a build and the Java of the node that runs on it another build may come. */
    @Test
    void whatABuildHandsOutIsHeld() throws IOException {
        Path tree = scratch.resolve("tree");
        Files.createDirectories(tree.resolve("karaf-assembly/target/assembly"));
        Outcome outcome = inTree(
                tree,
                "find_jdk; sum=$(source_sum 2>/dev/null); mkdir -p \"$distributions/${sum:0:16}\""
                        + "; echo \"$sum\" >\"$distributions/${sum:0:16}/source\"; build_distribution 2>/dev/null"
                        + "; keep_distribution 0123456789abcdef0123456789abcdef; exec ls \"$distribution\"");
        assertEquals("source\n", outcome.good().text());
    }

    // ---- the tour

    /** Both would have the same nodes, mounts and files. */
    @Test
    void oneTourAtATimeGoesThroughACheckout() throws Exception {
        Path tree = Files.createDirectories(scratch.resolve("tree"));
        Shell.run("cp", "-r", "scripts", tree.toString()).good();
        Path bin = scratch.resolve("bin");
        program(bin.resolve("dpkg-query"), "echo 'install ok installed'");
        // The first order of a tour, which goes on until its input ends.
        program(tree.resolve("run"), "echo \"run $*\"; case $* in *--background) exec cat ;; esac");
        Map<String, String> path = Map.of("PATH", bin + ":" + System.getenv("PATH"));
        List<String> tour = List.of(tree.resolve("scripts/tour").toString());
        Process first = Shell.start(tree, path, tour);
        try (BufferedReader out = first.inputReader()) {
            awaitOrder(out);
            Path file = Files.writeString(tree.resolve("target/tour/file"), "of the first");
            oneLine(
                    Shell.run(tree, path, "", tour),
                    "./run --tour: another tour runs in this checkout: wait for its end");
            assertTrue(Files.exists(file));
            // What it started is left, as its nodes would be, and is not taken for a tour.
            first.destroyForcibly().waitFor();
            Outcome next = Shell.run(tree, path, "", tour);
            assertTrue(next.text().contains("run --node tour "), next.toString());
            assertTrue(Files.notExists(file), next.toString());
        } finally {
            first.getOutputStream().close();
            first.destroyForcibly();
        }
    }

    private static void awaitOrder(BufferedReader out) throws IOException {
        String line;
        do {
            line = out.readLine();
            assertTrue(line != null, "the tour ended");
        } while (!line.startsWith("run --node tour "));
    }

    /** Scripts that build one module only, in a tree of their own where nothing is built. */
    @Test
    void aScriptThatBuildsAPartNeedsAndAsksWhatEveryBuildDoes() throws IOException {
        for (String name : List.of("bench/micro/bench", "testing/simulation/simulate")) {
            Path tree = scratch.resolve("part");
            Path script = tree.resolve(name);
            for (String file : List.of(name, "scripts/build.sh")) {
                Files.createDirectories(tree.resolve(file).getParent());
                Files.copy(
                        Shell.root().resolve(file),
                        tree.resolve(file),
                        StandardCopyOption.REPLACE_EXISTING,
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
            oneLine(
                    withoutJava("exec /bin/bash " + script),
                    name + ": no Maven: put mvn 3.8.7 or later into PATH (as root on Debian: apt-get install maven)");

            Path calls = scratch.resolve("calls");
            Files.deleteIfExists(calls);
            Path bin = scratch.resolve("maven");
            program(
                    bin.resolve("mvn"),
                    "echo $1 >>" + calls + "; [ \"$2\" != -v ] || { echo 'Apache Maven 3.8.7 (of a test)'; exit; }"
                            + "; echo '[ERROR] cannot find symbol'; exit 1");
            Outcome failed = Shell.run(
                    Shell.root(), Map.of("PATH", bin + ":" + System.getenv("PATH")), "", List.of(script.toString()));
            assertEquals(1, failed.status(), failed.toString());
            assertTrue(failed.err().contains("cannot find symbol"), failed.toString());
            assertTrue(failed.err().contains(name + ": the build failed: " + tree), failed.toString());
            assertEquals(List.of("-B", "-o"), Files.readAllLines(calls), name);
        }
    }

    private static void program(Path path, String line) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, "#!/bin/sh\n" + line + "\n");
        path.toFile().setExecutable(true);
    }

    /** Some line of bash where PATH has no Java, no Maven and no package manager. */
    private Outcome withoutJava(String line) throws IOException {
        return withoutJava(line, false);
    }

    private Outcome withoutJava(String line, boolean asRoot) throws IOException {
        Path bin = Files.createDirectories(scratch.resolve("bin"));
        for (String tool : List.of("sed", "head", "readlink", "dirname")) {
            Path link = bin.resolve(tool);
            if (!Files.exists(link)) {
                Files.createSymbolicLink(link, Path.of("/usr/bin", tool));
            }
        }
        String[] words = {"/bin/bash", "-c", line};
        return Shell.run(
                Shell.root(), Map.of("PATH", bin.toString()), "", asRoot ? Shell.asRoot(words) : List.of(words));
    }

    /** As on a machine whose only Java is too old for Karaf. */
    @Test
    void aMissingJavaOfANodeIsNamedWithItsRemedy() throws IOException {
        Path script = Shell.root().resolve("karaf-assembly/src/main/resources/bin/tidemark");
        Path old = scratch.resolve("old/bin/java");
        program(old, "echo 'openjdk version \"11.0.2\"' >&2");
        // Only the candidates are others: those of this machine would do.
        String candidates = Files.readString(script).replace("/usr/lib/jvm/", scratch + "/none/");
        Path copy = scratch.resolve("home/bin/tidemark");
        Files.createDirectories(copy.getParent());
        Files.writeString(copy, candidates);
        copy.toFile().setExecutable(true);
        Path data = scratch.resolve("data");
        Outcome outcome = Shell.run(
                scratch,
                Map.of(
                        "JAVA_HOME",
                        old.getParent().getParent().toString(),
                        "PATH",
                        old.getParent() + ":" + System.getenv("PATH")),
                "",
                List.of(copy.toString(), "--data", data.toString(), "--background"));
        oneLine(
                outcome,
                "no Java 17 to 23 found in JAVA_HOME, PATH or /usr/lib/jvm; on Debian: apt-get install openjdk-17-jdk-headless");
        assertTrue(Files.notExists(data), "a start that failed leaves nothing");
    }

    // ---- whom an order is for

    private static void oneUsageError(String text, List<String> command) {
        Outcome outcome = Shell.run(command.toArray(String[]::new));
        assertEquals(2, outcome.status(), outcome.toString());
        assertEquals(1, outcome.err().lines().count(), outcome.toString());
        assertTrue(outcome.err().contains(text), outcome.toString());
    }

    /** A script whose variable is empty would otherwise stop node a, or delete its images. */
    @Test
    void anEmptyValueIsNotTheDefault() {
        String bin = "karaf-assembly/src/main/resources/bin/";
        for (String option : List.of("--node", "--data")) {
            String text = option + ": its value is empty";
            for (List<String> given : List.of(List.of(option, ""), List.of(option + "="))) {
                oneUsageError(text, command("./run", given, "--stop"));
                oneUsageError(text, command("./run", given, "--status"));
                oneUsageError(text, command(bin + "tidemark", given, "--background"));
                oneUsageError(text, command("./tm", given, "image:list"));
                oneUsageError(text, command("./tm", given, "--offline", "journal:verify", "v1"));
                oneUsageError(text, command(bin + "tidemark-journal", given, "journal:verify", "v1"));
            }
        }
        for (String option : List.of("--nbd", "--mirror")) {
            oneUsageError(option + ": its value is empty", command("./run", List.of(option, ""), "--status"));
        }
    }

    private static List<String> command(String script, List<String> given, String... rest) {
        List<String> words = new ArrayList<>(List.of(script));
        words.addAll(given);
        words.addAll(List.of(rest));
        return words;
    }

    /** Whoever wonders why another node was stopped looks there. */
    @Test
    void whatTheEnvironmentChangesIsInTheHelp() throws IOException {
        Pattern variable = Pattern.compile("\\$\\{(TIDEMARK_[A-Z_]+)");
        // Handed from one script to the next.
        Set<String> ours = Set.of("TIDEMARK_PROGRAM", "TIDEMARK_USAGE", "TIDEMARK_TM", "TIDEMARK_HOME");
        String bin = "karaf-assembly/src/main/resources/bin/";
        for (String script : List.of("./run", "./tm", bin + "tidemark", bin + "tidemark-journal", "./check")) {
            String help = Shell.run(script, "--help").good().text();
            Matcher matcher = variable.matcher(Files.readString(Shell.root().resolve(script)));
            while (matcher.find()) {
                assertTrue(
                        ours.contains(matcher.group(1)) || help.contains(matcher.group(1)),
                        script + " --help: " + matcher.group(1));
            }
        }
    }

    /** As a start refuses it. */
    @Test
    void anotherNodeThanTheNamedIsNeitherStoppedNorAsked() throws IOException {
        Path data = scratch.resolve("data");
        Files.createDirectories(data.resolve("etc"));
        Files.writeString(data.resolve("etc/node.properties"), "node = a\nnbd = 127.0.0.1:10809\n");
        String refused = data + " is the data directory of node a: say --node a, or another --data";
        String journal = "karaf-assembly/src/main/resources/bin/tidemark-journal";
        List<String> other = List.of("--node", "b", "--data", data.toString());
        oneUsageError(refused, command(journal, other, "journal:repair", "v1"));
        oneUsageError(refused, command("./tm", other, "--offline", "journal:repair", "v1"));
        for (String order : List.of("image:list", "--serving")) {
            answersThereIsNone(refused, "./tm", data, order);
        }
        for (String order : List.of("--stop", "--status")) {
            answersThereIsNone(refused, "./run", data, order);
        }
    }

    /** Under its own name, or under none. */
    private static void answersThereIsNone(String refused, String script, Path data, String order) {
        String directory = "--data=" + data;
        oneUsageError(refused, command(script, List.of("--node", "b", directory), order));
        for (List<String> given : List.of(List.of(directory, "--node=a"), List.of(directory))) {
            Outcome own = Shell.run(command(script, given, order).toArray(String[]::new));
            assertEquals(4, own.status(), own.toString());
        }
    }
}
