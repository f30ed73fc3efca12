package io.tidemark.api.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A pool of images. Registered as an OSGi service with the property {@link #POOL}. Safe for all threads. When the
 * service goes away its provider closes every image it has opened; calls under way end with STALE_SERVICE.
 */
@ConsumerType
public interface ImageStore {
    /** Service property: the pool's name, unique among image pools of a node. */
    String POOL = "tidemark.pool";

    /**
     * What the pool is and how much room it has.
     *
     * @return the state now
     * @throws StorageException IO
     */
    PoolInfo pool() throws StorageException;

    /**
     * Names of the images in the pool, sorted.
     *
     * @return names
     * @throws StorageException IO
     */
    List<String> list() throws StorageException;

    /**
     * Makes an image that reads as zeros. Atomic: after a failure or a crash it is there completely or not at all.
     *
     * @param context used as long as the image is open
     * @param name of the image: 1 to 128 of letters, digits, dot, dash, underscore
     * @param head its first head: identity, size, journal
     * @return the open image, exclusively claimed
     * @throws StorageException EXISTS, INVALID, NO_SPACE or IO
     */
    BlockImage create(StorageContext context, String name, ImageHead head) throws StorageException;

    /**
     * Opens an image.
     *
     * @param context used as long as the image is open
     * @param name of the image
     * @return the open image, exclusively claimed
     * @throws StorageException NOT_FOUND, BUSY, CORRUPT or IO
     */
    BlockImage open(StorageContext context, String name) throws StorageException;

    /**
     * Reads the head of an image without opening it.
     *
     * @param context used for the call
     * @param name of the image
     * @return the head
     * @throws StorageException NOT_FOUND, CORRUPT or IO
     */
    ImageHead head(StorageContext context, String name) throws StorageException;

    /**
     * Deletes an image that nobody has open.
     *
     * @param context used for the call
     * @param name of the image
     * @throws StorageException NOT_FOUND, BUSY or IO
     */
    void delete(StorageContext context, String name) throws StorageException;

    /**
     * A pool's description and room.
     *
     * @param kind of the store, for people ({@code file})
     * @param description where it lies, for people
     * @param totalBytes of the pool; -1 when unknown
     * @param usableBytes free for images; -1 when unknown
     */
    record PoolInfo(String kind, String description, long totalBytes, long usableBytes) {}
}
