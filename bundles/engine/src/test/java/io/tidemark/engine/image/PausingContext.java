package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.context.Workers;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.faults.ForwardingContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The machine, and threads of it that stop where a test says so: so a test can have others do what they seldom do between two
 * steps of one thread. The simulation never lets anybody in between such two, because it changes threads at gates and file calls
 * only.
 */
final class PausingContext extends ForwardingContext {
    /** Where one thread stops once. */
    static final class Pause {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch over = new CountDownLatch(1);

        /** The thread is there; returns when the test lets it go on. */
        void pass() {
            reached.countDown();
            await(over);
        }

        void awaitReached() {
            await(reached);
        }

        void end() {
            over.countDown();
        }

        private static void await(CountDownLatch latch) {
            try {
                assertTrue(latch.await(20, TimeUnit.SECONDS), "nobody came where a thread was to be stopped");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Map<String, Pause> behindGates = new ConcurrentHashMap<>();

    /** How often anybody was woken, or could have been, and how many threads were started. */
    final AtomicLong opens = new AtomicLong();

    final AtomicLong starts = new AtomicLong();

    /** How often payload memory was taken: nothing is copied without. */
    final AtomicLong takes = new AtomicLong();

    /** How often threads have begun to wait. */
    private final Map<String, Integer> waits = new ConcurrentHashMap<>();

    private final Map<String, Workers.Worker> started = new ConcurrentHashMap<>();

    PausingContext() {
        super(new MachineContext(32L << 20));
    }

    private final PayloadPool counted = counting(super.payloads());

    @Override
    public PayloadPool payloads() {
        return counted;
    }

    private PayloadPool counting(PayloadPool below) {
        return new PayloadPool() {
            @Override
            public Payload tryTake(int lengthBytes) {
                takes.incrementAndGet();
                return below.tryTake(lengthBytes);
            }

            @Override
            public void whenFreed(Runnable listener) {
                below.whenFreed(listener);
            }

            @Override
            public long capacityBytes() {
                return below.capacityBytes();
            }

            @Override
            public long usedBytes() {
                return below.usedBytes();
            }
        };
    }

    /** The thread of a name stops when its next wait at a gate, or the one under way, has ended. */
    Pause behindGate(String thread) {
        Pause pause = new Pause();
        behindGates.put(thread, pause);
        return pause;
    }

    int waitsOf(String thread) {
        return waits.getOrDefault(thread, 0);
    }

    /** Whether the worker of a name was started and has ended. */
    boolean hasEnded(String worker) {
        return started.containsKey(worker) && started.get(worker).join(0);
    }

    @Override
    public Worker start(String name, Runnable body) {
        starts.incrementAndGet();
        Worker worker = super.start(name, body);
        started.put(name, worker);
        return worker;
    }

    @Override
    public Gate newGate() {
        return new PausingGate(super.newGate());
    }

    private final class PausingGate implements Workers.Gate {
        private final Workers.Gate gate;

        PausingGate(Workers.Gate gate) {
            this.gate = gate;
        }

        @Override
        public void open() {
            opens.incrementAndGet();
            gate.open();
        }

        @Override
        public boolean await(long timeoutNanos) {
            String self = Thread.currentThread().getName();
            waits.merge(self, 1, Integer::sum);
            boolean opened = gate.await(timeoutNanos);
            Pause pause = behindGates.remove(self);
            if (pause != null) {
                pause.pass();
            }
            return opened;
        }
    }
}
