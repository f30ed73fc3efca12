package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tidemark.api.context.Workers;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.faults.ForwardingContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A worker that rested gets no thread just when it is woken: what it was woken from goes on, and it works soon after. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LackOfThreadsTest {
    /** Threads end as soon as they have nothing to do, and the machine has none for one that a test names. */
    private static final class Scarce extends ForwardingContext {
        private final Map<String, Worker> last = new ConcurrentHashMap<>();
        private volatile String refused = "";

        Scarce() {
            super(new MachineContext(32L << 20));
        }

        /** Once its thread has ended. */
        void refuse(String name) {
            Rig.eventually(() -> last.get(name).join(0), name + " has no thread any more");
            refused = name;
        }

        boolean refuses() {
            return !refused.isEmpty();
        }

        @Override
        public Worker start(String name, Runnable body) {
            if (name.equals(refused)) {
                refused = "";
                throw new OutOfMemoryError("unable to create native thread");
            }
            Worker worker = super.start(name, body);
            last.put(name, worker);
            return worker;
        }

        @Override
        public Gate newGate() {
            Gate gate = super.newGate();
            return new Workers.Gate() {
                @Override
                public void open() {
                    gate.open();
                }

                @Override
                public boolean await(long timeoutNanos) {
                    return gate.await(timeoutNanos == 10_000_000_000L ? 0 : timeoutNanos);
                }
            };
        }
    }

    @Test
    void aWriteIsAppendedOnceAndTheNextOneHasItApplied() throws Exception {
        Scarce context = new Scarce();
        try (Rig rig = new Rig(Rig.EAGER, context)) {
            rig.write(0, 4096, 1).succeeded();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 1, "it is applied");
            context.refuse("apply-disk");
            rig.write(4096, 4096, 2).succeeded();
            assertFalse(context.refuses());
            rig.write(8192, 4096, 3).succeeded();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 3, "all is applied");
            rig.verify();
        }
    }

    /** What waits for an epoch is appended by whoever has started it. */
    @Test
    void aWriteThatWasHeldIsAppendedOnce() throws Exception {
        Scarce context = new Scarce();
        try (Rig rig = new Rig(Rig.EAGER, context)) {
            rig.write(0, 4096, 1).succeeded();
            rig.crash(0);
            Rig.eventually(() -> rig.engine.watermarks().applied() == 1, "it is applied");
            context.refuse("apply-disk");
            rig.write(4096, 4096, 2).succeeded();
            assertFalse(context.refuses());
            rig.write(8192, 4096, 3).succeeded();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 3, "all is applied");
            assertEquals(3, rig.engine.watermarks().appended());
            rig.verify();
        }
    }

    @Test
    void aBatchEndsThoughNobodyIsThereToCheckpointIt() throws Exception {
        Scarce context = new Scarce();
        try (Rig rig = new Rig(Rig.EAGER, context)) {
            context.refuse("checkpoint-disk");
            rig.write(0, 4096, 1).succeeded();
            Rig.eventually(() -> rig.engine.watermarks().applied() == 1, "the batch ends");
            assertFalse(context.refuses());
            rig.write(4096, 4096, 2).succeeded();
            rig.engine.checkpoint();
            assertEquals(2, rig.engine.watermarks().checkpointed());
            rig.verify();
            context.refuse("checkpoint-disk");
        }
    }
}
