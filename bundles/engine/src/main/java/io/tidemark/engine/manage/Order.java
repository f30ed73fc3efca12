package io.tidemark.engine.manage;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Workers;

/** Something that an image's worker is to do while its giver waits. */
final class Order {
    /** What it is. */
    interface Action {
        void run() throws StorageException;
    }

    private final Action action;
    private final Workers.Gate done;
    private volatile boolean ended;
    private volatile StorageException failure;

    Order(Workers workers, Action action) {
        this.action = action;
        this.done = workers.newGate();
    }

    /** On the worker. */
    void run() {
        StorageException outcome = null;
        try {
            action.run();
        } catch (StorageException e) {
            outcome = e;
        } catch (RuntimeException | Error e) {
            outcome = new StorageException(Reason.IO, "unexpected failure: " + e, "report it with the log", e);
        } finally {
            end(outcome);
        }
    }

    void end(StorageException outcome) {
        failure = outcome;
        ended = true;
        done.open();
    }

    /** On the giver's thread: waits for the end. */
    void await() throws StorageException {
        while (!ended) {
            done.await(Long.MAX_VALUE);
        }
        if (failure != null) {
            // A new one, so that its trace shows who waited; what went wrong is its cause.
            throw new StorageException(failure.reason(), messageWithoutRemedy(), failure.remedy(), failure);
        }
    }

    private String messageWithoutRemedy() {
        String message = String.valueOf(failure.getMessage());
        String tail = "; " + failure.remedy();
        return !failure.remedy().isEmpty() && message.endsWith(tail)
                ? message.substring(0, message.length() - tail.length())
                : message;
    }
}
