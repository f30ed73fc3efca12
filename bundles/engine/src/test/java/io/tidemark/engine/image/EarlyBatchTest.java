package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Clock;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.faults.ForwardingContext;
import org.junit.jupiter.api.Test;

/** Batches that are not waited for, beside a client that writes: the clock stands still, so it is never quiet. */
class EarlyBatchTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 2048;

    private final HandClock clock = new HandClock();

    private Rig rig() throws StorageException {
        ForwardingContext context = new ForwardingContext(new MachineContext(32L << 20)) {
            @Override
            public Clock clock() {
                return clock;
            }
        };
        Rig rig = new Rig(Rig.LAZY, context);
        rig.engine.resize((long) BLOCKS * BLOCK);
        rig.model = new byte[BLOCKS * BLOCK];
        return rig;
    }

    /** Every second block, so that none has a neighbour. */
    private static void write(Rig rig, int from, int to) throws StorageException {
        for (int i = from; i < to; i++) {
            rig.write(2L * i * BLOCK, BLOCK, i + 1).succeeded();
        }
    }

    private static long activeBytes(Rig rig) {
        Core core = rig.engine.core();
        synchronized (core.lock) {
            return core.activeBytes;
        }
    }

    private static long early(Rig rig) {
        return rig.engine.counters().get("apply.early");
    }

    @Test
    void whereWaitingSavesNothingABatchBeginsWhileItsPayloadIsInMemory() throws Exception {
        try (Rig rig = rig()) {
            write(rig, 0, 100);
            assertEquals(0, early(rig));
            rig.engine.checkpoint();
            rig.image.sets.clear();
            int next = 100;
            while (early(rig) == 0 && activeBytes(rig) < rig.settings.hotPayloadBytes() / 4) {
                write(rig, next, ++next);
            }
            assertTrue(next > 500 && next < 700, "a quarter of its memory: " + next + " blocks");
            Rig.eventually(
                    () -> rig.engine.watermarks().applied()
                            == rig.engine.watermarks().appended(),
                    "applied");
            assertEquals(1, early(rig));
            assertEquals(0, rig.engine.counters().get("apply.read-back.bytes"));
            for (String set : rig.image.sets) {
                assertTrue(set.split(" ").length < BatchWriter.RUNS, "a client writes beside it: " + set);
            }
            rig.verify();
        }
    }

    @Test
    void whereItSavesWritesABatchIsWaitedFor() throws Exception {
        try (Rig rig = rig()) {
            for (int i = 0; i < 4; i++) {
                write(rig, 0, 30);
            }
            rig.engine.checkpoint();
            write(rig, 100, 800);
            assertFalse(early(rig) > 0);
            assertTrue(activeBytes(rig) > rig.settings.hotPayloadBytes() / 4);
        }
    }
}
