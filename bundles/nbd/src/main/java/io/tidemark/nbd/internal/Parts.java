package io.tidemark.nbd.internal;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.Completion;

/** Joins the parts of a long write: the request is answered when the last one ended, with the first failure. */
final class Parts implements Completion {
    private final Request request;
    private int left;
    private StorageException failure;

    Parts(Request request, int count) {
        this.request = request;
        this.left = count;
    }

    @Override
    public void completed(StorageException partFailure) {
        StorageException first;
        synchronized (this) {
            if (failure == null) {
                failure = partFailure;
            }
            if (--left > 0) {
                return;
            }
            first = failure;
        }
        request.completed(first);
    }
}
