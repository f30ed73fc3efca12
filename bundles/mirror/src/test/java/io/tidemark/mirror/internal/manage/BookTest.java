package io.tidemark.mirror.internal.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.wish.EtcWishStore;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands write and what the container tells of, in whatever order. */
class BookTest {
    private static final WishKind KIND = new WishKind("x.thing", "thing", "# NAME\n");

    @TempDir
    Path etc;

    private final List<String> told = new ArrayList<>();
    private Book<String> book;

    @BeforeEach
    void make() {
        MachineContext machine = new MachineContext(4 << 20);
        book = new Book<>(
                KIND,
                new EtcWishStore(KIND, machine.files(), etc),
                new Turns(machine.workers()),
                BookTest::read,
                this::tell);
    }

    private static String read(Wish wish) {
        String value = wish.properties().getOrDefault("v", "");
        if (value.equals("wrong")) {
            throw new IllegalArgumentException("v: it is wrong");
        }
        return value;
    }

    private void tell(String name, Book.Page<String> before, Book.Page<String> now) {
        told.add(name + " " + text(before) + " " + text(now));
    }

    private static String text(Book.Page<String> page) {
        return page == null ? "-" : page.config() == null ? "refused" : page.config();
    }

    private Wish file(String name, String value) {
        return new Wish(etc.resolve("x.thing-" + name + ".cfg").toString(), name, Map.of("v", value));
    }

    @Test
    void eachChangeIsToldOnceWhoeverSaysIt() throws Exception {
        book.add("n", Map.of("v", "1"));
        book.wished(file("n", "1"));
        book.change("n", now -> Map.of("v", now + "2"));
        book.wished(file("n", "12"));
        book.wished(file("n", "3"));
        book.unwished(file("n", "").origin());
        book.unwished(file("n", "").origin());
        assertEquals(List.of("n - 1", "n 1 12", "n 12 3", "n 3 -"), told);
    }

    /** The container reads files only now and then, and may tell of what a command has replaced meanwhile. */
    @Test
    void whatIsToldLateIsNotTaken() throws Exception {
        book.add("n", Map.of("v", "1"));
        book.change("n", now -> Map.of("v", "2"));
        book.change("n", now -> Map.of("v", "3"));
        book.wished(file("n", "1"));
        book.wished(file("n", "2"));
        assertEquals("3", book.config("n").orElseThrow());
        book.wished(file("n", "3"));
        book.wished(file("n", "2"));
        assertEquals("2", book.config("n").orElseThrow(), "from now on it is what somebody wrote");
    }

    @Test
    void aRefusedConfigurationIsShownAndCanBeCorrected() throws Exception {
        book.wished(file("n", "wrong"));
        assertEquals("v: it is wrong", book.page("n").orElseThrow().refused());
        assertNull(book.page("n").orElseThrow().config());
        assertEquals(
                Reason.INVALID,
                assertThrows(StorageException.class, () -> book.change("n", now -> Map.of()))
                        .reason());
        book.wished(file("n", "1"));
        assertEquals(List.of("n - refused", "n refused 1"), told);
        assertEquals(
                Reason.INVALID,
                assertThrows(StorageException.class, () -> book.add("m", Map.of("v", "wrong")))
                        .reason());
        assertTrue(book.page("m").isEmpty());
    }

    @Test
    void namesAreTakenOnceAndRemovedWithTheirFiles() throws Exception {
        book.add("n", Map.of("v", "1"));
        Path path = etc.resolve("x.thing-n.cfg");
        assertTrue(Files.readString(path).startsWith("# n\n"));
        assertEquals(
                Reason.EXISTS,
                assertThrows(StorageException.class, () -> book.add("n", Map.of()))
                        .reason());
        assertEquals(
                Reason.INVALID,
                assertThrows(StorageException.class, () -> book.add("a/b", Map.of()))
                        .reason());
        book.remove("n", now -> null);
        assertTrue(Files.notExists(path));
        assertEquals(
                Reason.NOT_FOUND,
                assertThrows(StorageException.class, () -> book.remove("n", now -> null))
                        .reason());
        assertEquals(List.of("n - 1", "n 1 -"), told);
    }

    /** What a peer says must not become other lines of a file. */
    @Test
    void keysThatAreNoneAreRefused() {
        for (String key : List.of("a\nname", "a = b", "", "#a", "a b")) {
            assertEquals(
                    Reason.INVALID,
                    assertThrows(StorageException.class, () -> book.add("n", Map.of(key, "1")), key)
                            .reason());
        }
        assertEquals(List.of(), told);
    }

    /** Of two files for one name the first one counts, and the other one when that is gone. */
    @Test
    void ofTwoForOneNameTheFirstCounts() {
        Wish other = new Wish("/other", "n", Map.of("v", "other"));
        book.wished(file("n", "1"));
        book.wished(other);
        boolean first = file("n", "1").origin().compareTo("/other") < 0;
        assertEquals(first ? "1" : "other", book.config("n").orElseThrow());
        book.unwished(first ? file("n", "1").origin() : "/other");
        assertEquals(first ? "other" : "1", book.config("n").orElseThrow());
    }
}
