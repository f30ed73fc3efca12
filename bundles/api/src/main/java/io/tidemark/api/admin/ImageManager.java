package io.tidemark.api.admin;

import io.tidemark.api.EventKind;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.journal.Journal;
import java.util.List;
import java.util.Map;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Everything that a person may do to the images of a node. An OSGi service that is always there, and reports what is
 * missing. Safe for all threads; calls return when what they say is so, or fail and leave things as they were.
 */
@ProviderType
public interface ImageManager {
    /** Service property: what the node is called, as journals name who wrote them. */
    String NODE = "node";

    /**
     * All images: served, refused, suspended.
     *
     * @return sorted by name
     */
    List<ImageStatus> images();

    /**
     * One image.
     *
     * @param name of the image
     * @return its status
     * @throws StorageException NOT_FOUND
     */
    ImageStatus image(String name) throws StorageException;

    /**
     * Makes an image: validates, creates journal and image, writes its configuration, waits until it is served. Undone
     * on failure.
     *
     * @param name of the image
     * @param sizeBytes its size, a multiple of 512
     * @param properties configuration keys, see {@link ImageKeys}; missing ones get defaults
     * @return its status
     * @throws StorageException INVALID (names the key), EXISTS, NOT_FOUND (a pool or policy), NO_SPACE, BUSY or IO
     */
    ImageStatus create(String name, long sizeBytes, Map<String, String> properties) throws StorageException;

    /**
     * Changes configuration keys of an image. Takes effect live where that is safe.
     *
     * @param name of the image
     * @param changes new values; an empty value takes a key back to its default
     * @return its status
     * @throws StorageException INVALID (names the key), NOT_FOUND, UNAVAILABLE or IO
     */
    ImageStatus configure(String name, Map<String, String> changes) throws StorageException;

    /**
     * Changes the size, as an event in the journal.
     *
     * @param name of the image
     * @param newSizeBytes a multiple of 512
     * @return its status
     * @throws StorageException INVALID, NOT_FOUND, NO_SPACE, UNAVAILABLE or IO
     */
    ImageStatus resize(String name, long newSizeBytes) throws StorageException;

    /**
     * Gives the present moment a name, as an event in the journal: everything that was acknowledged before the call comes
     * before it, and it travels to replicas in its place. The name need not be new; what is looked up by a name that stands
     * for several moments is refused.
     *
     * @param name of the image
     * @param kind MARK; or SNAPSHOT, which is a barrier too
     * @param label 1 to 128 letters, digits, dots, dashes and underscores, beginning with a letter, and not {@code latest}
     * @return where it stands, durable
     * @throws StorageException INVALID (the label), NOT_FOUND, READ_ONLY (a replica), JOURNAL_FULL, UNAVAILABLE or IO
     */
    Position mark(String name, EventKind kind, String label) throws StorageException;

    /**
     * Deletes an image with its journal and configuration.
     *
     * @param name of the image
     * @throws StorageException NOT_FOUND, BUSY (clients are attached) or IO; of one that does not run INVALID when it or its journal
     *     lies in another pool than its configuration says, or in several, and UNAVAILABLE when a pool is not there
     */
    void delete(String name) throws StorageException;

    /**
     * Forces, applies and checkpoints everything that is acknowledged, then returns.
     *
     * @param name of the image
     * @return its status
     * @throws StorageException NOT_FOUND, UNAVAILABLE or IO
     */
    ImageStatus checkpoint(String name) throws StorageException;

    /**
     * Gives an image whose journal is lost a new and empty one, in the journal pool that its configuration names, and serves
     * it. What the lost journal had and the image has not is gone: nothing that was acknowledged under {@code
     * journal+image}; under any other policy the image is no point in time, and may have to be repaired. As that journal alone
     * knew its replicas, writes are held from then on at each opening until those were asked that are configured.
     *
     * @param name of an image that is refused because there is no journal
     * @return its status
     * @throws StorageException NOT_FOUND, INVALID (the journal is there), UNAVAILABLE, NO_SPACE or IO
     */
    ImageStatus replaceLostJournal(String name) throws StorageException;

    /**
     * The open journal of an image, for reading.
     *
     * @param name of the image
     * @return the journal; must not be appended to, trimmed or closed
     * @throws StorageException NOT_FOUND or UNAVAILABLE
     */
    Journal journal(String name) throws StorageException;

    /**
     * Applies events from elsewhere to an image, as writes of a client: they are journaled.
     *
     * @param name of the image
     * @param source the events
     * @return number of events replayed; marks, checkpoints and whatever else is the other journal's own are left out, and not counted
     * @throws StorageException NOT_FOUND, INVALID (beyond the image's end), CORRUPT, UNAVAILABLE or IO
     */
    long replay(String name, EventSource source) throws StorageException;

    /**
     * Pools of both sorts.
     *
     * @return those of images before those of journals; of each sort by name, and behind these the ones that are refused
     */
    List<PoolStatus> pools();

    /**
     * Names of the commit policies that are there now.
     *
     * @return sorted
     */
    List<String> commitPolicies();

    /**
     * Names of the trim strategies that are there now.
     *
     * @return sorted
     */
    List<String> trimStrategies();
}
