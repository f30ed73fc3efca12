package io.tidemark.api.context;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Memory outside the heap for the payload of writes, bounded by configuration. When it is used up, whoever wants more
 * waits: that is the back-pressure that reaches the client's socket. Safe for all threads.
 */
@ProviderType
public interface PayloadPool {
    /** Longest payload in bytes: 1 MiB. Longer writes take several. */
    int MAX_PAYLOAD_BYTES = 1 << 20;

    /**
     * Takes memory if there is some; never waits.
     *
     * @param lengthBytes 1 to {@link #MAX_PAYLOAD_BYTES}
     * @return a payload with one reference, held by the caller; null when the pool is used up
     */
    Payload tryTake(int lengthBytes);

    /**
     * Calls back once when memory may have become free. The listener runs on the thread that freed it, under no lock,
     * and must not block; opening a gate is the usual thing.
     *
     * @param listener called at most once per registration
     */
    void whenFreed(Runnable listener);

    /**
     * The bound.
     *
     * @return bytes
     */
    long capacityBytes();

    /**
     * What is taken now.
     *
     * @return bytes
     */
    long usedBytes();
}
