package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** The latency of reads is that of image and journal: memory answers so many in no time that nothing else would be seen. */
class ReadLatencyTest {
    private static final long SLOW_NANOS = 5_000_000;

    private static void counts(Rig rig, long reads) {
        assertEquals(reads, rig.engine.counters().get("read.nanos.count"));
    }

    private static void takeTime() {
        long until = System.nanoTime() + SLOW_NANOS;
        while (System.nanoTime() < until) {
            LockSupport.parkNanos(SLOW_NANOS);
        }
    }

    private static void written(Rig rig) throws StorageException {
        rig.write(0, 4096, 1).succeeded();
        rig.write(4096, 4096, 2).succeeded();
    }

    @Test
    void whatMemoryAnswersIsNotCounted() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            written(rig);
            rig.read(0, 8192);
            rig.read(512, 4096);
            counts(rig, 0);
            assertEquals(2, rig.engine.counters().get("reads"));
        }
    }

    @Test
    void whatHasToComeFromTheImageIsCounted() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            written(rig);
            rig.image.beforeRead = ReadLatencyTest::takeTime;
            rig.read(4096, 4096);
            counts(rig, 0);
            rig.read(4096, 8192);
            counts(rig, 1);
            assertTrue(rig.engine.counters().get("read.nanos.max") >= SLOW_NANOS);
        }
    }

    @Test
    void whatHasToComeFromTheJournalIsCounted() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            written(rig);
            rig.crash(0);
            rig.read(0, 8192);
            counts(rig, 1);
            assertEquals(1, rig.engine.counters().get("reads.from-journal"));
        }
    }
}
