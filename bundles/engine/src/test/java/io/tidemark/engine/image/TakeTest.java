package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.device.DeviceSession;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A client that waits for memory or for room goes on as soon as there is some, whoever made it. */
class TakeTest {
    private static final String CLIENT = "client";

    /** So short a backlog that it is full before memory is. */
    private static final ImageSettings SHORT = Rig.lazy(4L << 20);

    /** What others have of the pool, which is all that was left. */
    private static List<Payload> rest(PayloadPool pool) {
        List<Payload> taken = new ArrayList<>();
        for (int bytes = PayloadPool.MAX_PAYLOAD_BYTES; bytes >= 512; bytes /= 2) {
            for (Payload payload = pool.tryTake(bytes); payload != null; payload = pool.tryTake(bytes)) {
                taken.add(payload);
            }
        }
        return taken;
    }

    private static CompletableFuture<Void> take(DeviceSession session) {
        CompletableFuture<Void> taken = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        session.take(4096).release();
                        taken.complete(null);
                    } catch (StorageException | RuntimeException e) {
                        taken.completeExceptionally(e);
                    }
                },
                CLIENT);
        thread.setDaemon(true);
        thread.start();
        return taken;
    }

    private static void ended(CompletableFuture<Void> taken) throws Exception {
        taken.get(10, TimeUnit.SECONDS);
    }

    private static void handIn(Rig rig) throws StorageException {
        for (int i = 0; i < 256; i++) {
            rig.submit(i * 4096L, 4096, i, false);
        }
    }

    /** What it has handed in itself is in memory only until somebody forces it, and that is itself. */
    @Test
    void whoWaitsForMemoryMakesItsOwnDurable() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            handIn(rig);
            List<Payload> others = rest(rig.context.payloads());
            CompletableFuture<Void> taken = take(rig.session);
            try {
                ended(taken);
            } finally {
                others.forEach(Payload::release);
            }
        }
    }

    @Test
    void whoWaitsForMemoryHearsOfAForceThatAnotherBegan() throws Exception {
        PausingContext context = new PausingContext();
        try (Rig rig = new Rig(Rig.LAZY, context)) {
            handIn(rig);
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch mayEnd = new CountDownLatch(1);
            rig.journal.underWay = (from, upTo) -> {
                begun.countDown();
                await(mayEnd);
            };
            CompletableFuture<Void> force = CompletableFuture.runAsync(() -> rig.session.drive(false));
            await(begun);
            List<Payload> others = rest(context.payloads());
            try (DeviceSession other = rig.engine.connect("other", rig)) {
                CompletableFuture<Void> taken = take(other);
                Rig.eventually(() -> context.waitsOf(CLIENT) > 0, "the client waits for memory");
                mayEnd.countDown();
                ended(taken);
            } finally {
                others.forEach(Payload::release);
            }
            force.get(20, TimeUnit.SECONDS);
        }
    }

    /** Else nobody would receive its reads, which go on while the image is full. */
    @Test
    void whoWaitsForTheBacklogGoesOnWhenTheImageIsFull() throws Exception {
        PausingContext context = new PausingContext();
        CountDownLatch mayWrite = new CountDownLatch(1);
        try (Rig rig = new Rig(SHORT, context)) {
            CompletableFuture<Void> taken = behindAFullBacklog(rig, context, mayWrite);
            rig.image.full = true;
            mayWrite.countDown();
            ended(taken);
            rig.image.full = false;
        }
    }

    /** The same where the image is suspended. */
    @Test
    void whoWaitsForTheBacklogGoesOnWhenTheImageIsSuspended() throws Exception {
        PausingContext context = new PausingContext();
        CountDownLatch mayWrite = new CountDownLatch(1);
        try (Rig rig = new Rig(SHORT, context)) {
            CompletableFuture<Void> taken = behindAFullBacklog(rig, context, mayWrite);
            CompletableFuture<Void> suspended = CompletableFuture.runAsync(() -> rig.engine.suspend("swapped"));
            try {
                ended(taken);
            } finally {
                mayWrite.countDown();
            }
            suspended.get(20, TimeUnit.SECONDS);
        }
    }

    /** Writes until no more is admitted, and has a client wait behind that. */
    private static CompletableFuture<Void> behindAFullBacklog(Rig rig, PausingContext context, CountDownLatch mayWrite)
            throws Exception {
        rig.image.beforeWrite = () -> await(mayWrite);
        for (int i = 0; !isFull(rig); i++) {
            rig.write(i % 256 * 4096L, 4096, i);
        }
        CompletableFuture<Void> taken = take(rig.session);
        Rig.eventually(() -> context.waitsOf(CLIENT) > 0, "the client waits for room");
        return taken;
    }

    private static boolean isFull(Rig rig) {
        synchronized (rig.engine.core().lock) {
            return rig.engine.core().backlogFull();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS), "it does not come");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
