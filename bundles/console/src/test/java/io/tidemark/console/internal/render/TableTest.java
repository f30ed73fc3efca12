package io.tidemark.console.internal.render;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void textStandsLeftAndNumbersRight() {
        String table = new Table()
                .text("NAME")
                .number("SIZE")
                .text("POOL")
                .row("vm1", "10 GiB", "default")
                .row("a-long-name", "1 B", "")
                .render();
        assertEquals("""
                NAME           SIZE  POOL
                vm1          10 GiB  default
                a-long-name     1 B
                """, table);
    }

    @Test
    void everyRowHasACellForEachColumn() {
        assertThrows(IllegalArgumentException.class, () -> new Table().text("A").row("1", "2"));
    }

    @Test
    void factsAreAlignedAndWrapped() {
        String facts = new Facts()
                .group("One")
                .fact("a", "x")
                .fact("long name", "some words that are wrapped here")
                .fact("empty", "")
                .group("Nothing")
                .group("Two")
                .fact("b", "y")
                .render(30);
        assertEquals("""
                One
                  a          x
                  long name  some words that
                             are wrapped here

                Two
                  b          y
                """, facts);
    }

    @Test
    void valuesAreForPeople() {
        assertEquals("-", Words.size(-1));
        assertEquals("1.5 GiB", Words.size(3L << 29));
        assertEquals("1,234 events", Words.count(1234, "event"));
        assertEquals("1 event", Words.count(1, "event"));
        assertEquals("33 %", Words.percent(1, 3));
        assertEquals("", Words.percent(1, 0));
        assertEquals("2026-01-01 00:00:00Z", Words.time(1_767_225_600_000_000_000L));
        assertEquals("-", Words.time(0));
        assertEquals("2026-01-01T00:00:00.000000001Z", Words.isoTime(1_767_225_600_000_000_001L));
    }
}
