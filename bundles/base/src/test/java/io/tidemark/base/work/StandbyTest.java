package io.tidemark.base.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.context.Workers;
import io.tidemark.base.machine.MachineContext;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StandbyTest {
    private static final long LONG = TimeUnit.HOURS.toNanos(1);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
    private static final long SHORT = TimeUnit.MICROSECONDS.toNanos(50);

    private final AtomicInteger threads = new AtomicInteger();
    private final Semaphore ends = new Semaphore(0);
    private final Workers workers = new Workers() {
        private final Workers real = new MachineContext(4 << 20).workers();

        @Override
        public Worker start(String name, Runnable body) {
            threads.incrementAndGet();
            return real.start(name, () -> {
                body.run();
                ends.release();
            });
        }

        @Override
        public Gate newGate() {
            return real.newGate();
        }
    };

    @Test
    void itHasAThreadOnlyWhileThereIsWork() throws Exception {
        Standby standby = new Standby(workers, "worker", SHORT);
        standby.open();
        assertEquals(0, threads.get(), "it is a gate until it is started");
        CountDownLatch[] rounds = {new CountDownLatch(1), new CountDownLatch(2)};
        standby.start(() -> {
            do {
                for (CountDownLatch round : rounds) {
                    round.countDown();
                }
            } while (standby.rest(Long.MAX_VALUE));
        });
        assertTrue(rounds[0].await(10, TimeUnit.SECONDS));
        assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS), "the thread of an idle worker ends");
        standby.open();
        assertTrue(rounds[1].await(10, TimeUnit.SECONDS));
        assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS));
        int before = threads.get();
        standby.close();
        standby.open();
        assertEquals(before, threads.get(), "none after its end");
        assertTrue(standby.join(PATIENCE), "its thread does not end");
        assertThrows(IllegalStateException.class, () -> standby.start(() -> {}));
    }

    @Test
    void whoWaitsInTheMiddleKeepsItsThread() throws Exception {
        Standby standby = new Standby(workers, "worker", SHORT);
        CountDownLatch ready = new CountDownLatch(1);
        Semaphore seen = new Semaphore(0);
        standby.open();
        standby.start(() -> {
            boolean atStart = standby.await(LONG);
            boolean untimely = standby.await(20 * SHORT);
            boolean stays = standby.rest(20 * SHORT);
            ready.countDown();
            boolean opened = standby.await(LONG);
            if (atStart && !untimely && stays && opened) {
                seen.release();
            }
        });
        assertTrue(ready.await(10, TimeUnit.SECONDS));
        standby.open();
        assertTrue(seen.tryAcquire(10, TimeUnit.SECONDS));
        assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS));
        assertEquals(1, threads.get());
    }

    /** Threads end and begin all the time, and everything that is handed over is done. */
    @Test
    void noWakingIsLost() throws Exception {
        Standby standby = new Standby(workers, "worker", 1);
        AtomicLong given = new AtomicLong();
        AtomicLong taken = new AtomicLong();
        Semaphore done = new Semaphore(0);
        AtomicInteger atOnce = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        standby.start(() -> {
            assertEquals(1, atOnce.incrementAndGet());
            boolean stays = true;
            // Closing wakes it once, and when it has a thread just then, that does not leave by itself.
            while (stays && !over.get()) {
                long now = given.get();
                if (now > taken.get()) {
                    done.release((int) (now - taken.getAndSet(now)));
                    continue;
                }
                // What is said before it is known whether the thread stays: another one may be there at once.
                atOnce.decrementAndGet();
                stays = standby.rest(Long.MAX_VALUE);
                if (stays) {
                    atOnce.incrementAndGet();
                }
            }
        });
        for (int i = 0; i < 20_000; i++) {
            given.incrementAndGet();
            standby.open();
            assertTrue(done.tryAcquire(10, TimeUnit.SECONDS), "number " + i + " was not done");
        }
        over.set(true);
        standby.close();
        assertTrue(standby.join(PATIENCE), "its thread does not end");
        assertTrue(threads.get() > 1);
    }
}
