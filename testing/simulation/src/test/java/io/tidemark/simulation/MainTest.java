package io.tidemark.simulation;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command, as people run it, on what this build has just compiled. */
class MainTest {
    /** What a run did. */
    private record Outcome(int status, String out, String err) {}

    @TempDir
    private Path scratch;

    private final List<Path> links = new ArrayList<>();
    private Path script;

    /** A tree of its own says that all is built: in this one a source may have changed since somebody ran the command here. */
    @BeforeEach
    void copyCommand() throws IOException {
        Path root = Path.of("../..").toRealPath();
        Path tree = scratch.resolve("tree");
        script = copy(root, tree, "testing/simulation/simulate");
        copy(root, tree, "scripts/build.sh");
        link(tree.resolve("bundles"), root.resolve("bundles"));
        link(tree.resolve("testing/faults"), root.resolve("testing/faults"));
        Path target = Files.createDirectories(script.resolveSibling("target"));
        Path built = Path.of("target").toRealPath();
        link(target.resolve("test-classes"), built.resolve("test-classes"));
        Path lib = Files.createDirectories(target.resolve("lib"));
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(built.resolve("lib"), "*.jar")) {
            for (Path jar : jars) {
                link(lib.resolve(jar.getFileName()), jar);
            }
        }
        Files.createFile(target.resolve("simulate.classpath"));
        Path maven = Files.createDirectories(scratch.resolve("bin")).resolve("mvn");
        Files.writeString(maven, "#!/bin/sh\necho asked for Maven >&2\nexit 1\n");
        assertTrue(maven.toFile().setExecutable(true));
    }

    private void link(Path at, Path to) throws IOException {
        links.add(Files.createSymbolicLink(at, to));
    }

    /** Whoever removes the rest warns of each that leads out of it. */
    @AfterEach
    void removeLinks() throws IOException {
        for (Path link : links) {
            Files.delete(link);
        }
    }

    private static Path copy(Path root, Path tree, String file) throws IOException {
        Path to = tree.resolve(file);
        Files.createDirectories(to.getParent());
        return Files.copy(root.resolve(file), to, COPY_ATTRIBUTES);
    }

    private Outcome simulate(String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of(script.toString()));
        words.addAll(List.of(arguments));
        Path err = scratch.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(words).redirectError(err.toFile());
        builder.environment().put("PATH", scratch.resolve("bin") + ":" + System.getenv("PATH"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out, Files.readString(err));
    }

    @Test
    void someSeedsAreRunAndSeedsPerSecondPrinted() throws Exception {
        Outcome outcome = simulate("--seeds", "2", "--from", "5", "--threads", "1");
        assertEquals(0, outcome.status(), outcome.toString());
        assertEquals("", outcome.err());
        Pattern line = Pattern.compile(
                "2 seeds in [0-9.]+ s: [0-9.]+ seeds/s, [1-9][0-9]* steps, [1-9][0-9]* requests acknowledged, .* 0 failed\n");
        assertTrue(line.matcher(outcome.out()).matches(), outcome.toString());
    }

    @Test
    void oneSeedIsShownWithItsSteps() throws Exception {
        Outcome outcome = simulate("--seed", "5");
        assertEquals(0, outcome.status(), outcome.toString());
        assertTrue(outcome.out().lines().count() > 1000, outcome.toString());
        assertTrue(outcome.out().contains("seed 5: all is well after "), outcome.toString());
    }

    @Test
    void whatItDoesNotKnowIsNamed() throws Exception {
        Outcome outcome = simulate("--sedes", "2");
        assertEquals(2, outcome.status(), outcome.toString());
        assertTrue(outcome.out().startsWith("unknown option --sedes\nusage: "), outcome.toString());
    }
}
