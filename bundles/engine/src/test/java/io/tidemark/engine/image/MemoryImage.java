package io.tidemark.engine.image;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.UUID;

/** An image in memory that keeps what was forced apart from what was only written. */
final class MemoryImage implements BlockImage {
    /** No image of this store is larger. */
    static final long MOST_BYTES = 1L << 30;

    private byte[] bytes;
    private byte[] forced;
    private ImageHead head;
    private boolean closed;

    /** Faults. */
    boolean full;

    /** What the pool has to give. */
    long providableBytes = Long.MAX_VALUE;

    /** From here on no range has blocks. */
    long reservableBytes = Long.MAX_VALUE;

    long asked;
    /** How often it was asked what it can provide. */
    int asks;

    int reserved;
    boolean failNextForce;
    boolean failNextWrite;
    boolean failHeads;
    /** The next head is written, and forcing it fails: whoever opens the image may find it. */
    boolean failNextHeadForce;

    long writes;
    /** Of all writes. */
    volatile long writtenBytes;
    /** Ranges of each call with several, as {@code offset+length} in blocks of 4 KiB. */
    final List<String> sets = Collections.synchronizedList(new ArrayList<>());

    /** Call with several ranges that finds no space after its first range. */
    int fullAtSet = -1;

    /** Of each write by itself, whether the bytes lie as writing past a cache wants them. */
    final List<Boolean> aligned = Collections.synchronizedList(new ArrayList<>());

    long forces;
    Runnable beforeWrite = () -> {};
    Runnable beforeRead = () -> {};
    Runnable beforeMap = () -> {};

    /** Sets that were begun and not awaited. */
    volatile int underWay;

    Runnable beforeHead = () -> {};
    Runnable beforeForce = () -> {};
    /** It is asked what the pool has. */
    Runnable beforeSpace = () -> {};

    Runnable beforeReserve = () -> {};

    Runnable beforeResize = () -> {};
    /** Every read fails with it. */
    StorageException readFailure;

    Runnable whenClosed = () -> {};
    /** Not null: every write fails with it, in the next openings too. */
    StorageException damage;

    MemoryImage(int size, UUID journal) {
        bytes = new byte[size];
        forced = bytes.clone();
        head = new ImageHead(
                new UUID(7, 7),
                size,
                4096,
                "flash",
                journal,
                Epoch.NO_PREDECESSOR,
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
    }

    MemoryImage(byte[] bytes, ImageHead head) {
        this.bytes = bytes.clone();
        this.forced = bytes.clone();
        this.head = head;
    }

    /** What opening again finds after what was not forced is lost. */
    synchronized MemoryImage reopened() {
        closed = true;
        MemoryImage next = new MemoryImage(forced, head);
        next.damage = damage;
        next.failNextForce = failNextForce;
        return next;
    }

    private void usable() throws StorageException {
        if (closed) {
            throw new StorageException(Reason.STALE_SERVICE, "the image's service went away", "");
        }
    }

    synchronized void goAway() {
        closed = true;
    }

    @Override
    public synchronized long sizeBytes() {
        return bytes.length;
    }

    @Override
    public void read(long offset, ByteBuffer destination) throws StorageException {
        beforeRead.run();
        if (readFailure != null) {
            throw readFailure;
        }
        synchronized (this) {
            usable();
            destination.put(bytes, (int) offset, destination.remaining());
        }
    }

    /** What was written and not forced is lost while the image stays open, as after a failed force. */
    synchronized void dropUnforced() {
        bytes = forced.clone();
    }

    @Override
    public void write(long offset, ByteBuffer source) throws StorageException {
        beforeWrite.run();
        begins();
        synchronized (this) {
            usable();
            space();
            writes++;
            writtenBytes += source.remaining();
            aligned.add(source.isDirect() && source.alignmentOffset(source.position(), 4096) == 0);
            if (damage != null) {
                throw damage;
            }
            if (failNextWrite) {
                failNextWrite = false;
                throw new StorageException(Reason.IO, "write failed on purpose", "");
            }
            source.get(bytes, (int) offset, source.remaining());
        }
    }

    /** Does nothing before it is awaited, as a slow device may. */
    @Override
    public PendingWrite startWrite(ByteBuffer source, long[] offsets, int[] lengths, int count) {
        begins();
        underWay++;
        ByteBuffer lent = source.duplicate();
        ByteBuffer before =
                ByteBuffer.allocate(lent.remaining()).put(lent.duplicate()).flip();
        source.position(source.limit());
        return () -> {
            underWay--;
            if (!before.equals(lent)) {
                throw new AssertionError("the bytes of a set changed while it was under way");
            }
            write(lent, offsets, lengths, count);
        };
    }

    private void begins() {
        if (underWay > 0) {
            throw new AssertionError("a change begins while a set is under way");
        }
    }

    @Override
    public void write(ByteBuffer source, long[] offsets, int[] lengths, int count) throws StorageException {
        StringJoiner set = new StringJoiner(" ");
        for (int i = 0; i < count; i++) {
            set.add(offsets[i] / 4096 + "+" + lengths[i] / 4096);
        }
        sets.add(set.toString());
        if (sets.size() - 1 == fullAtSet) {
            source.limit(source.position() + lengths[0]);
            write(offsets[0], source);
            throw new StorageException(Reason.NO_SPACE, "no space on purpose", "");
        }
        BlockImage.super.write(source, offsets, lengths, count);
    }

    private void space() throws StorageException {
        if (full) {
            throw new StorageException(Reason.NO_SPACE, "no space on purpose", "");
        }
    }

    @Override
    public synchronized void zero(long offset, long length, boolean provision) throws StorageException {
        begins();
        usable();
        space();
        Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
    }

    @Override
    public synchronized void discard(long offset, long length) throws StorageException {
        zero(offset, length, false);
    }

    @Override
    public void force() throws StorageException {
        beforeForce.run();
        synchronized (this) {
            usable();
            forces++;
            if (failNextForce) {
                failNextForce = false;
                throw new StorageException(Reason.IO, "force failed on purpose", "");
            }
            forced = bytes.clone();
        }
    }

    @Override
    public void prepareResize(long newSizeBytes) throws StorageException {
        if (newSizeBytes > MOST_BYTES) {
            throw new StorageException(Reason.INVALID, newSizeBytes + " bytes are too many", "");
        }
    }

    @Override
    public void resize(long newSizeBytes) throws StorageException {
        beforeResize.run();
        begins();
        synchronized (this) {
            usable();
            bytes = Arrays.copyOf(bytes, (int) newSizeBytes);
            forced = Arrays.copyOf(forced, (int) newSizeBytes);
        }
    }

    @Override
    public synchronized boolean reserve(long offset, long length) throws StorageException {
        beforeReserve.run();
        usable();
        if (offset >= reservableBytes) {
            throw new StorageException(Reason.NO_SPACE, "no space on purpose", "");
        }
        reserved++;
        return true;
    }

    @Override
    public synchronized long provide(long neededBytes, long wishedBytes) throws StorageException {
        beforeSpace.run();
        usable();
        asked = neededBytes;
        asks++;
        return Math.min(wishedBytes, providableBytes);
    }

    @Override
    public void extents(long offset, long length, ExtentVisitor visitor) throws StorageException {
        beforeMap.run();
        map(offset, length, visitor);
    }

    private synchronized void map(long offset, long length, ExtentVisitor visitor) throws StorageException {
        usable();
        for (long at = offset; at < offset + length; at += 512) {
            long step = Math.min(512, offset + length - at);
            boolean data = false;
            for (int i = 0; i < step; i++) {
                data |= bytes[(int) at + i] != 0;
            }
            if (!visitor.extent(at, step, data)) {
                return;
            }
        }
    }

    @Override
    public synchronized ImageHead head() {
        return head;
    }

    @Override
    public void storeHead(ImageHead newHead) throws StorageException {
        beforeHead.run();
        synchronized (this) {
            usable();
            if (failHeads) {
                throw new StorageException(Reason.NO_SPACE, "no space for the head on purpose", "");
            }
            head = newHead;
            if (failNextHeadForce) {
                failNextHeadForce = false;
                throw new StorageException(Reason.IO, "forcing the head failed on purpose", "");
            }
        }
    }

    @Override
    public void adoptHead(ImageHead newHead) throws StorageException {
        storeHead(newHead);
    }

    synchronized byte[] bytes() {
        return bytes.clone();
    }

    synchronized byte[] forced() {
        return forced.clone();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        Runnable told = whenClosed;
        whenClosed = () -> {};
        told.run();
    }
}
