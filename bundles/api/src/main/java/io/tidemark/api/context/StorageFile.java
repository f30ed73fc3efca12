package io.tidemark.api.context;

import io.tidemark.api.StorageException;
import java.nio.ByteBuffer;
import org.osgi.annotation.versioning.ProviderType;

/**
 * An open file. Positional calls may run at the same time from several threads. Direct buffers are never copied. A
 * failed {@link #force} is final for the file: the page cache proves nothing after it.
 */
@ProviderType
public interface StorageFile extends AutoCloseable {
    /** What {@link #writeThrough} and {@link #readDirect} want everything aligned to. */
    int DIRECT_ALIGNMENT_BYTES = 4096;

    /**
     * Memory outside the heap that can be read to and written from past the page cache. It is freed when nobody refers to the
     * buffer any more and the garbage collector has noticed: to be kept and used again, not to be taken for each request.
     *
     * @param bytes 0 or more; multiples of {@link #DIRECT_ALIGNMENT_BYTES} are what direct reads and writes want
     * @return a direct buffer that begins at a multiple of {@link #DIRECT_ALIGNMENT_BYTES}, all of it zeros: position 0, limit and
     *     capacity just {@code bytes}, wherever the memory begins, big endian. The caller's own
     * @throws IllegalArgumentException below 0 or when a buffer cannot have so many
     * @throws OutOfMemoryError when the process may have no more direct memory
     */
    static ByteBuffer allocateAligned(int bytes) {
        if (bytes < 0 || bytes > Integer.MAX_VALUE - DIRECT_ALIGNMENT_BYTES) {
            throw new IllegalArgumentException("aligned memory of " + bytes + " bytes");
        }
        ByteBuffer memory = ByteBuffer.allocateDirect(bytes + DIRECT_ALIGNMENT_BYTES);
        return memory.slice(DIRECT_ALIGNMENT_BYTES - memory.alignmentOffset(0, DIRECT_ALIGNMENT_BYTES), bytes);
    }

    /**
     * Reads until the buffer is full or the file ends.
     *
     * @param destination filled from its position to its limit, as far as the file reaches
     * @param offset first byte in the file
     * @return bytes read; less than asked only at the end of the file
     * @throws StorageException IO or CLOSED
     */
    int read(ByteBuffer destination, long offset) throws StorageException;

    /**
     * Reads past the page cache: from the device, also what memory has, and without leaving it in memory. For long ranges that
     * were written past it and are read once: nothing is copied, and no memory is looked for. What {@link #write} has left in
     * memory in the range is brought to the device before.
     *
     * @param destination a direct buffer, filled from its position to its limit as far as the file reaches; aligned as for
     *     {@link #writeThrough}
     * @param offset first byte in the file, aligned likewise
     * @return bytes read, less than asked only at the end of the file; -1 when this file cannot, nothing was read then
     * @throws StorageException IO or CLOSED
     */
    default int readDirect(ByteBuffer destination, long offset) throws StorageException {
        return -1;
    }

    /**
     * Writes all of a buffer.
     *
     * @param source from position to limit; consumed
     * @param offset first byte in the file
     * @throws StorageException NO_SPACE (some bytes may have been written), IO or CLOSED
     */
    void write(ByteBuffer source, long offset) throws StorageException;

    /**
     * Makes everything that was written before the call durable, and the file's size where it grew.
     *
     * @throws StorageException IO or NO_SPACE; whatever was written since the last good force may be lost
     */
    void force() throws StorageException;

    /**
     * Writes past the page cache. Like {@link #write} it is durable after the next {@link #force}; it takes no memory, and
     * a following read comes from the device. May follow {@link #write} and be followed by it in the same range; must not run
     * at the same time as it on one file, because what memory holds is larger units than the ranges.
     *
     * @param source a direct buffer from position to limit, consumed; aligned as for {@link #writeThrough}
     * @param offset first byte in the file; the range lies inside the file's size
     * @return false when this file cannot; nothing was written then
     * @throws StorageException IO or NO_SPACE
     */
    default boolean writeDirect(ByteBuffer source, long offset) throws StorageException {
        return false;
    }

    /**
     * Writes several ranges past the page cache, as {@link #writeDirect(ByteBuffer, long)} does one, at once and in no order.
     *
     * @param source a direct buffer with the bytes of the ranges one behind the other, from position to limit; consumed, and
     *     lent until return; aligned as for {@link #writeThrough}
     * @param offsets first byte of each in the file, aligned so too; they do not overlap and lie inside the file's size
     * @param lengths bytes of each, aligned so too
     * @param count of the ranges
     * @return false when this file cannot; nothing was written then
     * @throws StorageException IO, NO_SPACE or CLOSED; some of the ranges may have been written, and none is under way any more
     */
    default boolean writeDirect(ByteBuffer source, long[] offsets, int[] lengths, int count) throws StorageException {
        PendingWrite pending = startWriteDirect(source, offsets, lengths, count);
        if (pending == null) {
            return false;
        }
        pending.await();
        return true;
    }

    /**
     * Begins what {@link #writeDirect(ByteBuffer, long[], int[], int)} does, for somebody who has something to do meanwhile. A
     * file may do all of it at once.
     *
     * @param source as there, but lent until the write was awaited; consumed at once
     * @param offsets as there; lent so too
     * @param lengths as there; lent so too
     * @param count of the ranges
     * @return null when this file cannot; nothing was written then
     * @throws StorageException IO, NO_SPACE or CLOSED; some of the ranges may have been written, and none is under way any more
     */
    default PendingWrite startWriteDirect(ByteBuffer source, long[] offsets, int[] lengths, int count)
            throws StorageException {
        return null;
    }

    /**
     * Keeps all others from direct writes to this file until it is closed, and tells whether any of theirs may still arrive:
     * a process that was killed leaves those under way that its device has not answered. Does not wait for them.
     *
     * @return false while another process or another open file has the claim; true where no direct writes are possible either
     * @throws StorageException IO or CLOSED
     */
    default boolean claimDirectWrites() throws StorageException {
        return true;
    }

    /**
     * Advice: starts to read a range into memory, because {@link #read} will ask for it soon. Does not wait for it.
     *
     * @param offset first byte
     * @param length bytes, above 0
     */
    default void startRead(long offset, long length) {}

    /**
     * Advice: starts to bring to the device what {@link #write} left in memory, and waits for what was started in the range
     * before. So a later {@link #force} has little left, and others' forces do not queue behind all of it. Nothing is
     * durable by it, and errors show at the force.
     *
     * @param offset first byte
     * @param length bytes, above 0
     */
    default void startWriteBack(long offset, long length) {}

    /**
     * Writes past the page cache and makes exactly these bytes durable, in one step. For large batches this is up to
     * twice as fast as {@link #write} and {@link #force}, but a following read comes from the device. Says nothing about
     * other writes: those still need their force.
     *
     * @param source a direct buffer from position to limit, consumed; the memory address at its position, its remaining
     *     bytes and {@code offset} are multiples of {@link #DIRECT_ALIGNMENT_BYTES}
     * @param offset first byte in the file; the range lies inside the file's size
     * @return false when this file cannot; nothing was written then
     * @throws StorageException IO or NO_SPACE, as final as that of a force
     */
    default boolean writeThrough(ByteBuffer source, long offset) throws StorageException {
        return false;
    }

    /**
     * The file's size.
     *
     * @return bytes
     * @throws StorageException IO or CLOSED
     */
    long size() throws StorageException;

    /**
     * Cuts the file or extends it with a hole.
     *
     * @param size new size in bytes
     * @throws StorageException INVALID when a file may not be so large there, IO, NO_SPACE or CLOSED
     */
    void setSize(long size) throws StorageException;

    /**
     * Reserves blocks for a range, which then reads as before or as zeros.
     *
     * @param offset first byte
     * @param length bytes
     * @return false when the file system cannot
     * @throws StorageException NO_SPACE or IO
     */
    boolean allocate(long offset, long length) throws StorageException;

    /**
     * Frees the blocks of a range; it reads as zeros. The size stays. Unaligned ends are zeroed byte-exact.
     *
     * @param offset first byte
     * @param length bytes
     * @return false when the file system cannot; nothing was changed then
     * @throws StorageException IO
     */
    boolean punch(long offset, long length) throws StorageException;

    /**
     * The next run of data or hole.
     *
     * @param offset where to start; less than the size
     * @param hole true to look for the next hole, false for the next data
     * @return offset of the first byte of it at or behind {@code offset}; the file's size when there is none. Where the
     *     file system cannot tell, everything is data.
     * @throws StorageException IO or CLOSED
     */
    long seek(long offset, boolean hole) throws StorageException;

    /**
     * Asks that cached pages of a range be dropped, so that a following read comes from the device. Advice only.
     *
     * @param offset first byte
     * @param length bytes; 0 for everything behind {@code offset}
     */
    void dropCache(long offset, long length);

    @Override
    void close() throws StorageException;
}
