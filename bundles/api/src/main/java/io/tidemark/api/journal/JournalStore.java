package io.tidemark.api.journal;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.StorageContext;
import java.util.List;
import java.util.UUID;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A pool of journals. Registered as an OSGi service with the property {@link #POOL}; the engine finds it by that name
 * and calls it from its own threads. Safe for all threads.
 *
 * <p>When the service goes away its provider closes every journal it has opened; calls under way end with
 * STALE_SERVICE.
 */
@ConsumerType
public interface JournalStore {
    /** Service property: the pool's name, unique among journal pools of a node. */
    String POOL = "tidemark.pool";

    /**
     * What the pool is and how much room it has.
     *
     * @return the state now
     * @throws StorageException IO
     */
    PoolInfo pool() throws StorageException;

    /**
     * Names of the journals in the pool, sorted.
     *
     * @return names
     * @throws StorageException IO
     */
    List<String> list() throws StorageException;

    /**
     * Makes an empty journal. Atomic: after a failure or a crash it is there completely or not at all.
     *
     * @param context used as long as the journal is open
     * @param name of the journal: 1 to 128 of letters, digits, dot, dash, underscore
     * @param identity of the journal, random
     * @param settings limits
     * @return the open journal, exclusively claimed
     * @throws StorageException EXISTS, INVALID, NO_SPACE or IO
     */
    Journal create(StorageContext context, String name, UUID identity, JournalSettings settings)
            throws StorageException;

    /**
     * Opens a journal, recovering what a crash left: a torn tail is cut (its events were never durable), a damaged
     * middle is refused. What is kept is forced before it is called durable. Nothing is ever deleted on open.
     *
     * @param context used as long as the journal is open
     * @param name of the journal
     * @param settings limits; they may differ from those at creation
     * @return the open journal, exclusively claimed
     * @throws StorageException NOT_FOUND, BUSY, CORRUPT (with what to do), MISMATCH or IO
     */
    Journal open(StorageContext context, String name, JournalSettings settings) throws StorageException;

    /**
     * Opens a journal to read it while another one may have it open and write it, in this process or in one that has the same pool;
     * or nobody has. It claims and changes nothing but clients. What cannot be done with it fails with READ_ONLY; its appender
     * takes nothing.
     *
     * <p>{@link Journal#durable} is what is proven to be durable, and may be a moment behind, unless somebody passes on what its
     * writer says ({@link Journal#told}); {@link Journal#epochs}, {@link
     * Journal#clients} and {@link Journal#trimmed} are as they were lately. Readers are woken as those of any journal. Clients are
     * registered and moved with {@link Journal#putClient}; whoever writes the journal sees them with {@link
     * Journal#refreshClients} and before it trims. A client that registers while others trim has to look at {@link Journal#trimmed}
     * when it has.
     *
     * <p>When the journal is no longer as it was (made anew, or trimmed in front of the end of what was read), all calls fail with
     * UNAVAILABLE: open it again.
     *
     * @param context used as long as the journal is open
     * @param name of the journal
     * @return the journal; the caller closes it
     * @throws StorageException NOT_FOUND; UNSUPPORTED when the store cannot do that; CORRUPT, MISMATCH, UNAVAILABLE or IO
     */
    default Journal follow(StorageContext context, String name) throws StorageException {
        throw new StorageException(
                StorageException.Reason.UNSUPPORTED,
                "the store of journal " + name + " does not let others read what is being written",
                "mirror over a link instead");
    }

    /**
     * Deletes a journal that nobody has open.
     *
     * @param context used for the call
     * @param name of the journal
     * @throws StorageException NOT_FOUND, BUSY or IO
     */
    void delete(StorageContext context, String name) throws StorageException;

    /**
     * A pool's description and room.
     *
     * @param kind of the store, for people ({@code flash})
     * @param description where it lies, for people
     * @param totalBytes of the pool; -1 when unknown
     * @param usableBytes free for journals; -1 when unknown
     */
    record PoolInfo(String kind, String description, long totalBytes, long usableBytes) {}
}
