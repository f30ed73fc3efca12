package io.tidemark.console.internal.command;

import io.tidemark.api.StorageException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Watches a call into the engine that knows no progress of its own. */
final class Watched {
    private static final long EVERY_MILLIS = 100;

    private Watched() {}

    /** What is called. */
    @FunctionalInterface
    interface Work<T> {
        /** Works. */
        T run() throws Failure, StorageException;
    }

    /** What is done meanwhile. */
    @FunctionalInterface
    interface Look {
        /** Looks how far it is. */
        void run() throws Failure, StorageException;
    }

    /**
     * Calls on another thread, so that the caller can look how far it is and can be let go. The call itself is never
     * interrupted.
     *
     * @param call of the command
     * @param work to do
     * @param look now and then
     * @param letGo what to say when the caller takes the command back
     * @return what the work returned
     */
    static <T> T run(Call call, Work<T> work, Look look, String letGo) throws Failure, StorageException {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> complete(result, work), "tm-work");
        thread.setDaemon(true);
        thread.start();
        while (true) {
            try {
                return result.get(EVERY_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (call.caller().cancelled()) {
                    throw Failure.cancelled(letGo);
                }
                look.run();
            } catch (ExecutionException e) {
                throw unwrap(e.getCause());
            } catch (InterruptedException e) {
                throw Failure.cancelled(letGo);
            }
        }
    }

    private static <T> void complete(CompletableFuture<T> result, Work<T> work) {
        try {
            result.complete(work.run());
        } catch (Failure | StorageException | RuntimeException | Error e) {
            result.completeExceptionally(e);
        }
    }

    private static Failure unwrap(Throwable cause) throws StorageException {
        if (cause instanceof StorageException storage) {
            throw storage;
        }
        if (cause instanceof Failure failure) {
            return failure;
        }
        return Failure.failed("internal error: " + cause + "; look at it with log:display", cause);
    }
}
