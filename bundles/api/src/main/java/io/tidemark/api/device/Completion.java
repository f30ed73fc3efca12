package io.tidemark.api.device;

import io.tidemark.api.StorageException;
import org.osgi.annotation.versioning.ConsumerType;

/** Is told how a request ended: exactly once, under no lock, on any thread. Must not block. */
@ConsumerType
@FunctionalInterface
public interface Completion {
    /**
     * The request has ended.
     *
     * @param failure null when it was done as the commit policy demands
     */
    void completed(StorageException failure);
}
