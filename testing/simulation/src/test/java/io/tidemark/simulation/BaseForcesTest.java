package io.tidemark.simulation;

import static java.nio.file.Files.exists;
import static java.nio.file.Files.list;
import static java.nio.file.Files.readString;
import static java.nio.file.Files.walk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Files;
import io.tidemark.api.context.StorageFile;
import io.tidemark.base.machine.DurableDirectories;
import io.tidemark.base.wish.EtcWishStore;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishKind;
import io.tidemark.faults.ForceAudit;
import io.tidemark.faults.SimulatedMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Each force that the base bundle makes for others is missed when it is left out: what a command has reported as done is lost, or
 * what was made in a new directory.
 */
class BaseForcesTest {
    private static final Path BUNDLES = Path.of("../../bundles");
    private static final String SOURCES = "src/main/java";
    private static final String TESTS = "src/test/java";
    private static final WishKind KIND = new WishKind("io.tidemark.image", "image", "# Image NAME.\n");
    private static final Path ETC = Path.of("/etc");
    private static final int SEEDS = 20;

    @TestFactory
    Stream<DynamicTest> eachForceIsMissed() {
        ForceAudit audit = new ForceAudit()
                .sources(BUNDLES.resolve("base").resolve(SOURCES))
                .story("what was added and changed is there", SEEDS, BaseForcesTest::changed)
                .story("what was removed is gone", SEEDS, BaseForcesTest::removed)
                .story("a directory that was made is there", SEEDS, BaseForcesTest::made);
        return audit.checks().entrySet().stream()
                .map(check -> DynamicTest.dynamicTest(check.getKey(), check.getValue()::run));
    }

    private static EtcWishStore store(SimulatedMachine machine) {
        return new EtcWishStore(KIND, machine.boot("node").files(), ETC);
    }

    private static void changed(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ETC);
        EtcWishStore store = store(machine);
        Wish wish = store.add(new Wish("", "disk", Map.of("commit", "journal")));
        if (machine.seed() % 2 == 0) {
            store.change(wish, Map.of("commit", "volatile"));
        }
        machine.losePower();
        String expected = machine.seed() % 2 == 0 ? "volatile" : "journal";
        String text = text(machine.boot("next").files(), store.file("disk"));
        assertTrue(text.contains("commit = " + expected), text);
    }

    private static void removed(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ETC);
        EtcWishStore store = store(machine);
        store.remove(store.add(new Wish("", "disk", Map.of())));
        machine.losePower();
        assertFalse(machine.boot("next").files().exists(store.file("disk")), "the image comes back");
    }

    private static void made(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(ETC);
        Path deep = ETC.resolve("a/b");
        DurableDirectories.make(machine.boot("node").files(), deep);
        machine.losePower();
        Files files = machine.boot("next").files();
        assertTrue(files.exists(deep), "of it there is " + files.list(ETC));
    }

    /**
     * Who forces without {@code Files}, so that no simulated disk sees it: the machine's own files, whose forces {@code PowerLossTest}
     * needs, and what is written for people, or once for the node.
     */
    private static final Set<String> PAST_THE_FILES =
            Set.of("MachineFile.java", "MachineFiles.java", "PartFile.java", "TmFile.java", "NodeKey.java");

    /** A bundle that forces files has an audit among its tests; that of base is this one, and that of engine beside it. */
    @Test
    void whoeverForcesHasAnAudit() throws IOException {
        Set<String> forcing = new TreeSet<>();
        Set<String> audited = new TreeSet<>(Set.of("base", "engine"));
        Set<String> past = new TreeSet<>();
        try (Stream<Path> bundles = list(BUNDLES)) {
            for (Path bundle :
                    bundles.filter(each -> exists(each.resolve(SOURCES))).toList()) {
                String name = bundle.getFileName().toString();
                if (Stream.of(".force()", ".forceDirectory(", ".writeThrough(")
                        .anyMatch(call -> !saying(bundle.resolve(SOURCES), call).isEmpty())) {
                    forcing.add(name);
                }
                if (!saying(bundle.resolve(TESTS), "new ForceAudit()").isEmpty()) {
                    audited.add(name);
                }
                past.addAll(saying(bundle.resolve(SOURCES), ".force(true)"));
                past.addAll(saying(bundle.resolve(SOURCES), ".force(false)"));
            }
        }
        assertEquals(audited, forcing);
        assertEquals(new TreeSet<>(PAST_THE_FILES), past);
    }

    /** Names of the sources with a text in them. */
    private static Set<String> saying(Path root, String what) {
        Set<String> names = new TreeSet<>();
        if (!exists(root)) {
            return names;
        }
        try (Stream<Path> files = walk(root)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                if (readString(file).contains(what)) {
                    names.add(file.getFileName().toString());
                }
            }
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(Files files, Path path) throws Exception {
        try (StorageFile file = files.open(path, Files.Mode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            assertEquals(bytes.capacity(), file.read(bytes, 0));
            return new String(bytes.array(), StandardCharsets.ISO_8859_1);
        }
    }
}
