package io.tidemark.image.file;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open image. Its file is never shorter than the size in the stored head: it grows at {@link #resize}, and is cut
 * only after a head with the smaller size is durable. So a file that is too short at open was damaged, and a crash
 * between a resize and the checkpoint behind it leaves the image as it was at the checkpoint before.
 */
final class FileImage implements BlockImage {
    /** So many writes at once go past it if each of them can. */
    private static final int DIRECT_COUNT = 8;

    /** So many bytes in several writes at once do. */
    private static final int DIRECT_TOTAL_BYTES = 64 << 10;

    private static final long METADATA_SHARE = 64;

    private final String name;
    private final FileImageStore store;
    private final StorageFile data;
    private final HeadFile headFile;
    private final AutoCloseable claim;
    private final ByteBuffer zeros;
    private final SpaceBook.Promise space;

    /**
     * Calls under way, and one more while the image is open. The files are closed by the last one, so that no call ever
     * reaches a descriptor that has been closed and given to another file.
     */
    private final AtomicInteger users = new AtomicInteger(1);

    private final WriteBack writeBack;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean storing = new AtomicBoolean();
    private volatile boolean stale;
    /** The file system had no space at the last attempt. */
    private volatile boolean lacking;

    private volatile long sizeBytes;
    private volatile ImageHead head;
    /** The first failed force; nothing is written or forced after it. */
    private volatile StorageException failure;

    FileImage(
            String name,
            FileImageStore store,
            StorageFile data,
            HeadFile headFile,
            AutoCloseable claim,
            ByteBuffer zeros,
            SpaceBook.Promise space) {
        this.name = name;
        this.store = store;
        this.data = data;
        this.headFile = headFile;
        this.writeBack = new WriteBack(data);
        this.claim = claim;
        this.zeros = zeros;
        this.space = space;
        this.head = headFile.head();
        this.sizeBytes = head.sizeBytes();
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void read(long offset, ByteBuffer destination) throws StorageException {
        enter();
        try {
            int length = destination.remaining();
            check("read", offset, length);
            // What a whole image leaves in memory is in the way of writes past it: each has to throw its pages out
            // first.
            boolean direct = length >= LONG_BYTES && isAligned(destination, offset | length);
            if (!direct || data.readDirect(destination, offset) < 0) {
                data.read(destination, offset);
            }
            if (destination.hasRemaining()) {
                // A shrink may have cut the file under this read; then the range is at fault and not the file.
                check("read", offset, length);
                throw new StorageException(
                        Reason.CORRUPT,
                        "image " + name + ": its file ends before byte " + (offset + destination.remaining()),
                        "something else cut it: restore the image");
            }
        } finally {
            leave();
        }
    }

    @Override
    public void write(long offset, ByteBuffer source) throws StorageException {
        enter();
        try {
            checkIntact();
            check("write", offset, source.remaining());
            int length = source.remaining();
            change(length, () -> put(offset, source, length));
        } finally {
            leave();
        }
    }

    private void put(long offset, ByteBuffer source, int length) throws StorageException {
        // Long ones past the cache: copying them costs more than they are worth there, and the device gets them one by
        // one instead of in bursts. The engine's applier is the only writer, so no write beside this one goes through.
        boolean direct = length >= LONG_BYTES && isAligned(source, offset | length) && data.writeDirect(source, offset);
        if (!direct) {
            data.write(source, offset);
            writeBack.wrote(offset, length);
        }
    }

    private static boolean isAligned(ByteBuffer buffer, long numbers) {
        return buffer.isDirect()
                && (numbers | buffer.alignmentOffset(buffer.position(), StorageFile.DIRECT_ALIGNMENT_BYTES))
                                % StorageFile.DIRECT_ALIGNMENT_BYTES
                        == 0;
    }

    @Override
    public void write(ByteBuffer source, long[] offsets, int[] lengths, int count) throws StorageException {
        startWrite(source, offsets, lengths, count).await();
    }

    @Override
    public PendingWrite startWrite(ByteBuffer source, long[] offsets, int[] lengths, int count)
            throws StorageException {
        enter();
        PendingWrite pending = PendingWrite.OVER;
        try {
            checkIntact();
            pending = start(source, offsets, lengths, count);
        } finally {
            if (pending == PendingWrite.OVER) {
                leave();
            }
        }
        return pending;
    }

    private PendingWrite start(ByteBuffer source, long[] offsets, int[] lengths, int count) throws StorageException {
        long numbers = 0;
        for (int i = 0; i < count; i++) {
            check("write", offsets[i], lengths[i]);
            numbers |= offsets[i] | lengths[i];
        }
        int total = source.remaining();
        // Here too the applier is the only writer: a set is over before anything else is written through the cache.
        boolean direct =
                count > 1 && (count >= DIRECT_COUNT || total >= DIRECT_TOTAL_BYTES) && isAligned(source, numbers);
        PendingWrite[] begun = new PendingWrite[1];
        change(total, () -> {
            begun[0] = direct ? data.startWriteDirect(source, offsets, lengths, count) : null;
            if (begun[0] == null) {
                putEach(source, offsets, lengths, count);
            }
        });
        return begun[0] == null ? PendingWrite.OVER : () -> end(begun[0], total);
    }

    private void end(PendingWrite begun, int total) throws StorageException {
        try {
            change(total, begun::await);
        } finally {
            leave();
        }
    }

    private void putEach(ByteBuffer source, long[] offsets, int[] lengths, int count) throws StorageException {
        int limit = source.limit();
        for (int i = 0; i < count; i++) {
            source.limit(source.position() + lengths[i]);
            put(offsets[i], source, lengths[i]);
        }
        source.limit(limit);
    }

    @Override
    public void zero(long offset, long length, boolean provision) throws StorageException {
        enter();
        try {
            checkIntact();
            check("zero", offset, length);
            change(length, () -> clear(offset, length, provision));
        } finally {
            leave();
        }
    }

    @Override
    public void discard(long offset, long length) throws StorageException {
        enter();
        try {
            checkIntact();
            check("discard", offset, length);
            change(length, () -> clear(offset, length, false));
        } finally {
            leave();
        }
    }

    private void clear(long offset, long length, boolean provision) throws StorageException {
        if (length == 0) {
            return;
        }
        if (data.punch(offset, length) && (!provision || data.allocate(offset, length))) {
            return;
        }
        long end = offset + length;
        if (provision) {
            writeZeros(offset, end);
            return;
        }
        // Nobody has provided space for a discard, so it must not take any: a hole stays one.
        for (long at = data.seek(offset, false); at < end; ) {
            long hole = Math.min(Math.max(at + 1, data.seek(at, true)), end);
            writeZeros(at, hole);
            at = hole < end ? data.seek(hole, false) : end;
        }
    }

    private void writeZeros(long from, long end) throws StorageException {
        for (long at = from; at < end; ) {
            int count = (int) Math.min(zeros.capacity(), end - at);
            data.write(zeros.duplicate().position(0).limit(count), at);
            at += count;
        }
    }

    @Override
    public void force() throws StorageException {
        enter();
        try {
            checkIntact();
            forceOnce();
        } finally {
            leave();
        }
    }

    private void forceOnce() throws StorageException {
        try {
            data.force();
        } catch (StorageException e) {
            failure = e;
            throw e;
        }
    }

    /** Tried, and taken back: growing into a file that is longer already would have to clear it. */
    @Override
    public void prepareResize(long newSizeBytes) throws StorageException {
        enter();
        try {
            checkIntact();
            long fileBytes = data.size();
            if (newSizeBytes > fileBytes) {
                data.setSize(newSizeBytes);
                data.setSize(fileBytes);
            }
        } finally {
            leave();
        }
    }

    @Override
    public void resize(long newSizeBytes) throws StorageException {
        enter();
        try {
            checkIntact();
            if (newSizeBytes < 0) {
                throw new StorageException(
                        Reason.INVALID, "image " + name + " cannot have " + newSizeBytes + " bytes", "");
            }
            long fileBytes = data.size();
            if (newSizeBytes > sizeBytes && fileBytes > sizeBytes) {
                // Behind the end lies what an earlier shrink cut off, or what a crash left.
                clear(sizeBytes, Math.min(fileBytes, newSizeBytes) - sizeBytes, false);
            }
            if (newSizeBytes > fileBytes) {
                data.setSize(newSizeBytes);
            }
            sizeBytes = newSizeBytes;
        } finally {
            leave();
        }
    }

    @Override
    public boolean reserve(long offset, long length) throws StorageException {
        enter();
        try {
            checkIntact();
            check("reserve", offset, length);
            long holes = holes(offset, length);
            if (holes > space.available()) {
                StorageException e = new StorageException(
                        Reason.NO_SPACE,
                        "image " + name + ": " + holes + " bytes for a write are more than its pool has left",
                        "make space in " + store);
                lacking = true;
                tellLack(holes, e);
                throw e;
            }
            boolean[] reserved = new boolean[1];
            change(holes, () -> reserved[0] = data.allocate(offset, length));
            return reserved[0];
        } finally {
            leave();
        }
    }

    /** Bytes of a range that have no blocks yet. */
    private long holes(long offset, long length) throws StorageException {
        long end = offset + length;
        long bytes = 0;
        for (long at = offset; at < end; ) {
            long hole = data.seek(at, true);
            if (hole >= end) {
                break;
            }
            at = Math.max(hole + 1, Math.min(data.seek(hole, false), end));
            bytes += at - hole;
        }
        return bytes;
    }

    @Override
    public long provide(long neededBytes, long wishedBytes) throws StorageException {
        enter();
        try {
            long entered = space.ask(withMetadata(neededBytes), withMetadata(wishedBytes));
            lacking = false;
            return entered == withMetadata(wishedBytes) ? wishedBytes : entered - entered / METADATA_SHARE;
        } finally {
            leave();
        }
    }

    /** Scattered blocks cost the file system something for keeping their places. */
    private static long withMetadata(long bytes) {
        return bytes + bytes / METADATA_SHARE;
    }

    private void tellLack(long bytes, StorageException failure) {
        try {
            space.lacks(bytes);
        } catch (StorageException e) {
            failure.addSuppressed(e);
        }
    }

    private interface Change {
        void run() throws StorageException;
    }

    /** Has space given up elsewhere when a change does not find any. */
    private void change(long length, Change change) throws StorageException {
        try {
            change.run();
            if (lacking) {
                lacking = false;
                space.lacks(0);
            }
        } catch (StorageException e) {
            if (e.reason() == Reason.NO_SPACE) {
                lacking = true;
                tellLack(length, e);
            }
            throw e;
        }
    }

    @Override
    public void extents(long offset, long length, ExtentVisitor visitor) throws StorageException {
        enter();
        try {
            check("list extents of", offset, length);
            long end = offset + length;
            boolean more = true;
            for (long at = offset; at < end && more; ) {
                long start = Math.min(data.seek(at, false), end);
                if (start > at) {
                    more = visitor.extent(at, start - at, false);
                    at = start;
                } else {
                    // At least a byte, should a hole appear here between the two questions.
                    long stop = Math.max(at + 1, Math.min(data.seek(at, true), end));
                    more = visitor.extent(at, stop - at, true);
                    at = stop;
                }
            }
        } finally {
            leave();
        }
    }

    @Override
    public ImageHead head() {
        return head;
    }

    @Override
    public void storeHead(ImageHead newHead) throws StorageException {
        enter();
        try {
            checkIntact();
            if (!newHead.imageIdentity().equals(head.imageIdentity())) {
                throw new StorageException(
                        Reason.MISMATCH,
                        "image " + name + " has the identity " + head.imageIdentity() + ", not "
                                + newHead.imageIdentity(),
                        "");
            }
            store(newHead);
        } finally {
            leave();
        }
    }

    @Override
    public void adoptHead(ImageHead newHead) throws StorageException {
        enter();
        try {
            checkIntact();
            if (newHead.sizeBytes() != sizeBytes) {
                throw new StorageException(
                        Reason.INVALID,
                        "image " + name + " has " + sizeBytes + " bytes, and is to become one of "
                                + newHead.sizeBytes(),
                        "resize it first");
            }
            store(newHead);
        } finally {
            leave();
        }
    }

    private void store(ImageHead newHead) throws StorageException {
        if (!storing.compareAndSet(false, true)) {
            throw new IllegalStateException("image " + name + ": two threads store its head at once");
        }
        try {
            headFile.store(newHead);
            head = newHead;
        } finally {
            storing.set(false);
        }
        cut(Math.max(sizeBytes, newHead.sizeBytes()));
    }

    private void cut(long neededBytes) {
        try {
            if (data.size() > neededBytes) {
                data.setSize(neededBytes);
            }
        } catch (StorageException e) {
            // The head is stored, and that is what the caller asked for. The next one tries to free the space again.
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            leave();
        }
    }

    /** The store goes away, and the image with it. */
    void storeGone() {
        stale = true;
        close();
    }

    private void enter() throws StorageException {
        for (; ; ) {
            int count = users.get();
            if (closed.get() || count == 0) {
                throw stale
                        ? new StorageException(Reason.STALE_SERVICE, "image " + name + ": its pool was taken away", "")
                        : new StorageException(Reason.CLOSED, "image " + name + " was closed", "");
            }
            if (users.compareAndSet(count, count + 1)) {
                return;
            }
        }
    }

    private void leave() {
        int left = users.decrementAndGet();
        assert left >= 0 : "image " + name + " is left more often than entered";
        if (left == 0) {
            FileImageStore.closeQuietly(data);
            FileImageStore.closeQuietly(headFile);
            FileImageStore.closeQuietly(claim);
            space.close();
            store.exit(name);
        }
    }

    private void check(String verb, long offset, long length) throws StorageException {
        if (offset < 0 || length < 0 || length > sizeBytes - offset) {
            throw new StorageException(
                    Reason.INVALID,
                    "image " + name + ": cannot " + verb + " " + length + " bytes at " + offset + ", it has "
                            + sizeBytes + " bytes",
                    "");
        }
    }

    private void checkIntact() throws StorageException {
        StorageException first = failure;
        if (first != null) {
            throw new StorageException(
                    Reason.IO,
                    "image " + name + ": an earlier force failed (" + first.getMessage() + ")",
                    "it has to be closed and opened again",
                    first);
        }
    }
}
