package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;

/** What clients are told of a failure. */
final class Errors {
    private Errors() {}

    static int number(StorageException.Reason reason) {
        return switch (reason) {
            case NO_SPACE, JOURNAL_FULL -> Nbd.ENOSPC;
            case READ_ONLY -> Nbd.EPERM;
            case INVALID -> Nbd.EINVAL;
            case UNAVAILABLE, CLOSED -> Nbd.ESHUTDOWN;
            case IO, CORRUPT, MISMATCH, NOT_FOUND, EXISTS, BUSY, STALE_SERVICE, UNSUPPORTED -> Nbd.EIO;
        };
    }
}
