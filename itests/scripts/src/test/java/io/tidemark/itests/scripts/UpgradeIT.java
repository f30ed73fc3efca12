package io.tidemark.itests.scripts;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
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
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What a new distribution does to a data directory, without starting Java: the distribution's script runs over a copy whose
 * Java only notes that it was called.
 */
@Tag("build")
class UpgradeIT {
    private static final String SHIPPED = "io.tidemark.image.file-default.cfg";

    private Path scratch;
    private Path home;
    private Path data;

    @BeforeEach
    void copyDistribution() throws IOException {
        scratch = Files.createTempDirectory(Shell.target(), "upgrade");
        home = Files.createDirectories(scratch.resolve("home"));
        data = scratch.resolve("data");
        Path assembly = Shell.root().resolve("karaf-assembly/target/assembly");
        Shell.run(
                        "cp",
                        "-a",
                        assembly.resolve("etc").toString(),
                        assembly.resolve("bin").toString(),
                        home.toString())
                .good();
        Path java = Files.createDirectories(scratch.resolve("jdk/bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\n[ \"$1\" = -version ] && echo 'openjdk version \"17.0.1\"' >&2\nexit 0\n");
        java.toFile().setExecutable(true);
    }

    @AfterEach
    void removeScratch() {
        Shell.run("rm", "-rf", scratch.toString());
    }

    private Outcome start() {
        return run("--nbd", "1").good();
    }

    private Outcome run(String... address) {
        List<String> words =
                new ArrayList<>(List.of(home.resolve("bin/tidemark").toString(), "--data", data.toString()));
        words.addAll(List.of(address));
        return Shell.run(scratch, Map.of("JAVA_HOME", scratch.resolve("jdk").toString()), "", words);
    }

    private void newVersion(String file, String text) throws IOException {
        Files.writeString(home.resolve("etc").resolve(file), text);
    }

    private String mine(String file) throws IOException {
        return Files.readString(data.resolve("etc").resolve(file));
    }

    @Test
    void shippedFilesFollowTheDistribution() throws IOException {
        start();
        assertTrue(mine(SHIPPED).contains("pool = default"));
        newVersion(SHIPPED, "pool = default\n# new\n");
        newVersion("io.tidemark.new.cfg", "key = value\n");
        Outcome outcome = start();
        assertEquals("pool = default\n# new\n", mine(SHIPPED));
        assertEquals("key = value\n", mine("io.tidemark.new.cfg"));
        assertEquals("", outcome.err());
        Files.delete(home.resolve("etc/io.tidemark.new.cfg"));
        start();
        assertFalse(Files.exists(data.resolve("etc/io.tidemark.new.cfg")), "no longer shipped and never edited");
    }

    @Test
    void anEditedFileStaysAndIsNamedWhenTheNewVersionChangesIt() throws IOException {
        start();
        Files.writeString(data.resolve("etc").resolve(SHIPPED), "pool = mine\n");
        assertEquals("", start().err(), "nothing new to say");
        newVersion(SHIPPED, "pool = default\n# new\n");
        Outcome outcome = start();
        assertEquals("pool = mine\n", mine(SHIPPED));
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().contains(SHIPPED + " was edited here and changed by this version"), outcome.err());
        assertEquals("", start().err(), "said once");
    }

    /**
     * Else who edited one is told at each version that it was changed. The features of Karaf are named with their versions, and so
     * change with each.
     */
    @Test
    void noFileThatIsShippedIsAnotherOneAtEachBuild() throws IOException {
        List<String> dated = new ArrayList<>();
        Pattern date = Pattern.compile("^#\\w{3} \\w{3} \\d{2} .* \\d{4}$", Pattern.MULTILINE);
        try (Stream<Path> files = Files.walk(home.resolve("etc"))) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                if (date.matcher(Files.readString(file)).find()) {
                    dated.add(file.getFileName().toString());
                }
            }
        }
        assertEquals(List.of("org.apache.karaf.features.cfg"), dated);
    }

    /** As an older version left it when the power went amid its first start: nobody said that it was edited. */
    @Test
    void aHalfCopiedFileOfAFirstStartIsNamed() throws IOException {
        Path options = Files.createDirectories(data.resolve("etc")).resolve("jvm.options");
        Files.writeString(options, "");
        Outcome outcome = start();
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().contains(options + " was there before this version came"), outcome.err());
        assertEquals("", start().err(), "said once");
    }

    @Test
    void aFileThatOnlyTheNewVersionHasIsNamedWhereThereIsOneOfItsName() throws IOException {
        start();
        Files.writeString(data.resolve("etc/io.tidemark.new.cfg"), "pool = mine\n");
        newVersion("io.tidemark.new.cfg", "pool = default\n");
        Outcome outcome = start();
        assertEquals("pool = mine\n", mine("io.tidemark.new.cfg"));
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().contains("io.tidemark.new.cfg was there before this version came"), outcome.err());
        assertEquals("", start().err(), "said once");
    }

    /** What was once taken and remembered. */
    @Test
    void anAddressWithoutBracketsIsKnownAgain() throws IOException {
        Path file = Files.createDirectories(data.resolve("etc")).resolve("node.properties");
        Files.writeString(file, "node = a\nnbd = 0:0:0:0:0:0:0:1:1\nmirror = fe80::1%lo:2\n");
        run().good();
        List<String> lines = Files.readAllLines(file);
        assertTrue(lines.contains("nbd = [0:0:0:0:0:0:0:1]:1"), lines.toString());
        assertTrue(lines.contains("mirror = [fe80::1%lo]:2"), lines.toString());
        run().good();
        assertEquals(lines, Files.readAllLines(file));
        // What has no port was never taken.
        Files.writeString(file, "node = a\nnbd = fe80::1\n");
        Outcome refused = run();
        assertEquals(2, refused.status(), refused.toString());
        assertTrue(refused.err().contains("nbd = fe80::1: an IPv6 address stands in brackets"), refused.err());
    }

    /** Killed whenever it was: the next start ends with what was shipped, and takes nothing for an edit. */
    @Test
    void aCopyThatWasCutGoesOn() throws IOException {
        Path kill = scratch.resolve("bin");
        for (String tool : List.of("cp", "sync", "mv")) {
            data = scratch.resolve("cut by " + tool);
            Shell.run("rm", "-rf", kill.toString()).good();
            Path dying = Files.createDirectories(kill).resolve(tool);
            // The second one writes half and dies with the script that called it.
            Files.writeString(
                    dying,
                    "#!/bin/sh\n[ -e " + kill + "/once ] || { touch " + kill + "/once; exec /bin/" + tool
                            + " \"$@\"; }\n" + "for last; do :; done\n[ " + tool
                            + " != cp ] || : >\"$last\"\nkill -9 $PPID\n");
            dying.toFile().setExecutable(true);
            Outcome cut = Shell.run(
                    scratch,
                    Map.of("JAVA_HOME", scratch.resolve("jdk").toString(), "PATH", kill + ":" + System.getenv("PATH")),
                    "",
                    List.of(home.resolve("bin/tidemark").toString(), "--data", data.toString(), "--nbd", "1"));
            assertTrue(cut.status() != 0, tool + ": " + cut);
            assertEquals("", start().err(), tool);
            Shell.run("diff", "-r", "-x", ".shipped", "-x", "node.properties", home + "/etc", data + "/etc")
                    .good();
        }
    }

    /** Half of the list would make edits of the files that it lacks, and no version to come would refresh them. */
    @Test
    void whatWasShippedIsRememberedOnAFullFileSystem() throws IOException {
        start();
        Path shipped = data.resolve("etc/.shipped");
        String before = Files.readString(shipped);
        // Its file is there already, so that nothing but the list is to be written.
        newVersion(SHIPPED, "pool = default\n# new\n");
        Files.copy(home.resolve("etc").resolve(SHIPPED), data.resolve("etc").resolve(SHIPPED), REPLACE_EXISTING);
        Path bin = Files.createDirectories(scratch.resolve("bin"));
        for (String tool : List.of("sort", "mv")) {
            Path full = bin.resolve(tool);
            // Writes as much as there is room for, to its output or to the file that it is told.
            Files.writeString(full, """
                    #!/bin/sh
                    [ "$1" != -z ] || exec /usr/bin/sort "$@"
                    [ "$2" != -o ] || exec >"$3"
                    [ "$0" = %s/mv ] || /usr/bin/sort -k2 | head -c 300
                    echo "${0##*/}: write failed: No space left on device" >&2
                    exit 2
                    """.formatted(bin));
            full.toFile().setExecutable(true);
            Outcome refused = Shell.run(
                    scratch,
                    Map.of("JAVA_HOME", scratch.resolve("jdk").toString(), "PATH", bin + ":" + System.getenv("PATH")),
                    "",
                    List.of(home.resolve("bin/tidemark").toString(), "--data", data.toString(), "--nbd", "1"));
            assertEquals(1, refused.status(), refused.toString());
            assertEquals(1, refused.err().lines().count(), refused.toString());
            assertTrue(
                    refused.err().contains("cannot write to " + data + "/etc (No space left on device): check its"),
                    refused.toString());
            assertEquals(before, Files.readString(shipped), tool);
            Files.delete(full);
        }
        start();
        newVersion("jvm.options", "-Xmx1g\n");
        assertEquals("", start().err());
        assertEquals("-Xmx1g\n", mine("jvm.options"));
    }

    @Test
    void aRemovedPoolStaysRemovedAndAFileOfKarafComesBack() throws IOException {
        start();
        Files.delete(data.resolve("etc").resolve(SHIPPED));
        Files.delete(data.resolve("etc/config.properties"));
        start();
        assertFalse(Files.exists(data.resolve("etc").resolve(SHIPPED)));
        assertTrue(Files.exists(data.resolve("etc/config.properties")));
    }

    @Test
    void filesOfTheOperatorAreNeverTouched() throws IOException {
        start();
        Path image = data.resolve("etc/io.tidemark.image-v1.cfg");
        Files.writeString(image, "size = 1G\n");
        newVersion(SHIPPED, "pool = default\n# new\n");
        start();
        assertEquals("size = 1G\n", Files.readString(image));
    }

    @Test
    void karafsDirectoryGoesWithItsDistributionAndKeepsTheLog() throws IOException {
        start();
        Path cache = Files.createDirectories(data.resolve("karaf/data/cache")).resolve("old");
        Files.writeString(cache, "");
        Path log = data.resolve("karaf/log/karaf.log");
        Files.writeString(log, "history\n");
        start();
        assertTrue(Files.exists(cache), "the same distribution");
        newVersion(SHIPPED, "pool = default\n# new\n");
        start();
        assertFalse(Files.exists(cache), "another distribution");
        assertEquals("history\n", Files.readString(log));
    }

    /** Its cache has whole paths of configuration files: those of the place where it was. */
    @Test
    void karafsDirectoryGoesWhenTheDataDirectoryIsElsewhere() throws IOException {
        start();
        Path first = data;
        Files.writeString(
                Files.createDirectories(data.resolve("karaf/data/cache")).resolve("old"), "");
        Files.writeString(data.resolve("karaf/log/karaf.log"), "history\n");
        data = scratch.resolve("copied");
        Shell.run("cp", "-a", first.toString(), data.toString()).good();
        start();
        assertFalse(Files.exists(data.resolve("karaf/data/cache/old")), "a copy");
        assertEquals("history\n", Files.readString(data.resolve("karaf/log/karaf.log")));
        data = scratch.resolve("moved");
        Files.move(first, data);
        start();
        assertFalse(Files.exists(data.resolve("karaf/data/cache/old")), "moved");
        // The same place by another name.
        Files.writeString(
                Files.createDirectories(data.resolve("karaf/data/cache")).resolve("old"), "");
        data = Files.createSymbolicLink(scratch.resolve("link"), data);
        start();
        assertTrue(Files.exists(data.resolve("karaf/data/cache/old")), "the same place");
    }

    @Test
    void theDistributionIsOnlyRead() throws IOException {
        String before = listing();
        start();
        start();
        assertEquals(before, listing());
    }

    /** Its lock tells the builds of a source tree that it is in use; whoever starts a node knows nothing of that. */
    @Test
    void aNodeHoldsItsDistribution() throws IOException {
        Path java = scratch.resolve("jdk/bin/java");
        Path held = scratch.resolve("held");
        Files.writeString(
                java,
                Files.readString(java)
                        .replace(
                                "\nexit 0",
                                "\n[ \"$1\" = -version ] || ! flock -xn " + home + " true || exit 1" + "\nflock -sn "
                                        + home + " touch " + held + "\nexit 0"));
        start();
        assertTrue(Files.exists(held), "several nodes may run on one distribution");
        Shell.run("flock", "-xn", home.toString(), "true").good();
    }

    private String listing() throws IOException {
        StringBuilder text = new StringBuilder();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted().toList()) {
                text.append(file)
                        .append(' ')
                        .append(Files.getLastModifiedTime(file))
                        .append('\n');
            }
        }
        return text.toString();
    }
}
