package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is brought to the image has to be durable first, whoever else waits for that or not. */
class AppliedForceTest {
    private static final String COMMITS = "commit-disk";

    /** How often the worker that forces has waited by now; -1 while it does not. */
    private static long waits() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(COMMITS))
                .map(thread -> ManagementFactory.getThreadMXBean().getThreadInfo(thread.getId()))
                .filter(info -> info != null
                        && (info.getThreadState() == Thread.State.WAITING
                                || info.getThreadState() == Thread.State.TIMED_WAITING))
                .mapToLong(info -> info.getWaitedCount())
                .findFirst()
                .orElse(-1);
    }

    private static boolean frozen(Rig rig) {
        synchronized (rig.engine.core().lock) {
            return rig.engine.core().frozen != null;
        }
    }

    /** A resize has no client that waits for a force, and nothing may come behind it that does. */
    @Test
    void aResizeThatComesDuringAForceIsForcedBehindIt() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch mayEnd = new CountDownLatch(1);
            rig.journal.underWay = (from, upTo) -> {
                begun.countDown();
                await(mayEnd);
            };
            CompletableFuture<Rig.Outcome> write = CompletableFuture.supplyAsync(() -> written(rig));
            await(begun);
            long before = waits();
            CompletableFuture<Void> resize = CompletableFuture.runAsync(() -> resized(rig));
            // The applier has it and wants it durable, and whom it asks for that finds somebody at it.
            Rig.eventually(() -> frozen(rig) && waits() > before, "the worker that forces looks");
            mayEnd.countDown();
            write.get(20, TimeUnit.SECONDS).succeeded();
            resize.get(20, TimeUnit.SECONDS);
            assertEquals(2L * Rig.SIZE, rig.engine.sizeBytes());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS), "it does not come");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** So many that nobody forces what is little beside them at the same time. */
    private static Rig.Outcome written(Rig rig) {
        try {
            Rig.Outcome last = null;
            for (int i = 0; i < 64; i++) {
                last = rig.submit(i * 4096L, 4096, i, false);
            }
            rig.session.drive(false);
            return last;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void resized(Rig rig) {
        try {
            rig.engine.resize(2L * Rig.SIZE);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
