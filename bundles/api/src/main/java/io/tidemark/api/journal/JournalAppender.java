package io.tidemark.api.journal;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The writing end of a journal. {@link #append} is called by one thread at a time; {@link #force} and {@link #commit} by any.
 * An append may run while a force is under way: it goes into the next batch. This is how group commit gathers.
 */
@ConsumerType
public interface JournalAppender {
    /** What {@link #append} returns when the journal's limit or its pool has no room; nothing was appended. */
    long FULL = -1;

    /** What {@link #append} returns when the batch under construction is full; nothing was appended. Force, then again. */
    long BATCH_FULL = -2;

    /**
     * Appends an event; its position is {@code (current epoch, appended + 1)}. Does no I/O that waits for a device.
     *
     * <p>The body is the three parts, one behind the other. {@code head} and {@code tail} are copied before the call
     * returns. {@code payload} may be referred to until the event is durable or the journal is closed: the caller keeps
     * its bytes unchanged so long. All three are read through duplicates; their positions stay.
     *
     * @param kind of the event
     * @param flags see {@link io.tidemark.api.EventHeader#flags()}
     * @param timeNanos wall clock; at least that of the event before
     * @param offset first byte of the extent
     * @param length bytes of the extent
     * @param head first part of the body
     * @param payload second part; null for none
     * @param tail third part
     * @return the place of the event, not negative, for {@link Journal#readBody}; {@link #FULL}; or {@link #BATCH_FULL}
     * @throws StorageException IO after an earlier failure, CLOSED, STALE_SERVICE; INVALID for a body above 1 MiB plus
     *     4 KiB
     */
    long append(
            EventKind kind,
            int flags,
            long timeNanos,
            long offset,
            long length,
            ByteBuffer head,
            ByteBuffer payload,
            ByteBuffer tail)
            throws StorageException;

    /**
     * Makes every event that was appended before the call durable and moves {@link Journal#durable()}. Readers that wait
     * are woken.
     *
     * @return the new durable sequence
     * @throws StorageException IO or NO_SPACE; final for this opening of the journal
     */
    long force() throws StorageException;

    /**
     * As {@link #force}, but does not wait for what other threads are writing. What was appended before the call is durable
     * when all such calls have returned; until then {@link Journal#durable()} stops in front of the oldest that has not.
     *
     * @return the durable sequence now; whoever returns last brings it to the end
     * @throws StorageException as {@link #force}
     */
    default long commit() throws StorageException {
        return force();
    }

    /**
     * Whether a further {@link #commit} would write beside one that is under way, rather than wait for it.
     *
     * @return volatile read; false unless the journal has seen that it can
     */
    default boolean overlaps() {
        return false;
    }

    /**
     * Advice: whether what is appended will soon be read by {@link Journal#readBody}. Where it will not, a journal may keep it
     * out of memory.
     *
     * @param expected true unless told otherwise
     */
    default void expectReading(boolean expected) {}

    /**
     * Sequence of the last appended event, or the one before the first.
     *
     * @return volatile read
     */
    long appended();

    /**
     * Bytes that were appended and not yet forced.
     *
     * @return volatile read
     */
    long unforcedBytes();
}
