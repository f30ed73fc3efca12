package io.tidemark.api.image;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.context.StorageFile;
import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The bytes of an open image. Calls may come from several threads at once; the engine never has two writes to
 * overlapping extents under way. A discarded range reads as zeros, byte-exact: what cannot be punched is zeroed.
 *
 * <p>A failed {@link #force} is final for this opening: everything written since the last good one may be lost, and the
 * image has to be closed and opened again.
 */
@ConsumerType
public interface BlockImage extends AutoCloseable {
    /**
     * Reads and writes of at least so many bytes are those of somebody who goes through a whole image, once: a store that has a
     * cache should leave it alone then, where it can. For a file it can when place, length and memory are aligned to
     * {@link StorageFile#DIRECT_ALIGNMENT_BYTES}. So whoever goes through an image takes so much or more at once, in
     * {@linkplain StorageFile#allocateAligned aligned memory}. Bytes that lie elsewhere are worth copying into it only where
     * the rest of that holds.
     */
    int LONG_BYTES = 256 << 10;

    /**
     * Size in bytes.
     *
     * @return volatile read
     */
    long sizeBytes();

    /**
     * Reads until the buffer is full. Holes read as zeros.
     *
     * @param offset first byte; {@code offset + remaining <= sizeBytes()}
     * @param destination filled from position to limit
     * @throws StorageException INVALID beyond the end, IO, CLOSED or STALE_SERVICE
     */
    void read(long offset, ByteBuffer destination) throws StorageException;

    /**
     * Writes all of a buffer.
     *
     * @param offset first byte; {@code offset + remaining <= sizeBytes()}
     * @param source from position to limit; consumed; lent until return
     * @throws StorageException INVALID beyond the end, NO_SPACE, IO, CLOSED or STALE_SERVICE
     */
    void write(long offset, ByteBuffer source) throws StorageException;

    /**
     * Writes several ranges, in no order: a store that can have many under way at once should.
     *
     * @param source the bytes of the ranges one behind the other, from position to limit; consumed; lent until return
     * @param offsets first byte of each in the image; they do not overlap
     * @param lengths bytes of each, together what the buffer has
     * @param count of the ranges
     * @throws StorageException as {@link #write(long, ByteBuffer)}; some of the ranges may have been written
     */
    default void write(ByteBuffer source, long[] offsets, int[] lengths, int count) throws StorageException {
        int limit = source.limit();
        try {
            for (int i = 0; i < count; i++) {
                source.limit(source.position() + lengths[i]);
                write(offsets[i], source);
            }
        } finally {
            source.limit(limit);
        }
    }

    /**
     * Begins what {@link #write(ByteBuffer, long[], int[], int)} does, for somebody who has something to do meanwhile. Until it
     * was awaited he asks for no other change of the image. A store that cannot have a write under way does all of it at once.
     *
     * @param source as there, but lent until the write was awaited; consumed at once
     * @param offsets as there; lent so too
     * @param lengths as there; lent so too
     * @param count of the ranges
     * @return the write
     * @throws StorageException as there; nothing is under way then
     */
    default PendingWrite startWrite(ByteBuffer source, long[] offsets, int[] lengths, int count)
            throws StorageException {
        write(source, offsets, lengths, count);
        return PendingWrite.OVER;
    }

    /**
     * Makes a range read as zeros.
     *
     * @param offset first byte
     * @param length bytes
     * @param provision true when space must stay reserved for it (NO_HOLE)
     * @throws StorageException as {@link #write(long, ByteBuffer)}
     */
    void zero(long offset, long length, boolean provision) throws StorageException;

    /**
     * Frees a range, which then reads as zeros.
     *
     * @param offset first byte
     * @param length bytes
     * @throws StorageException as {@link #write(long, ByteBuffer)}
     */
    void discard(long offset, long length) throws StorageException;

    /**
     * Makes everything that was written before the call durable.
     *
     * @throws StorageException IO or NO_SPACE, final for this opening
     */
    void force() throws StorageException;

    /**
     * Finds out whether the image may have a size, before that is recorded for good. The size stays as it is. Not beside {@link
     * #resize} or another call of this. A store without such limits need not implement it.
     *
     * @param newSizeBytes as for {@link #resize}, which may follow or not
     * @throws StorageException INVALID when the image can never be so large here; anything else says nothing of that
     */
    default void prepareResize(long newSizeBytes) throws StorageException {}

    /**
     * Changes the size. What is cut is gone; what is added reads as zeros.
     *
     * @param newSizeBytes the new size
     * @throws StorageException NO_SPACE or IO
     */
    void resize(long newSizeBytes) throws StorageException;

    /**
     * Makes sure that writes to a range cannot fail for lack of space.
     *
     * @param offset first byte
     * @param length bytes
     * @return false when the store cannot reserve; then only what {@link #provide} promises counts
     * @throws StorageException NO_SPACE or IO
     */
    boolean reserve(long offset, long length) throws StorageException;

    /**
     * Has space kept for writes that are in the journal and not yet made, wherever in the image they go. Replaces what was
     * provided before, and ends when the image is closed. A write is acknowledged only when what is provided covers it,
     * or when its range is reserved; so what is acknowledged can be applied. The store keeps to it what is its own: its other
     * images and, in the same place, journals. A store whose space does not end need not implement it.
     *
     * @param neededBytes what there has to be: where it is not, whoever has something to spare is asked to give it up
     * @param wishedBytes at least as much
     * @return what is provided now: at most {@code wishedBytes}, less where the pool has no more
     * @throws StorageException IO, CLOSED or STALE_SERVICE
     */
    default long provide(long neededBytes, long wishedBytes) throws StorageException {
        return wishedBytes;
    }

    /**
     * Tells which parts of a range hold data.
     *
     * @param offset first byte
     * @param length bytes
     * @param visitor called in order, without gaps or overlaps, until it returns false
     * @throws StorageException IO
     */
    void extents(long offset, long length, ExtentVisitor visitor) throws StorageException;

    /**
     * The head as stored last.
     *
     * @return never null
     */
    ImageHead head();

    /**
     * Replaces the head atomically; durable when it returns. To be called after {@link #force}.
     *
     * @param head the new head, with the same image identity
     * @throws StorageException NO_SPACE or IO; the old head stays
     */
    void storeHead(ImageHead head) throws StorageException;

    /**
     * As {@link #storeHead}, but the bytes are another image's from then on: its identity may be a new one. What the image was
     * is given up. A store that cannot do that need not implement it.
     *
     * @param head the new head, with the size that the image has
     * @throws StorageException INVALID for another size, NO_SPACE or IO, and the old head stays; UNSUPPORTED
     */
    default void adoptHead(ImageHead head) throws StorageException {
        throw new StorageException(
                StorageException.Reason.UNSUPPORTED,
                "the store of this image cannot make another image of its bytes",
                "move it to a pool of another sort");
    }

    /** Closes without forcing. Idempotent. */
    @Override
    void close() throws StorageException;

    /** Is told of extents. */
    @FunctionalInterface
    interface ExtentVisitor {
        /**
         * One extent.
         *
         * @param offset first byte
         * @param length bytes
         * @param data false for a hole, which reads as zeros
         * @return whether to go on
         */
        boolean extent(long offset, long length, boolean data);
    }
}
