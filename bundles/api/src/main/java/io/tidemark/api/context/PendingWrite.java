package io.tidemark.api.context;

import io.tidemark.api.StorageException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A write that was begun and may be under way. Whoever began it awaits it, once, by the same thread and before that thread closes
 * what it is written to; until then its bytes and whatever else was handed in with it must not change.
 */
@ConsumerType
@FunctionalInterface
public interface PendingWrite {
    /** One that was over before it was to be awaited. */
    PendingWrite OVER = () -> {};

    /**
     * Waits until nothing of it is under way any more.
     *
     * @throws StorageException as the call that began it; some of it may have been written, and none of it is under way any more
     */
    void await() throws StorageException;
}
