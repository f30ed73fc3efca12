package io.tidemark.api.journal;

import io.tidemark.api.Epoch;
import io.tidemark.api.StorageException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * An open journal: events in order, each with a position, a time and an opaque body. Safe for all threads, apart from
 * the appender.
 *
 * <p>No reader ever sees an event above {@link #durable()}. A failed append or force is final: from then on every call
 * of the appender fails, and the journal has to be closed and opened again, through recovery.
 */
@ConsumerType
public interface Journal extends AutoCloseable {
    /**
     * The name in its pool.
     *
     * @return never null
     */
    String name();

    /**
     * The identity given at creation.
     *
     * @return never null
     */
    UUID identity();

    /**
     * What opening found and did.
     *
     * @return the report; the same as long as the journal is open
     */
    RecoveryReport recovery();

    /**
     * The epochs that the journal knows, oldest first; the last one is written now. Empty until the first
     * {@link #startEpoch}. Those before the one that {@link #trimmed} is in, or a client that ends earlier, may be forgotten.
     *
     * @return an immutable list
     */
    List<Epoch> epochs();

    /**
     * Starts the next epoch; appends follow in it. Durable when it returns.
     *
     * @param epoch its predecessor's identity must be that of the last epoch, and its first sequence must be
     *     {@code appended + 1}; the very first epoch may start at any sequence
     * @throws StorageException MISMATCH when it does not continue the last epoch; INVALID while events wait for a force;
     *     otherwise as {@link JournalAppender#force}
     */
    void startEpoch(Epoch epoch) throws StorageException;

    /**
     * The one appender.
     *
     * @return always the same
     */
    JournalAppender appender();

    /**
     * Sequence of the last durable event, or the one before the first event.
     *
     * @return volatile read
     */
    long durable();

    /**
     * Sequence of the last trimmed event: the journal starts at the next one.
     *
     * @return volatile read
     */
    long trimmed();

    /**
     * Opens a reader.
     *
     * @param fromSequence the first event wanted; above {@link #trimmed()}, at most {@code durable + 1}
     * @return the reader; the caller closes it. It pins what it has not read yet against trimming.
     * @throws StorageException NOT_FOUND when that was trimmed, INVALID above durable, CORRUPT or IO
     */
    JournalReader reader(long fromSequence) throws StorageException;

    /**
     * Reads a part of the body of a durable event.
     *
     * @param place what {@link JournalAppender#append} returned or {@link JournalReader#place()} said, in this opening of
     *     the journal or an earlier one
     * @param bodyOffset first byte wanted
     * @param destination filled from position to limit
     * @throws StorageException NOT_FOUND when it was trimmed, CORRUPT, IO or CLOSED
     */
    void readBody(long place, int bodyOffset, ByteBuffer destination) throws StorageException;

    /**
     * Advice: {@link #readBody} will be asked for a part of this event soon. Whoever is about to read many events here and
     * there says so for all of them first; then devices read them side by side. Does not wait, and reports nothing.
     *
     * @param place as for {@link #readBody}
     * @param bodyBytes the part ends within so many bytes of the body
     */
    default void startRead(long place, int bodyBytes) {}

    /**
     * The last durable event whose time is at most {@code timeNanos}. O(log n).
     *
     * @param timeNanos nanoseconds since 1970
     * @return its sequence; {@link #trimmed()} when all that is left is younger
     * @throws StorageException CORRUPT or IO
     */
    long sequenceAt(long timeNanos) throws StorageException;

    /**
     * The first event such that all events from it to the newest take at most so many bytes, give or take a segment.
     *
     * @param bytes to keep
     * @return its sequence, above {@link #trimmed()}
     * @throws StorageException CORRUPT or IO
     */
    long sequenceAtBytesBack(long bytes) throws StorageException;

    /**
     * Registered clients, by name.
     *
     * @return an immutable list
     */
    List<JournalClient> clients();

    /**
     * Registered clients, after a look at what those say that follow the journal from elsewhere, see {@link JournalStore#follow}.
     *
     * @return as {@link #clients()} says it from now on
     * @throws StorageException IO, CORRUPT or CLOSED
     */
    default List<JournalClient> refreshClients() throws StorageException {
        return clients();
    }

    /**
     * Registers a client or moves its commit position or state. Durable when it returns.
     *
     * @param client as it is to be kept
     * @throws StorageException NO_SPACE or IO
     */
    void putClient(JournalClient client) throws StorageException;

    /**
     * Changes a registered client, unless somebody else has changed it since it was looked at. Durable when it returns true.
     *
     * <p>What is here looks and then puts. A journal whose clients are changed by several threads overrides it with something
     * that nobody can come between.
     *
     * @param before as {@link #clients} had it
     * @param after as it is to be kept, with the same id
     * @return false when it is no longer as before; then nothing is changed
     * @throws StorageException as {@link #putClient}
     */
    default boolean replaceClient(JournalClient before, JournalClient after) throws StorageException {
        boolean same = clients().contains(before);
        if (same) {
            putClient(after);
        }
        return same;
    }

    /**
     * Removes a client. Durable when it returns.
     *
     * @param id of the client
     * @throws StorageException NOT_FOUND or IO
     */
    void removeClient(String id) throws StorageException;

    /**
     * Allows the journal to forget events up to a sequence. It forgets whole segments, so it may keep more, and never
     * anything that an open reader or a connected client still wants: one that has come since the caller looked counts too.
     *
     * @param sequence last event that nobody needs; at most {@link #durable()}
     * @return the new {@link #trimmed()}
     * @throws StorageException IO
     */
    long trim(long sequence) throws StorageException;

    /**
     * Changes limits while it is open.
     *
     * @param settings the new ones; take effect with the next segment
     */
    void configure(JournalSettings settings);

    /**
     * Passes on what whoever writes a journal says of it to somebody who follows it, see {@link JournalStore#follow}: so readers
     * need not wait until that shows in the journal itself. Does not wait, and may be called by any thread. For a journal that is
     * not followed it means nothing.
     *
     * @param durable sequence up to which it was durable when that was said; never more than was durable, because it is believed. A
     *     lower one than before changes nothing
     * @param goesOn whether each later move will be told, too: as long as that is so the journal is not looked at for news in between.
     *     With false nothing that was told before is believed any more, and the journal is looked at every now and then
     */
    default void told(long durable, boolean goesOn) {}

    /**
     * Figures, for people and metrics.
     *
     * @return the state now
     */
    JournalStatus status();

    /**
     * How much more the journal can take as things are: what its limit leaves, or less where its pool has less space.
     *
     * @return bytes, about; not negative
     */
    default long roomBytes() {
        JournalStatus now = status();
        return Math.max(0, now.limitBytes() - now.usedBytes());
    }

    /**
     * Seals what is durable and closes. Events that were appended and never forced are gone. Readers end with CLOSED.
     * Idempotent.
     */
    @Override
    void close() throws StorageException;

    /**
     * What opening a journal found.
     *
     * @param created true when it was made just now
     * @param clean true when the journal had been closed in order
     * @param lastKnownDurable last durable sequence that the journal itself attests
     * @param kept last sequence that recovery kept and forced; at least {@code lastKnownDurable}
     * @param cutBytes bytes behind it that recovery dropped as torn; they were never called durable
     * @param nanos how long it took
     * @param detail one line for the log
     */
    record RecoveryReport(
            boolean created,
            boolean clean,
            long lastKnownDurable,
            long kept,
            long cutBytes,
            long nanos,
            String detail) {}

    /**
     * Figures of a journal.
     *
     * @param usedBytes taken in the pool, by live segments
     * @param limitBytes the limit in force
     * @param liveBytes bytes of events that are not trimmed
     * @param segments live segments
     * @param forces forces since it was opened
     * @param appendedBytes bytes written since it was opened, framing included
     * @param appendedEvents events since it was opened
     * @param oldestTimeNanos time of the oldest event, 0 when there is none
     * @param newestTimeNanos time of the newest durable event, 0 when there is none
     */
    record JournalStatus(
            long usedBytes,
            long limitBytes,
            long liveBytes,
            int segments,
            long forces,
            long appendedBytes,
            long appendedEvents,
            long oldestTimeNanos,
            long newestTimeNanos) {}
}
