package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.journal.Journal;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A replica does nothing of its own where its source's client flushed: it forces whatever it received, and the image before it says
 * that it is checkpointed. So what was flushed at the source is there after each loss of power, from the journal or, where
 * that was trimmed, from the image alone; and either force is missed when it is left out.
 */
class ReplicaBarriersTest {
    private static final int SEEDS = 20;
    private static final int ROUNDS = 6;
    private static final int BLOCKS = 32;

    /** The source is written here and there, and flushed last. */
    private static long flushed(ReplicaRig rig, Random random) {
        for (int i = 1 + random.nextInt(12); i > 0; i--) {
            rig.write(random.nextInt(BLOCKS), 1 + random.nextInt(100));
        }
        return rig.flush().header().position().sequence();
    }

    private static void play(long seed, Steps steps) throws Exception {
        Random random = new Random(seed);
        ReplicaRig rig = ReplicaRig.lazy();
        rig.steps = steps;
        try (rig) {
            rig.start();
            for (int round = 0; round < ROUNDS; round++) {
                long barrier = flushed(rig, random);
                rig.sendAll();
                if (round % 2 == 1) {
                    rig.awaitHead(barrier);
                    rig.engine.checkpoint();
                    assertTrue(rig.engine.watermarks().checkpointed() >= barrier);
                    // Nobody but the image has it from now on: the source trims what was received, too.
                    rig.engine.trim(rig.engine.trimFloor());
                    assertEquals(barrier, rig.journal.trimmed());
                    // What comes later may be in the image already, as far as it is durable.
                    flushed(rig, random);
                    rig.sendAll();
                }
                long said = rig.progress().received();
                checkForced(rig, rig.engine.watermarks().checkpointed());
                rig.crash(0);
                assertTrue(rig.progress().received() >= said, "what was called received is gone");
                rig.awaitHead(said);
                rig.verifyAt(said);
            }
        }
    }

    /** Each block has a forced state that is no older than what the image calls its checkpoint. */
    private static void checkForced(ReplicaRig rig, long checkpointed) {
        byte[] forced = rig.image.forced();
        for (int block = 0; block < BLOCKS; block++) {
            int from = block * ReplicaRig.BLOCK;
            byte[] found = Arrays.copyOfRange(forced, from, from + ReplicaRig.BLOCK);
            boolean known = IntStream.rangeClosed((int) checkpointed, (int) rig.last())
                    .anyMatch(at -> Arrays.equals(
                            found, Arrays.copyOfRange(rig.states.get(at), from, from + ReplicaRig.BLOCK)));
            if (!known) {
                byte[] wanted = rig.states.get((int) checkpointed);
                assertArrayEquals(Arrays.copyOfRange(wanted, from, from + ReplicaRig.BLOCK), found, "block " + block);
            }
        }
    }

    @Test
    void whatWasFlushedAtTheSourceIsThereAfterALossOfPower() throws Exception {
        for (long seed = 0; seed < SEEDS; seed++) {
            play(seed, Steps.NORMAL);
        }
    }

    @Test
    void theForceOfTheImageIsMissed() {
        Steps broken = new Steps() {
            @Override
            protected void forceImage(BlockImage image) {}
        };
        for (long seed = 0; seed < SEEDS; seed++) {
            long one = seed;
            AssertionError found = assertThrows(AssertionError.class, () -> play(one, broken));
            assertTrue(found.getMessage().startsWith("block "), found.getMessage());
        }
    }

    @Test
    void theForceOfTheJournalIsMissed() {
        Steps broken = new Steps() {
            @Override
            protected long forceJournal(Journal journal) throws StorageException {
                return journal.appender().appended();
            }
        };
        for (long seed = 0; seed < SEEDS; seed++) {
            long one = seed;
            AssertionError found = assertThrows(AssertionError.class, () -> play(one, broken));
            assertTrue(found.getMessage().startsWith("what was called received is gone"), found.getMessage());
        }
    }
}
