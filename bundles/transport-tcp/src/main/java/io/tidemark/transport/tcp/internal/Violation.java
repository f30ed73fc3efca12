package io.tidemark.transport.tcp.internal;

import io.tidemark.api.StorageException;
import java.io.IOException;

/** The peer sent what it must not: the link is closed, and nothing of it is delivered. */
final class Violation extends IOException {
    private static final long serialVersionUID = 1L;

    final StorageException.Reason reason;
    final String remedy;

    Violation(StorageException.Reason reason, String what, String remedy) {
        super(what);
        this.reason = reason;
        this.remedy = remedy;
    }

    static Violation corrupt(String what) {
        return new Violation(StorageException.Reason.CORRUPT, what, "look for a proxy or a faulty network in between");
    }

    static Violation mismatch(String what, String remedy) {
        return new Violation(StorageException.Reason.MISMATCH, what, remedy);
    }
}
