package io.tidemark.api.device;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Payload;
import io.tidemark.api.image.BlockImage;
import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One client of a device. {@link #read} and {@link #extents} may be called by several threads at once; all other calls
 * are made by one thread at a time, in the client's order.
 *
 * <p>How a front end uses it: take requests as they come in, hand each to {@code take} / {@code write} / {@code discard}
 * / {@code zero} / {@code flush}, and call {@link #drive} whenever no further request is at hand. Requests are not
 * promised to start before that. {@code drive} may do the group commit on the calling thread, so that a client with one
 * request in flight pays for no hand-over.
 */
@ProviderType
public interface DeviceSession extends AutoCloseable {
    /**
     * Reads. Sees every write that was acknowledged before the call, of any session. May wait for a disk, and while the
     * image is suspended, unless {@link SessionListener#readsWait} says otherwise.
     *
     * @param offset first byte
     * @param destination filled from position to limit
     * @throws StorageException INVALID beyond the end, IO, CORRUPT, UNAVAILABLE or CLOSED
     */
    void read(long offset, ByteBuffer destination) throws StorageException;

    /**
     * Takes memory for the payload of one write, and waits for it while the node's bound is reached: this is the
     * back-pressure. Drives before it waits.
     *
     * @param lengthBytes 1 to {@link io.tidemark.api.context.PayloadPool#MAX_PAYLOAD_BYTES}
     * @return a payload to fill and to hand to {@link #write}, or to release
     * @throws StorageException CLOSED
     */
    Payload take(int lengthBytes) throws StorageException;

    /**
     * Whether the last {@link #take} had to wait. Then the client may be gone meanwhile, and may be back over another
     * connection and be answered there: whoever knows that it is gone had better not do the write.
     *
     * @return false where there was memory at once
     */
    boolean takeWaited();

    /**
     * Writes. Checks (range, read-only) come first and change nothing. Long writes come in several payloads, in order,
     * and are journaled as several events; sectors are never mixed.
     *
     * @param offset first byte
     * @param payloads the bytes; ownership goes to the device, whatever the outcome
     * @param forceUnitAccess whether completion waits for durability even with a write cache
     * @param completion told exactly once, maybe before this returns
     */
    void write(long offset, Payload[] payloads, boolean forceUnitAccess, Completion completion);

    /**
     * Discards a range; it then reads as zeros.
     *
     * @param offset first byte
     * @param length bytes
     * @param forceUnitAccess as for {@link #write}
     * @param completion told exactly once
     */
    void discard(long offset, long length, boolean forceUnitAccess, Completion completion);

    /**
     * Zeroes a range.
     *
     * @param offset first byte
     * @param length bytes
     * @param provision whether space must stay reserved for it
     * @param forceUnitAccess as for {@link #write}
     * @param completion told exactly once
     */
    void zero(long offset, long length, boolean provision, boolean forceUnitAccess, Completion completion);

    /**
     * Makes every write that was acknowledged before, on any session, durable.
     *
     * @param completion told exactly once
     */
    void flush(Completion completion);

    /**
     * Starts what was handed in. May force the journal on this thread and call completions, of this and of other
     * sessions, before it returns.
     *
     * @param moreExpected true when the front end will go on to read further requests of the same client at once, so
     *     that the device may leave the force to a thread of its own
     */
    void drive(boolean moreExpected);

    /**
     * Which parts of a range hold data, journaled writes included. Waits as {@link #read} does.
     *
     * @param offset first byte
     * @param length bytes
     * @param visitor called in order, without gaps or overlaps
     * @throws StorageException INVALID beyond the end, IO, UNAVAILABLE or CLOSED
     */
    void extents(long offset, long length, BlockImage.ExtentVisitor visitor) throws StorageException;

    /** Detaches. Requests under way still complete. Idempotent. */
    @Override
    void close();
}
