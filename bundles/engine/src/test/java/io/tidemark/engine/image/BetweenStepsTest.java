package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What others do between two steps of one thread, where the simulation lets nobody in between. */
class BetweenStepsTest {
    private interface Call {
        void run() throws StorageException;
    }

    /** On a thread of its own; the outcome is null where it succeeded. */
    private static CompletableFuture<StorageException> start(String name, Call call) {
        CompletableFuture<StorageException> outcome = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        call.run();
                        outcome.complete(null);
                    } catch (StorageException e) {
                        outcome.complete(e);
                    } catch (RuntimeException | Error e) {
                        outcome.completeExceptionally(e);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
        return outcome;
    }

    private static StorageException ended(CompletableFuture<StorageException> outcome, String what) throws Exception {
        try {
            return outcome.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(what + " did not end well", e);
        }
    }

    /** All that the client may have in memory waits for a journal that does not come back. */
    @Test
    void aClientThatWaitsForMemoryEndsWithTheImage() throws Exception {
        PausingContext context = new PausingContext();
        try (Rig rig = new Rig(Rig.LAZY, context)) {
            List<Rig.Outcome> outcomes = new ArrayList<>();
            // Small ones, which nothing makes durable before somebody asks for it.
            for (int i = 0; i < 2048; i++) {
                outcomes.add(rig.submit(i % 256 * 4096L, 4096, i, false));
            }
            rig.journal.failNextForce = true;
            rig.session.drive(false);
            assertEquals(State.SUSPENDED, rig.engine.state());
            CompletableFuture<StorageException> waiting =
                    start("client", () -> rig.session.take(4096).release());
            Rig.eventually(() -> context.waitsOf("client") > 0, "the client waits for memory");
            rig.engine.suspend("journal failed");
            rig.engine.close();
            StorageException why = ended(waiting, "a client that waits for memory");
            assertEquals(Reason.CLOSED, why.reason());
            outcomes.forEach(outcome ->
                    assertEquals(Reason.UNAVAILABLE, outcome.await().failure.reason()));
        }
    }
}
