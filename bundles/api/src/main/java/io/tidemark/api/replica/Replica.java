package io.tidemark.api.replica;

import io.tidemark.api.Epoch;
import io.tidemark.api.EventHeader;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The receiving end of a replica: takes events of the source into the replica's own journal, at the source's positions, byte
 * for byte. What is forced there is <i>received</i>; what clients of the replica read follows by the order for its head.
 *
 * <p>{@link #startEpoch}, {@link #offer}, the copying and {@link #close} are called by one thread at a time; everything else
 * by any. While the image is suspended calls fail with UNAVAILABLE, and go on where they stopped when it serves again: what has
 * arrived is kept meanwhile. CLOSED is for good: the image was promoted, closed or deleted, or it was suspended while bytes were copied
 * to it, and whoever copies has to take the receiving end again and go on at {@link ReplicaProgress#nextOffset()}.
 * Listeners are called once for each registration, on threads of the engine, under no lock, and must not block or call back
 * into this object; opening a gate is the usual thing. They are also called when the image is suspended, resumed or closed;
 * one that is registered while it is suspended is called when it is resumed or closed.
 */
@ProviderType
public interface Replica extends AutoCloseable {
    /**
     * How far it is.
     *
     * @return all of one instant; the last one known when it is closed
     */
    ReplicaProgress progress();

    /**
     * Goes on in the source's next epoch. Forces what was offered first. Durable when it returns; does nothing when it is the
     * last epoch already.
     *
     * @param epoch exactly as the source has it
     * @throws StorageException MISMATCH when it does not continue the last epoch right behind what has arrived, and nothing
     *     was changed; UNAVAILABLE, CLOSED, or IO
     */
    void startEpoch(Epoch epoch) throws StorageException;

    /**
     * Takes the next event. It becomes durable with {@link #commit}, or a moment later by itself.
     *
     * @param header as the source's journal has it
     * @param body as the source's journal has it, from position to limit; not consumed, copied before this returns
     * @return false when there is no room now (payload memory, journal): {@link #whenRoom} tells when to offer it again
     * @throws StorageException MISMATCH when its position is not the next one in the last epoch, INVALID when header and body
     *     contradict each other or its time is less than that of the event before, and nothing was changed; UNAVAILABLE,
     *     CLOSED, or IO
     */
    boolean offer(EventHeader header, ByteBuffer body) throws StorageException;

    /**
     * Asks to be told when an event that was refused for lack of room may be offered again. May be called when there is room
     * already: then the listener is called soon. It is called when something has moved that may have made room, so the event
     * may be refused once more; then ask again.
     *
     * @param listener called once
     */
    void whenRoom(Runnable listener);

    /** Has everything that was offered forced soon, by a thread of the engine. Does not wait. */
    void commit();

    /**
     * Asks to be told of progress. The listener is called soon when it has been made already, and at once when this end is closed
     * or its image is.
     *
     * @param aboveReceived told when {@code received} is above it; {@link Long#MAX_VALUE} for never
     * @param aboveReplayed or when {@code replayed} is; {@link Long#MAX_VALUE} for never
     * @param listener called once
     */
    void whenProgress(long aboveReceived, long aboveReplayed, Runnable listener);

    /**
     * What the source's wall clock is by this node's monotonic one, so that steps of the own wall clock do not matter. A delay is
     * counted in the source's time where that wrote the event, see {@link #writtenBySource}.
     *
     * @param sourceMinusMonotonicNanos what has to be added to the own monotonic clock to get the source's wall clock
     * @param known whether the source confirmed it lately. While it is not, the last known one counts, and every event waits
     *     for all of a delay since it was received here
     */
    void clockOffset(long sourceMinusMonotonicNanos, boolean known);

    /**
     * Which events have times of the clock that {@link #clockOffset} is about. Those before, which another node wrote, or nobody
     * knows who, wait for all of a delay since they were received here; so do all of them until this is called. To be called before
     * the offset of another clock is.
     *
     * @param fromSequence the first such event; {@link Long#MAX_VALUE} for none
     */
    void writtenBySource(long fromSequence);

    /**
     * Events that the source had already when this link began: for them a delay counts in the source's time, as long as the offset
     * is known and the source wrote them, and ends at the latest when they were received for as long as it.
     *
     * @param sequence the last such event
     */
    void catchUpTo(long sequence);

    /**
     * Advice: what the source has durable, as far as is known. A replica that lacks much of it may work otherwise than one that
     * keeps up. Costs hardly anything.
     *
     * @param sequence the last such event; lower ones than before say nothing
     */
    default void sourceDurable(long sequence) {}

    /**
     * A time that no event of the source exceeds up to where the copied bytes begin, or up to what was received. What this image
     * journals itself once it is promoted has no earlier time: its journal may not have the event in front of that, and another
     * replica may. It is kept with the next {@link #copied} or {@link #endBootstrap}, and at a promotion. Costs hardly anything.
     *
     * @param timeNanos by the source's events, nanoseconds since 1970; one that is less than before says nothing
     */
    default void sourceTime(long timeNanos) {}

    /**
     * Writes bytes of the source's image straight to the image. Only while {@link Consistency#COPYING}. The bytes may be newer
     * than {@code registered}, parts of them newer than others.
     *
     * @param offset first byte
     * @param bytes from position to limit; consumed
     * @throws StorageException INVALID beyond the end or when it is not copying, NO_SPACE, UNAVAILABLE, CLOSED, or IO
     */
    void copy(long offset, ByteBuffer bytes) throws StorageException;

    /**
     * Reads bytes as they are in the image, to be compared with the source's. Only while {@link Consistency#COPYING}.
     *
     * @param offset first byte
     * @param destination gets bytes from position to limit
     * @throws StorageException as {@link #copy}
     */
    void readSeed(long offset, ByteBuffer destination) throws StorageException;

    /**
     * Makes a range of the image read as zeros, as {@link #copy}. A new replica reads as zeros, but one whose copy was cut may
     * not behind {@link ReplicaProgress#nextOffset()}.
     *
     * @param offset first byte
     * @param length bytes
     * @throws StorageException as {@link #copy}
     */
    void copyZeros(long offset, long length) throws StorageException;

    /**
     * What the bytes may show that were copied since this end was taken. It is kept with the next {@link #copied} or
     * {@link #endBootstrap}, so that bytes of several sources become consistent no sooner than all of them are.
     *
     * @param last a durable event of the source at or above all that they show, on the branch of {@link #copyAgain}
     * @param epoch identity of the epoch that it lies in
     */
    void shows(Position last, UUID epoch);

    /**
     * Makes what was copied durable and notes where a copy that is cut goes on. Costs a force; meant for each second, or some
     * dozen MiB.
     *
     * @param nextOffset everything before it is copied, and every event that it may show is durable at the source: what a
     *     source shows and then loses in a crash must not stay here
     * @throws StorageException as {@link #copy}
     */
    void copied(long nextOffset) throws StorageException;

    /**
     * Everything is copied. The head moves from now on. Durable when it returns.
     *
     * @param consistentAt a durable position of the source at or above every event that the copied bytes may show: what was
     *     appended there when the last byte had been read, after a force. The replica is consistent when its head has reached
     *     it, and what bytes show that were copied earlier
     * @throws StorageException as {@link #copy}
     */
    void endBootstrap(Position consistentAt) throws StorageException;

    /**
     * The branch that the source is on. Bytes that were copied before, of this source or another one, may show an event that is
     * not on it: it, or the replica that has taken its place, was promoted with less. Such bytes are no position of this source,
     * and no event replaces them; so all is to be copied once more, from the first byte on.
     *
     * @param branch epochs of the source, oldest first, those that were received among them; nothing of another branch was
     *     offered
     * @return whether all is to be copied once more, which is durable then; never for a replica that is
     *     {@link Consistency#CONSISTENT}, nor for one to which nothing was copied yet
     * @throws StorageException UNAVAILABLE, CLOSED, or IO
     */
    boolean copyAgain(List<Epoch> branch) throws StorageException;

    /** Ends receiving; what was offered is kept and becomes durable. Idempotent. */
    @Override
    void close();
}
