package io.tidemark.base.wish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyReaderTest {
    private static KeyReader reader(Map<String, ?> properties) {
        return KeyReader.of(properties, Map.of("tidemark.data", "/data")::get, Map.of());
    }

    private interface Read {
        Object from(KeyReader reader);
    }

    private static void refused(Object value, Read read, String why) {
        String message = assertThrows(IllegalArgumentException.class, () -> read.from(reader(Map.of("key", value))))
                .getMessage();
        assertTrue(message.startsWith("key: "), message);
        assertTrue(message.contains(why), message);
    }

    @Test
    void valuesAreReadAsTheyAreWritten() {
        KeyReader reader = reader(Map.of("n", 7, "t", " True ", "c", "seconds", "p", "a/b", "q", "/c"));
        assertEquals(7, reader.integer("n", 1));
        assertTrue(reader.truth("t", false));
        assertEquals(TimeUnit.SECONDS, reader.choice("c", TimeUnit.class, TimeUnit.DAYS));
        assertEquals(Path.of("/data/a/b"), reader.path("p", null));
        assertEquals(Path.of("/c"), reader.path("q", null));
        assertEquals(
                Path.of("a/b"),
                KeyReader.of(Map.of("p", "a/b"), name -> null, Map.of()).path("p", null));
    }

    @Test
    void whatIsMissingOrEmptyIsTheFallback() {
        for (Map<String, String> none : Set.of(Map.<String, String>of(), Map.of("key", " "))) {
            KeyReader reader = reader(none);
            assertFalse(reader.has("key"));
            assertEquals(3, reader.integer("key", 3));
            assertTrue(reader.truth("key", true));
            assertEquals(TimeUnit.DAYS, reader.choice("key", TimeUnit.class, TimeUnit.DAYS));
            assertNull(reader.path("key", null));
            assertEquals(Path.of("/data/x"), reader.path("key", "x"));
            assertEquals("", reader.secret("key"));
            assertEquals("a", reader.text("key", "a"));
            assertEquals(none.isEmpty() ? "a" : "", reader.given("key", "a"), "empty may mean something");
        }
    }

    @Test
    void whatCannotBeTakenIsNamedByItsKey() {
        refused("7x", reader -> reader.integer("key", 1), "'7x' is no whole number");
        refused("yes", reader -> reader.truth("key", true), "'yes' is neither true nor false");
        refused("weeks", reader -> reader.choice("key", TimeUnit.class, TimeUnit.DAYS), "'weeks' is none of [nano");
        refused("a\0b", reader -> reader.path("key", null), "is no path");
        refused("/no/such/file", reader -> reader.secret("key"), "cannot read /no/such/file");
    }

    @Test
    void whatTheStartScriptSaysCountsWhereTheConfigurationHasNoKey() {
        Map<String, String> started = Map.of("host", "tidemark.x.host");
        Map<String, String> framework = Map.of("tidemark.x.host", "1.2.3.4");
        assertEquals("1.2.3.4", KeyReader.of(Map.of(), framework::get, started).given("host", "none"));
        assertEquals(
                "", KeyReader.of(Map.of("host", ""), framework::get, started).given("host", "none"));
        assertEquals("none", KeyReader.of(Map.of(), name -> " ", started).given("host", "none"));
    }

    @Test
    void keysThatNobodyReadsAreRefusedButThoseOfTheContainer() {
        reader(Map.of("a", 1, "service.pid", "x", "JournalStore.target", "(pool=x)"))
                .checkKeys(Set.of("a", "b"));
        String message = assertThrows(IllegalArgumentException.class, () -> reader(Map.of("c", 1))
                        .checkKeys(Set.of("b", "a")))
                .getMessage();
        assertEquals("c: there is no such key; there are a, b", message);
        String dotted = assertThrows(IllegalArgumentException.class, () -> reader(Map.of("payload.capacty", 1))
                        .checkKeys(Set.of("payload.capacity", "stop.timeout")))
                .getMessage();
        assertEquals("payload.capacty: there is no such key; write payload.capacity", dotted);
    }

    @Test
    void theKeyThatWasMeantIsNamed() {
        Set<String> keys = Set.of("journal.limit", "journal.warn", "backlog.limit", "size");
        assertEquals("; write journal.limit", KeyReader.nearest("journalLimit", keys));
        assertEquals("; write journal.limit", KeyReader.nearest("jornal.limt", keys));
        assertEquals("; write size", KeyReader.nearest("sise", keys));
        assertEquals("; there are backlog.limit, journal.limit, journal.warn, size", KeyReader.nearest("colour", keys));
    }

    /** File install reads both, in the order of the directory or of their changes, and the last one counts. */
    @Test
    void aConfigurationInTwoFilesIsRefusedByBothNames(@TempDir Path etc) throws Exception {
        Path cfg = Files.writeString(etc.resolve("io.tidemark.nbd.cfg"), "a = 1\n");
        Map<String, ?> properties =
                Map.of("a", 1, Configurations.FILE, cfg.toUri().toString());
        reader(properties).checkKeys(Set.of("a"));
        Path config = Files.writeString(etc.resolve("io.tidemark.nbd.config"), "a=\"2\"\n");
        for (Path file : Set.of(cfg, config)) {
            Map<String, ?> read =
                    Map.of("a", 1, Configurations.FILE, file.toUri().toString());
            String message = assertThrows(
                            IllegalArgumentException.class, () -> reader(read).checkKeys(Set.of("a")))
                    .getMessage();
            assertTrue(message.contains("io.tidemark.nbd.cfg"), message);
            assertTrue(message.contains("io.tidemark.nbd.config"), message);
        }
        Files.delete(config);
        reader(properties).checkKeys(Set.of("a"));
    }

    @Test
    void aSecretStandsInAFile(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("password"), " secret \n");
        assertEquals("secret", reader(Map.of("key", file)).secret("key"));
    }
}
