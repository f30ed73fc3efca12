package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.Completion;
import java.nio.ByteBuffer;

/**
 * One request under way, from its header until its reply is encoded. Reused: a connection makes as many as it may have in
 * flight, and no more. Fields are set by the connection's thread before the request is handed on, and by whoever completes
 * it before it is put on the outbox; the hand-over orders the accesses.
 */
final class Request implements Completion {
    private final Outbox outbox;

    int command;
    int flags;
    long cookie;
    long offset;
    long length;
    /** When its header was read, by the monotonic clock. */
    long begunNanos;
    /** Zero, or what the client is told. */
    int error;
    /** For people, when there is an error. */
    String message;
    /** Where a long read failed, when there is an error. */
    long failedAt;
    /** A whole reply, from position to limit, that is sent instead of a plain success; null otherwise. */
    ByteBuffer reply;
    /** Where {@link #reply} goes back to. */
    BufferPool.Lease lease;
    /** Link of the stacks of the outbox. */
    Request next;

    Request(Outbox outbox) {
        this.outbox = outbox;
    }

    @Override
    public void completed(StorageException failure) {
        if (failure != null) {
            fail(failure);
        }
        outbox.add(this);
    }

    void fail(StorageException failure) {
        error = Errors.number(failure.reason());
        message = failure.getMessage();
    }

    /** Makes it ready for the next one. */
    void clear() {
        error = 0;
        message = null;
        reply = null;
        lease = null;
        next = null;
    }
}
