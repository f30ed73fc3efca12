package io.tidemark.journal.flash.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;

/** Why a journal does not work any more. Checked at the start of every call. */
final class Failures {
    private final String journal;
    private volatile StorageException failure;
    private volatile Reason closed;
    /** Why it was closed, where nobody asked for that; null otherwise. Written before {@link #closed}. */
    private volatile Throwable closedBy;

    Failures(String journal) {
        this.journal = journal;
    }

    /** The first failed write or force is final: what the device has is not known any more. */
    StorageException poison(StorageException cause) {
        if (failure == null) {
            failure = cause;
        }
        return cause;
    }

    boolean poisoned() {
        return failure != null;
    }

    void close(Reason reason) {
        if (closed == null) {
            closed = reason;
        }
    }

    /** As {@link #close(Reason)}, by what went wrong. */
    void close(Reason reason, Throwable cause) {
        if (closed == null) {
            closedBy = cause;
            closed = reason;
        }
    }

    boolean isClosed() {
        return closed != null;
    }

    void checkOpen() throws StorageException {
        Reason reason = closed;
        if (reason == Reason.STALE_SERVICE) {
            throw new StorageException(
                    reason, "the store of journal " + journal + " went away", "open the journal again when it is back");
        }
        Throwable cause = closedBy;
        if (reason == Reason.UNAVAILABLE && cause != null) {
            String why = cause instanceof StorageException ? cause.getMessage() : cause.toString();
            throw new StorageException(
                    reason,
                    "journal " + journal + " cannot be followed any more (" + why + ")",
                    "it is opened again by itself",
                    cause);
        }
        if (reason != null) {
            throw new StorageException(reason, "journal " + journal + " was closed", "");
        }
    }

    void checkUsable() throws StorageException {
        if (closed != null) {
            checkOpen();
        }
        StorageException first = failure;
        if (first != null) {
            throw new StorageException(
                    Reason.IO,
                    "journal " + journal + " failed before (" + first.getMessage() + ")",
                    "close it and open it again: recovery finds out what is on the device",
                    first);
        }
    }
}
