package io.tidemark.api.context;

import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A piece of payload memory, counted by references. The memory goes back to the pool when the last reference is
 * released. Filled by one thread before it is shared, never changed after.
 */
@ProviderType
public interface Payload {
    /**
     * A view of the memory, to fill or to read.
     *
     * @return a new direct buffer over exactly the payload's bytes, position 0; not to be used after the last release
     */
    ByteBuffer buffer();

    /**
     * Bytes.
     *
     * @return the length asked for
     */
    int length();

    /** Adds a reference. */
    void retain();

    /** Drops a reference. */
    void release();
}
