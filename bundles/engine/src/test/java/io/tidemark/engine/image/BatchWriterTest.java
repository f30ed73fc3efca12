package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BatchWriterTest {
    private static final int BLOCK = 4096;

    private static void write(Rig rig, int block, int blocks) throws Exception {
        rig.write((long) block * BLOCK, blocks * BLOCK, block + 1).succeeded();
    }

    private static void applied(Rig rig) throws Exception {
        rig.engine.checkpoint();
        assertArrayEquals(rig.model, rig.image.bytes());
        rig.verify();
    }

    @Test
    void scatteredRunsGoToTheImageInOneCallAndNeighboursAsOneRun() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            for (int block : new int[] {40, 10, 3, 12, 11, 90}) {
                write(rig, block, 1);
            }
            applied(rig);
            assertEquals(List.of("3+1 10+3 40+1 90+1"), rig.image.sets);
            assertEquals(4, rig.image.writes);
        }
    }

    @Test
    void aCallHasAHundredAndTwentyEightRunsAtMost() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            for (int i = 0; i < 300; i++) {
                rig.write(i * 1024, 512, i + 1).succeeded();
            }
            applied(rig);
            assertEquals(
                    List.of(128, 128, 44),
                    rig.image.sets.stream().map(set -> set.split(" ").length).toList());
            assertEquals(300, rig.image.writes);
        }
    }

    @Test
    void longPayloadAndClearsComeBetween() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            write(rig, 1, 1);
            write(rig, 3, 1);
            write(rig, 10, 32);
            write(rig, 50, 1);
            rig.discard(60 * BLOCK, BLOCK).succeeded();
            write(rig, 70, 1);
            write(rig, 72, 1);
            applied(rig);
            assertEquals(List.of("1+1 3+1", "50+1", "70+1 72+1"), rig.image.sets);
        }
    }

    /** Long payload that is read back from the journal then goes in parts. */
    @Test
    void batchesDoNotWaitForPayloadMemory() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(30 * BLOCK, 100 * BLOCK + 512, 9).succeeded();
            for (int block = 160; block < 190; block += 2) {
                write(rig, block, 1);
            }
            List<Payload> all = new ArrayList<>();
            takeAll(rig, all);
            // Whoever wants memory now gets what the image could read back.
            all.add(rig.session.take(100 * BLOCK + 512));
            takeAll(rig, all);
            applied(rig);
            assertTrue(rig.image.sets.contains("30+16"), rig.image.sets.toString());
            assertTrue(rig.image.sets.contains("126+4"), rig.image.sets.toString());
            all.forEach(Payload::release);
        }
    }

    /** Many images may apply what little they have at the same moment. */
    @Test
    void aSmallBatchTakesLittlePayloadMemory() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            PayloadPool pool = rig.context.payloads();
            long[] used = new long[1];
            rig.image.beforeWrite = () -> used[0] = Math.max(used[0], pool.usedBytes());
            rig.write(10 * BLOCK, 100 * BLOCK, 9).succeeded();
            long waiting = pool.usedBytes();
            applied(rig);
            assertTrue(used[0] >= waiting + 100 * BLOCK, used[0] + " bytes: a batch that long is staged at once");
            used[0] = 0;
            write(rig, 3, 1);
            applied(rig);
            assertTrue(used[0] > 0 && used[0] <= 128 << 10, used[0] + " bytes for one block");
        }
    }

    /** A device that is written to and an applier that reads the next set need not wait for each other. */
    @Test
    void aSetIsFilledWhileTheOneBeforeIsWritten() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            writeCold(rig, 160);
            AtomicInteger meanwhile = new AtomicInteger();
            rig.journal.beforeBody = () -> meanwhile.addAndGet(rig.image.underWay);
            applied(rig);
            assertTrue(rig.image.sets.size() >= 2, rig.image.sets.toString());
            assertTrue(meanwhile.get() >= 80, meanwhile + " of 160 blocks were read beside a write");
        }
    }

    @Test
    void aSmallBatchGoesInTwoSetsOnlyIfItHasManyRuns() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            for (int block = 0; block < 30; block += 2) {
                write(rig, block, 1);
            }
            applied(rig);
            assertEquals(1, rig.image.sets.size(), rig.image.sets.toString());
            rig.image.sets.clear();
            // The longer one does not fit into half of the memory beside the others.
            write(rig, 40, 6);
            for (int block = 50; block < 82; block += 2) {
                write(rig, block, 1);
            }
            applied(rig);
            assertEquals(2, rig.image.sets.size(), rig.image.sets.toString());
        }
    }

    @Test
    void aSetThatFindsNoSpaceWhileTheNextIsFilledIsRepeatedAsAWhole() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            writeCold(rig, 160);
            rig.image.fullAtSet = 1;
            Rig.eventually(() -> isCheckpointed(rig), "that space is found again");
            applied(rig);
            assertEquals(rig.image.sets.get(1), rig.image.sets.get(2));
            long others = rig.image.sets.stream().distinct().count();
            assertEquals(others + 1, rig.image.sets.size(), "only that one is repeated: " + rig.image.sets);
        }
    }

    /** The memory of a set goes back to everybody: before that the device has to have done with it. */
    @Test
    void aBatchThatFailsWaitsForWhatIsUnderWay() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            writeCold(rig, 160);
            AtomicInteger reads = new AtomicInteger();
            rig.journal.beforeBody = () -> rig.journal.corruptBodies = reads.incrementAndGet() > 100;
            assertThrows(StorageException.class, rig.engine::checkpoint);
            Rig.eventually(() -> !rig.failures.isEmpty(), "that the failure is told");
            assertTrue(rig.failures.get(0).startsWith("JOURNAL"), rig.failures.toString());
            assertEquals(0, rig.image.underWay);
            assertTrue(rig.image.sets.size() > 0, "a set was under way");
        }
    }

    /** Blocks whose payload has to be read back from the journal, every second neighbour of the one before. */
    private static void writeCold(Rig rig, int blocks) throws Exception {
        for (int i = 0; i < blocks; i++) {
            write(rig, i * 3 / 2, 1);
        }
        List<Payload> all = new ArrayList<>();
        takeAll(rig, all);
        all.add(rig.session.take(BLOCK));
        all.forEach(Payload::release);
    }

    private static void takeAll(Rig rig, List<Payload> into) {
        PayloadPool pool = rig.context.payloads();
        for (int size = 1 << 20; size >= 512; size /= 2) {
            for (Payload payload = pool.tryTake(size); payload != null; payload = pool.tryTake(size)) {
                into.add(payload);
            }
        }
    }

    @Test
    void aCallThatFindsNoSpaceIsRepeatedAsAWhole() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            for (int block = 0; block < 20; block += 2) {
                write(rig, block, 1);
            }
            rig.image.fullAtSet = 0;
            Rig.eventually(() -> isCheckpointed(rig), "that space is found again");
            applied(rig);
            assertEquals(2, rig.image.sets.size());
            assertEquals(rig.image.sets.get(0), rig.image.sets.get(1));
        }
    }

    /** While there is no space, a checkpoint says so instead of waiting. */
    private static boolean isCheckpointed(Rig rig) {
        try {
            rig.engine.checkpoint();
            return true;
        } catch (StorageException e) {
            assertEquals(Reason.NO_SPACE, e.reason());
            return false;
        }
    }

    @Test
    void aCallThatFailsFailsTheImage() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            write(rig, 1, 1);
            write(rig, 3, 1);
            rig.image.failNextWrite = true;
            assertThrows(StorageException.class, rig.engine::checkpoint);
            Rig.eventually(() -> !rig.failures.isEmpty(), "that the failure is told");
            assertTrue(rig.failures.get(0).startsWith("IMAGE"), rig.failures.toString());
        }
    }
}
