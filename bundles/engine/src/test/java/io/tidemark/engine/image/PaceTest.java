package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PaceTest {
    /** Writes at random places save of a batch what is overwritten and what has neighbours; by how much of the image they are. */
    private static int runsOf(int writes, double blocks) {
        double density = writes / blocks;
        return (int) (blocks * (1 - Math.exp(-density)) * Math.exp(-density));
    }

    private static Pace after(int batches, int writes, double blocks, double larger) {
        Pace pace = new Pace();
        for (int i = 0; i < batches; i++) {
            pace.ended(writes, runsOf(writes, blocks), larger);
        }
        return pace;
    }

    @Test
    void whatIsWrittenAllOverALargeImageIsNotWaitedFor() {
        // 64 GiB, and 460 MiB in a batch; then 16 MiB.
        Pace pace = after(1, 115_000, 1 << 24, 1);
        assertTrue(pace.isEarly());
        for (int i = 0; i < 50; i++) {
            pace.ended(4096, runsOf(4096, 1 << 24), 28);
            assertTrue(pace.isEarly(), "batch " + i);
        }
    }

    @Test
    void whatFoldsIsWaitedFor() {
        assertFalse(new Pace().isEarly());
        assertFalse(after(3, 115_000, 1 << 18, 1).isEarly());
        // Neighbours only: one writes forward.
        Pace forward = new Pace();
        forward.ended(10_000, 40, 1);
        assertFalse(forward.isEarly());
    }

    @Test
    void smallBatchesShowThatItWouldBeWorthWaitingAgain() {
        Pace pace = after(1, 115_000, 1 << 24, 1);
        int batches = 0;
        while (pace.isEarly() && batches < 100) {
            pace.ended(4096, runsOf(4096, 1 << 18), 28);
            batches++;
        }
        assertTrue(batches < 10, batches + " batches of writes to 1 GiB");
        // One by itself that happens to save much does not show it.
        Pace once = after(1, 115_000, 1 << 24, 1);
        once.ended(4096, 1000, 28);
        assertTrue(once.isEarly());
    }

    @Test
    void fewWritesSayNothing() {
        Pace pace = new Pace();
        pace.ended(10, 10, 1);
        assertFalse(pace.isEarly());
    }

    /** Which part of the next batch has come in when one is written, by a device that takes so many runs at a time. */
    private static double whenWritten(Pace pace, double devicePerRound, double comesInPerRound, int total) {
        double written = 0;
        double cameIn = 0;
        while (written < total) {
            int runs = pace.runs(written / total, cameIn / total);
            assertTrue(runs >= Pace.LEAST_RUNS && runs <= BatchWriter.RUNS);
            // The more is under way, the less gets in between.
            written += devicePerRound * runs / BatchWriter.RUNS;
            cameIn += comesInPerRound * (1 - 0.5 * runs / BatchWriter.RUNS);
        }
        return cameIn / total;
    }

    @Test
    void aBatchIsDoneBeforeTheNextIsDueAndNotMuchSooner() {
        Pace pace = after(1, 115_000, 1 << 24, 1);
        double cameIn = 0;
        for (int i = 0; i < 20; i++) {
            cameIn = whenWritten(pace, 128, 30, 4096);
        }
        assertTrue(cameIn > 0.6 && cameIn < 0.8, cameIn + " of the next one");
    }

    @Test
    void whoCannotKeepUpWritesAsMuchAsItCanAtOnce() {
        Pace pace = after(1, 115_000, 1 << 24, 1);
        whenWritten(pace, 128, 500, 40_960);
        assertEquals(BatchWriter.RUNS, pace.runs(0.5, 0.9));
    }

    @Test
    void littleIsUnderWayWhereLittleComesIn() {
        Pace pace = after(1, 115_000, 1 << 24, 1);
        whenWritten(pace, 128, 1, 40_960);
        assertEquals(Pace.LEAST_RUNS, pace.runs(0.5, 0.1));
    }
}
