package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.EventHeader;
import io.tidemark.api.EventKind;
import io.tidemark.api.context.Clock;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.faults.ForwardingContext;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SteppedClockTest {
    private final AtomicLong stepNanos = new AtomicLong();

    private ForwardingContext stepping() {
        MachineContext machine = new MachineContext(32L << 20);
        return new ForwardingContext(machine) {
            @Override
            public Clock clock() {
                return new Clock() {
                    @Override
                    public long wallNanos() {
                        return machine.clock().wallNanos() + stepNanos.get();
                    }

                    @Override
                    public long monotonicNanos() {
                        return machine.clock().monotonicNanos();
                    }
                };
            }
        };
    }

    private static long steps(Rig rig) throws Exception {
        long steps = 0;
        try (JournalReader reader = rig.journal.reader(rig.journal.trimmed() + 1)) {
            for (EventHeader header = reader.next(); header != null; header = reader.next()) {
                steps += header.kind() == EventKind.CLOCK_STEP ? 1 : 0;
            }
        }
        return steps;
    }

    /** A journal that takes nothing at the moment, as between two batches, takes the step with the next request. */
    @Test
    void aStepIsJournaledThoughThereWasNoRoomWhenItWasSeen() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY, stepping())) {
            rig.write(0, 512, 1).succeeded();
            stepNanos.set(TimeUnit.HOURS.toNanos(-1));
            rig.journal.wantsForce = true;
            rig.write(512, 512, 2).succeeded();
            rig.write(1024, 512, 3).succeeded();
            assertEquals(1, steps(rig));
            assertEquals(1, rig.warnings.size(), rig.warnings.toString());
            rig.write(1024, 512, 4).succeeded();
            assertEquals(1, steps(rig));
        }
    }
}
