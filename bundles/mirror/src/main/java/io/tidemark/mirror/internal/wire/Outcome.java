package io.tidemark.mirror.internal.wire;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;

/** What became of an order. Codes are never reused. */
public enum Outcome {
    /** It was done. */
    DONE(0, null),
    /** There is no such thing. */
    ABSENT(1, Reason.NOT_FOUND),
    /** It is there already. */
    EXISTS(2, Reason.EXISTS),
    /** Somebody else has it. */
    BUSY(3, Reason.BUSY),
    /** The order makes no sense. */
    INVALID(4, Reason.INVALID),
    /** Two things do not belong together, or the image has another role. */
    MISMATCH(5, Reason.MISMATCH),
    /** Not now. */
    AWAY(6, Reason.UNAVAILABLE),
    /** The sender may not. */
    DENIED(7, Reason.READ_ONLY),
    /** There is no room. */
    NO_SPACE(8, Reason.NO_SPACE),
    /** The sender gave up. */
    GIVEN_UP(9, Reason.CLOSED),
    /** A device or file system failed. */
    FAILED(10, Reason.IO);

    private final int code;
    private final Reason reason;

    Outcome(int code, Reason reason) {
        this.code = code;
        this.reason = reason;
    }

    /**
     * The number on the wire.
     *
     * @return 0 to 255
     */
    public int code() {
        return code;
    }

    /**
     * The same as a failure.
     *
     * @return null for {@link #DONE}
     */
    public Reason reason() {
        return reason;
    }

    /**
     * The outcome of a code.
     *
     * @param code as received
     * @return null when there is none
     */
    public static Outcome ofCode(int code) {
        for (Outcome outcome : values()) {
            if (outcome.code == code) {
                return outcome;
            }
        }
        return null;
    }

    /**
     * What to answer after a failure.
     *
     * @param failure which
     * @return its outcome
     */
    public static Outcome of(StorageException failure) {
        for (Outcome outcome : values()) {
            if (outcome.reason == failure.reason()) {
                return outcome;
            }
        }
        return failure.reason() == Reason.JOURNAL_FULL ? NO_SPACE : FAILED;
    }
}
