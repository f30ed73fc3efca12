package io.tidemark.base.wish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.faults.FaultyFiles;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class EtcWishStoreTest {
    static final WishKind IMAGES = new WishKind("io.tidemark.image", "image", "# Image NAME.\n");

    @TempDir
    Path etc;

    private EtcWishStore store() {
        return new EtcWishStore(IMAGES, new MachineFiles(), etc);
    }

    private static Map<String, String> read(String text) throws Exception {
        Properties properties = new Properties();
        properties.load(new StringReader(text));
        Map<String, String> map = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> map.put(key, properties.getProperty(key)));
        return map;
    }

    private Map<String, String> file(String name) throws Exception {
        return read(Files.readString(etc.resolve(name), StandardCharsets.ISO_8859_1));
    }

    @Test
    void aWishBecomesAFileThatReadsBack() throws Exception {
        Map<String, String> properties = Map.of("commit", "journal", "description", "für C:\\data = 100 %");
        Wish stored = store().add(new Wish("", "disk-1", properties));
        assertEquals(etc.resolve("io.tidemark.image-disk-1.cfg").toString(), stored.origin());
        assertEquals(properties, file("io.tidemark.image-disk-1.cfg"));
        assertTrue(Files.readString(etc.resolve("io.tidemark.image-disk-1.cfg")).startsWith("# Image disk-1.\n"));
        assertEquals(1, new MachineFiles().list(etc).size(), "no temporary file is left");
        assertEquals(
                Reason.EXISTS,
                assertThrows(StorageException.class, () -> store().add(new Wish("", "disk-1", Map.of())))
                        .reason());
        store().remove(stored);
        assertEquals(0, new MachineFiles().list(etc).size());
    }

    @Test
    void whatPeopleWroteStays() throws Exception {
        Path path = etc.resolve("io.tidemark.image-disk.cfg");
        String text =
                "# f\u00fcr mich\n\nsize=1G\n  journal.limit : 2G\n#journal.limit=9G\ntrim = age, \\\n   size\ntrim.age=1h\n";
        Files.writeString(path, text, StandardCharsets.ISO_8859_1);
        Wish wish = new Wish(path.toString(), "disk", read(text));
        store().change(wish, Map.of("size", "", "journal.limit", "3G", "trim", "age", "commit", "volatile"));
        assertEquals(
                "# f\u00fcr mich\n\njournal.limit = 3G\n#journal.limit=9G\ntrim = age\ntrim.age=1h\ncommit = volatile\n",
                Files.readString(path, StandardCharsets.ISO_8859_1));
    }

    @Test
    void aKeyThatStandsTwiceIsReplacedOnce() {
        assertEquals("a = 3\nb = 1\n", CfgText.edit("a=1\nb = 1\na 2\n", Map.of("a", "3")));
        assertEquals("b = 1\n", CfgText.edit("a=1\nb = 1\na 2\n", Map.of("a", "")));
        assertEquals("", CfgText.edit("", Map.of("a", "")));
    }

    @Test
    void valuesThatAFileCannotHoldAreRefused() {
        for (String value : new String[] {"a\nb", "a\u0000", "${secret}"}) {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> CfgText.check("description", value))
                    .getMessage()
                    .startsWith("description: "));
        }
        CfgText.check("description", "plain \u00fc\t$ {x}");
    }

    /** A line that is written without quotes makes such a file unreadable as a whole. */
    @Test
    void aFileWithTypedValuesIsLeftToWhoWroteIt() throws Exception {
        Path path = etc.resolve("io.tidemark.image-disk.config");
        Files.writeString(path, "size=\"1G\"\n");
        Wish wish = new Wish(path.toString(), "disk", Map.of("size", "1G"));
        StorageException refusal = assertThrows(StorageException.class, () -> store().change(wish, Map.of("size", "")));
        assertTrue(refusal.getMessage().contains("by a file io.tidemark.image-disk.cfg"), refusal::getMessage);
        assertEquals("size=\"1G\"\n", Files.readString(path));
        assertEquals(
                Reason.EXISTS,
                assertThrows(StorageException.class, () -> store().add(new Wish("", "disk", Map.of())))
                        .reason());
    }

    /** As the cache of a copied data directory may tell of it. */
    @Test
    void aFileOfAnotherDirectoryIsLeftAlone(@TempDir Path other) throws Exception {
        Path path = other.resolve("io.tidemark.image-disk.cfg");
        Files.writeString(path, "size = 1G\n");
        Wish wish = new Wish(path.toString(), "disk", Map.of("size", "1G"));
        List<Executable> orders =
                List.of(() -> store().change(wish, Map.of("trim", "age")), () -> store().remove(wish));
        for (Executable order : orders) {
            StorageException refusal = assertThrows(StorageException.class, order);
            assertEquals(Reason.INVALID, refusal.reason());
            assertTrue(
                    refusal.getMessage().contains("image disk is " + path + ", which is not in " + etc),
                    refusal::getMessage);
        }
        assertEquals("size = 1G\n", Files.readString(path));
        assertEquals(0, new MachineFiles().list(etc).size());
    }

    @Test
    void aFailureLeavesTheOldFile() throws Exception {
        Wish stored = store().add(new Wish("", "disk", Map.of("commit", "journal")));
        Path temporary = etc.resolve("io.tidemark.image-disk.cfg.new");
        Files.createDirectories(temporary.resolve("in the way"));
        assertThrows(StorageException.class, () -> store().change(stored, Map.of("commit", "volatile")));
        assertEquals(Map.of("commit", "journal"), file("io.tidemark.image-disk.cfg"));
    }

    /** The file had its name by then, and whoever asked was told that there is none. */
    @Test
    void aNameThatCannotBeForcedIsTakenBack() throws Exception {
        FaultyFiles files = new FaultyFiles(new MachineFiles());
        EtcWishStore store = new EtcWishStore(IMAGES, files, etc);
        String force = "force " + etc.getFileName();
        files.failNext(force);
        assertThrows(StorageException.class, () -> store.add(new Wish("", "disk", Map.of("commit", "journal"))));
        assertEquals(List.of(), files.list(etc));
        Wish stored = store.add(new Wish("", "disk", Map.of("commit", "journal")));
        files.failNext(force);
        assertThrows(StorageException.class, () -> store.change(stored, Map.of("commit", "volatile")));
        assertEquals(Map.of("commit", "journal"), file("io.tidemark.image-disk.cfg"));
        assertEquals(1, files.list(etc).size());
        store.change(stored, Map.of("commit", "volatile"));
        assertEquals(Map.of("commit", "volatile"), file("io.tidemark.image-disk.cfg"));
    }
}
