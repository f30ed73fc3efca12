package io.tidemark.engine.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.journal.Journal.JournalStatus;
import org.junit.jupiter.api.Test;

class JournalLevelTest {
    private final JournalLevel level = new JournalLevel();

    private String at(long percent) {
        return level.look(new JournalStatus(percent << 20, 100L << 20, 0, 1, 0, 0, 0, 0, 0), 0.8, "age keeps a day");
    }

    @Test
    void isToldOnceAndAgainWhenTheJournalWasClearlyEmptier() {
        assertEquals("", at(79));
        String line = at(80);
        assertTrue(line.startsWith("its journal is 80 % full, 80 MiB of 100 MiB: age keeps a day; raise"), line);
        assertEquals("", at(95));
        assertEquals("", at(79));
        assertEquals("", at(85));
        assertEquals("", at(74));
        assertTrue(at(81).startsWith("its journal is 81 % full"));
    }
}
