package io.tidemark.api;

import java.io.IOException;
import java.util.Objects;

/**
 * Something that touches storage did not work. Says what happened, why as far as is known, and what to do next; the
 * message is meant for an operator.
 */
public class StorageException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What sort of failure it is, for callers that decide by it. */
    public enum Reason {
        /** A device or file system answered with an error. After a failed write or force nothing of it may be trusted. */
        IO,
        /** The file system or pool has no room. */
        NO_SPACE,
        /** A journal reached the limit that its configuration sets. */
        JOURNAL_FULL,
        /** Stored data contradicts its checksum or its neighbours. Nothing was changed. */
        CORRUPT,
        /** Two stored things do not belong together (identity, epoch, position). Nothing was changed. */
        MISMATCH,
        /** No such thing. */
        NOT_FOUND,
        /** It is there already. */
        EXISTS,
        /** Somebody else holds it. */
        BUSY,
        /** The request makes no sense (out of range, unaligned, malformed). Nothing was changed. */
        INVALID,
        /** Writing is not allowed here. */
        READ_ONLY,
        /** It was closed. */
        CLOSED,
        /** The service behind it went away: the outcome of the call is unknown. It is no I/O failure. */
        STALE_SERVICE,
        /** The image is suspended or the node stops; try again later. */
        UNAVAILABLE,
        /** What was asked for is not built, or not possible here. */
        UNSUPPORTED
    }

    private final Reason reason;
    private final String remedy;

    /**
     * A failure without an underlying one.
     *
     * @param reason the sort
     * @param what what happened, naming the thing
     * @param remedy what to do next; empty when there is nothing to say
     */
    public StorageException(Reason reason, String what, String remedy) {
        this(reason, what, remedy, null);
    }

    /**
     * A failure.
     *
     * @param reason the sort
     * @param what what happened, naming the thing
     * @param remedy what to do next; empty when there is nothing to say
     * @param cause the underlying failure, or null
     */
    public StorageException(Reason reason, String what, String remedy, Throwable cause) {
        super(remedy.isEmpty() ? what : what + "; " + remedy, cause);
        this.reason = Objects.requireNonNull(reason, "reason");
        this.remedy = remedy;
    }

    /**
     * The sort of failure.
     *
     * @return never null
     */
    public Reason reason() {
        return reason;
    }

    /**
     * What to do next.
     *
     * @return may be empty
     */
    public String remedy() {
        return remedy;
    }
}
