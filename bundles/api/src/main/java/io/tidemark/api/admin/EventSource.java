package io.tidemark.api.admin;

import io.tidemark.api.EventHeader;
import io.tidemark.api.StorageException;
import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ConsumerType;

/** Events one after the other, from a file or another journal. For one thread. */
@ConsumerType
public interface EventSource {
    /**
     * Steps to the next event.
     *
     * @return its header; null at the end
     * @throws StorageException CORRUPT or IO
     */
    EventHeader next() throws StorageException;

    /**
     * Body of the event that {@link #next} returned last.
     *
     * @return valid until the next call of {@link #next}
     * @throws StorageException CORRUPT or IO
     */
    ByteBuffer body() throws StorageException;
}
