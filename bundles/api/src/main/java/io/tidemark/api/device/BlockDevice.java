package io.tidemark.api.device;

import io.tidemark.api.StorageException;
import org.osgi.annotation.versioning.ProviderType;

/**
 * A disk as front ends offer it to clients. Outlives every bundle behind it: while a store is being replaced it holds
 * writes and reads, and nothing fails. Safe for all threads.
 */
@ProviderType
public interface BlockDevice {
    /**
     * The export's name.
     *
     * @return never null
     */
    String name();

    /**
     * A line for people.
     *
     * @return may be empty
     */
    String description();

    /**
     * Size in bytes now.
     *
     * @return may change by a resize
     */
    long sizeBytes();

    /**
     * The unit of writing that does best. Smaller and unaligned requests work.
     *
     * @return a power of two, 512 to 65536
     */
    int preferredBlockBytes();

    /**
     * Whether writes are refused.
     *
     * @return true for a replica or a view
     */
    boolean readOnly();

    /**
     * Whether plain writes may be acknowledged before they are durable, so that a client must flush.
     *
     * @return true under the policy {@code volatile}
     */
    boolean writeCache();

    /**
     * Attaches a client.
     *
     * @param client who it is, for people
     * @param listener told after a sweep of completions and when the session ends from this side
     * @return the session; the caller closes it
     * @throws StorageException UNAVAILABLE when the image is not served
     */
    DeviceSession connect(String client, SessionListener listener) throws StorageException;
}
