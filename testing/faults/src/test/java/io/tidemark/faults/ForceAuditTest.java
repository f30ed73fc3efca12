package io.tidemark.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Files;
import io.tidemark.api.context.Files.Mode;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A force that is needed passes; one that nobody needs, or that nobody comes to, does not. */
class ForceAuditTest {
    private static final Path SOURCES = Path.of("src/test/java");
    private static final Path FILE = Path.of("/data/file");

    private static void keep(Files files) throws StorageException {
        try (StorageFile made = files.open(FILE, Mode.CREATE)) {
            made.write(ByteBuffer.wrap(new byte[] {1}), 0);
            made.force();
        }
        files.forceDirectory(FILE.getParent());
    }

    private static void through(Files files) throws StorageException {
        try (StorageFile grown = files.open(FILE, Mode.WRITE)) {
            grown.setSize(StorageFile.DIRECT_ALIGNMENT_BYTES);
            grown.force();
            ByteBuffer block = StorageFile.allocateAligned(StorageFile.DIRECT_ALIGNMENT_BYTES);
            grown.writeThrough(block.put(0, (byte) 2), 0);
        }
    }

    private static void note(Files files) throws StorageException {
        try (StorageFile note = files.open(FILE.resolveSibling("note"), Mode.CREATE)) {
            note.force();
        }
    }

    /** For nobody. */
    static void remove(Files files, Path path) throws StorageException {
        files.delete(path);
        files.forceDirectory(path);
    }

    private static void story(SimulatedMachine machine) throws Exception {
        machine.disk().makeDirectories(FILE.getParent());
        Files files = machine.boot("first").files();
        keep(files);
        note(files);
        boolean through = machine.seed() % 2 == 0;
        if (through) {
            through(files);
        }
        machine.losePower();
        assertEquals(through ? 2 : 1, machine.disk().bytes(FILE)[0]);
    }

    private static ForceAudit audit() {
        return new ForceAudit().sources(SOURCES, ForceAuditTest.class.getName());
    }

    @Test
    void eachForceIsJudgedByItself() {
        Map<String, Runnable> checks =
                audit().story("it is there", 20, ForceAuditTest::story).checks();
        List<String> names = List.copyOf(checks.keySet());
        assertEquals(
                List.of(
                        "ForceAuditTest.keep: made.force()",
                        "ForceAuditTest.keep: files.forceDirectory(FILE.getParent())",
                        "ForceAuditTest.through: grown.force()",
                        "ForceAuditTest.through: grown.writeThrough(block.put(0, (byte) 2), 0)",
                        "ForceAuditTest.note: note.force()"),
                names.subList(0, 5));
        for (String missed : List.of(names.get(0), names.get(1), names.get(3))) {
            checks.get(missed).run();
        }
        assertTrue(complaint(checks.get(names.get(4))).startsWith("nobody misses " + names.get(4)));
        assertTrue(names.get(5).matches("ForceAuditTest\\.java:\\d+: files\\.forceDirectory\\(path\\)"), names.get(5));
        assertTrue(complaint(checks.get(names.get(5))).startsWith("no story comes to " + names.get(5)));
        assertEquals(6, names.size());
    }

    private static String complaint(Runnable check) {
        return assertThrows(AssertionError.class, check::run).getMessage();
    }

    @Test
    void aStoryThatFailsByItselfProvesNothing() {
        ForceAudit audit = audit().story("it is there", 20, machine -> {
            story(machine);
            throw new IllegalStateException("always");
        });
        assertThrows(SimulationFailure.class, audit::checks);
    }
}
