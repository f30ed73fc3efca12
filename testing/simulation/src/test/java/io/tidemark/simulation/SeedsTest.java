package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The engine as it is, on some hundreds of seeds. */
class SeedsTest {
    private static final int SEEDS = Integer.getInteger("tidemark.simulation.seeds", 300);
    private static final int REPEATED = 15;
    private static final long UNTIL_DONE_SECONDS = 3600;

    @Test
    void nothingThatMustNeverHappenHappens() throws InterruptedException {
        Seeds.Summary summary = Seeds.run(1, SEEDS, UNTIL_DONE_SECONDS, 2, failure -> Main.report(failure, System.out));
        System.out.println(summary);
        assertEquals(0, summary.failed(), "seeds failed; see the output for each");
        assertTrue(SEEDS >= BreakagesTest.SEEDS, "the sound engine passes what finds the broken ones");
        assertTrue(summary.acknowledged() > 100L * SEEDS, "the clients got something done: " + summary);
        assertTrue(summary.overlaps() > SEEDS, "the journal was forced twice at once: " + summary);
        assertTrue(summary.besides() > SEEDS / 20, "sets of image writes were filled beside others: " + summary);
        assertTrue(summary.waits() > SEEDS / 20, "clients waited for the image to take what is in memory: " + summary);
        assertTrue(summary.inImage() > 10L * SEEDS, "writes were looked for in the image file: " + summary);
        assertTrue(summary.faults() > SEEDS / 20, "calls to the disk failed: " + summary);
        assertTrue(summary.full() > SEEDS / 2, "disks were full: " + summary);
    }

    @Test
    void oneSeedIsOneRun() {
        Set<Long> hashes = new HashSet<>();
        for (long seed = 1; seed <= REPEATED; seed++) {
            Simulation.Result first = new Simulation(seed, Breakage.NONE).run();
            assertEquals(first, new Simulation(seed, Breakage.NONE).run(), "seed " + seed);
            hashes.add(first.hash());
        }
        assertEquals(REPEATED, hashes.size());
    }

    /** It was once asked again and again instead, and time stood still. */
    @Test
    void aResizeThatFindsTheBatchFullWaitsForTheForceOfSomebodyElse() {
        new Simulation(451, Breakage.NONE).run();
    }
}
