package io.tidemark.base.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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

    /** How often in a row no thread can be started from now on. */
    private final AtomicInteger lacking = new AtomicInteger();

    private final Workers workers = new Workers() {
        private final Workers real = new MachineContext(4 << 20).workers();

        @Override
        public Worker start(String name, Runnable body) {
            if (lacking.get() > 0) {
                lacking.decrementAndGet();
                throw new OutOfMemoryError("unable to create native thread");
            }
            threads.incrementAndGet();
            return real.start(name, () -> {
                try {
                    body.run();
                } finally {
                    ends.release();
                }
            });
        }

        @Override
        public Gate newGate() {
            return real.newGate();
        }
    };

    @Test
    void itHasAThreadOnlyWhileThereIsWork() throws Exception {
        Standby standby = new Standby(workers, "worker", null, SHORT);
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
    void whoRestsFirstFindsInTheGateWhatItWasOpenedFor() throws Exception {
        Standby standby = new Standby(workers, "worker", null, SHORT);
        Semaphore work = new Semaphore(0);
        standby.start(() -> {
            while (standby.rest(Long.MAX_VALUE)) {
                work.release();
            }
        });
        for (int round = 0; round < 3; round++) {
            assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS));
            standby.open();
            assertTrue(work.tryAcquire(10, TimeUnit.SECONDS), "a thread was started for nothing");
        }
    }

    @Test
    void whoWaitsInTheMiddleKeepsItsThread() throws Exception {
        Standby standby = new Standby(workers, "worker", null, SHORT);
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

    @Test
    void itsThreadEndsInALongWaitAndAnotherOneLooksWhenThatIsOver() throws Exception {
        MachineContext machine = new MachineContext(4 << 20);
        long wait = TimeUnit.MILLISECONDS.toNanos(20);
        try (Alarms alarms = new Alarms(machine.workers(), machine.clock(), "alarms")) {
            Standby standby = new Standby(workers, "worker", alarms, SHORT);
            Semaphore looks = new Semaphore(0);
            AtomicLong lookedNanos = new AtomicLong();
            standby.start(() -> {
                do {
                    lookedNanos.set(System.nanoTime());
                    looks.release();
                } while (standby.rest(wait));
            });
            for (int round = 1; round < 4; round++) {
                assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS));
                long before = lookedNanos.get();
                assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS), "the thread of a wait that is long ends");
                assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS), "and the wait has an end");
                assertTrue(lookedNanos.get() - before >= wait, "which is not early");
                assertEquals(round + 1, threads.get());
                looks.release();
            }
            standby.close();
            assertTrue(standby.join(LONG));
        }
    }

    @Test
    void whoIsOpenedBeforeItsAlarmIsNotWokenByItAgain() throws Exception {
        AtomicLong now = new AtomicLong();
        try (Alarms alarms = new Alarms(new MachineContext(4 << 20).workers(), AlarmsTest.clock(now), "alarms")) {
            Standby standby = new Standby(workers, "worker", alarms, SHORT);
            Semaphore looks = new Semaphore(0);
            AtomicLong wait = new AtomicLong(LONG);
            standby.start(() -> {
                do {
                    looks.release();
                } while (standby.rest(wait.get()));
            });
            assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS));
            assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS));
            wait.set(Long.MAX_VALUE);
            standby.open();
            assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS), "an hour is not waited for when there is work");
            assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS));
            now.addAndGet(2 * LONG);
            Semaphore called = new Semaphore(0);
            assertTrue(alarms.set(called::release, 0));
            assertTrue(called.tryAcquire(10, TimeUnit.SECONDS));
            assertEquals(0, looks.availablePermits(), "it looked once, and has no alarm any more");
            assertEquals(2, threads.get());
        }
    }

    /** What it was opened for before, it sees first. */
    @Test
    void whoIsClosedIsAskedToLeaveHoweverItRests() throws Exception {
        for (long wait : new long[] {Long.MAX_VALUE, LONG}) {
            Standby standby = new Standby(workers, "worker", null, LONG);
            Semaphore looks = new Semaphore(0);
            standby.start(() -> {
                do {
                    looks.release();
                } while (standby.rest(wait));
            });
            assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS));
            standby.close();
            assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS), "it looks for the last time");
            assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void withoutAlarmsItWaitsOnItsThread() throws Exception {
        MachineContext machine = new MachineContext(4 << 20);
        Alarms alarms = new Alarms(machine.workers(), machine.clock(), "alarms");
        alarms.close();
        Standby standby = new Standby(workers, "worker", alarms, SHORT);
        Semaphore looks = new Semaphore(0);
        standby.start(() -> {
            for (int i = 0; i < 3; i++) {
                assertTrue(standby.rest(2 * SHORT));
                looks.release();
            }
        });
        assertTrue(looks.tryAcquire(3, 10, TimeUnit.SECONDS));
        assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS));
        assertEquals(1, threads.get());
    }

    /** Threads end and begin all the time, and everything that is handed over is done. */
    @Test
    void noWakingIsLost() throws Exception {
        Standby standby = new Standby(workers, "worker", null, 1);
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

    @Test
    void whoOpensOneThatFindsNoThreadGoesOnAndTheNextOpeningTriesAgain() throws Exception {
        Standby standby = new Standby(workers, "worker", null, SHORT);
        Semaphore looks = new Semaphore(0);
        lacking.set(2);
        standby.start(() -> {
            do {
                looks.release();
            } while (standby.rest(Long.MAX_VALUE));
        });
        assertFalse(standby.hasThread());
        standby.open();
        assertFalse(standby.hasThread());
        standby.open();
        assertTrue(looks.tryAcquire(2, 10, TimeUnit.SECONDS));
        assertTrue(ends.tryAcquire(10, TimeUnit.SECONDS));
        lacking.set(1);
        standby.open();
        assertEquals(0, looks.availablePermits());
        standby.open();
        assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS), "it was taken for running");
        standby.close();
        assertTrue(standby.join(LONG));
    }

    /** Nobody else may open it for minutes. */
    @Test
    void whoFindsNoThreadWhenItsAlarmComesIsLookedAtAgain() throws Exception {
        MachineContext machine = new MachineContext(4 << 20);
        try (Alarms alarms = new Alarms(machine.workers(), machine.clock(), "alarms")) {
            Standby standby = new Standby(workers, "worker", alarms, SHORT);
            Semaphore looks = new Semaphore(0);
            standby.start(() -> {
                do {
                    looks.release();
                    lacking.set(2);
                } while (standby.rest(TimeUnit.MILLISECONDS.toNanos(20)));
            });
            assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS));
            assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS), "nobody looks any more");
            standby.close();
            assertTrue(standby.join(LONG));
        }
    }

    @Test
    void aLoopThatFailsBeginsAnew() throws Exception {
        Standby standby = new Standby(workers, "worker", null, LONG);
        AtomicInteger rounds = new AtomicInteger();
        Semaphore looks = new Semaphore(0);
        standby.start(() -> {
            do {
                looks.release();
                if (rounds.incrementAndGet() == 1) {
                    throw new IllegalStateException("on purpose");
                }
            } while (standby.rest(Long.MAX_VALUE));
        });
        assertTrue(looks.tryAcquire(2, 10, TimeUnit.SECONDS), "nobody looks any more");
        standby.open();
        assertTrue(looks.tryAcquire(10, TimeUnit.SECONDS));
        standby.close();
        assertTrue(standby.join(PATIENCE));
    }
}
