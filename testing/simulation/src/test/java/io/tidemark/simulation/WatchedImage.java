package io.tidemark.simulation;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** An image that tells the oracle when the engine breaks its side of the contract. */
final class WatchedImage implements BlockImage {
    private final BlockImage image;
    private final Oracle oracle;
    private final Runnable slow;
    private final List<long[]> underWay = new ArrayList<>();

    /** Sets that were begun and not awaited. */
    private int pending;

    /**
     * Watches.
     *
     * @param slow takes the time by which this image's device is slower than the journal's
     */
    WatchedImage(BlockImage image, Oracle oracle, Runnable slow) {
        this.image = image;
        this.oracle = oracle;
        this.slow = slow;
    }

    private interface Change {
        void run() throws StorageException;
    }

    private long[] begin(long offset, long length) {
        for (long[] other : underWay) {
            boolean overlap = offset < other[1] && other[0] < offset + length;
            oracle.check(overlap ? "two changes of overlapping extents are under way in the image" : null);
        }
        long[] mine = {offset, offset + length};
        underWay.add(mine);
        return mine;
    }

    private void change(long offset, long length, Change change) throws StorageException {
        oracle.check(pending > 0 ? "a change begins before the set that was begun has been awaited" : null);
        long[] mine = begin(offset, length);
        try {
            slow.run();
            change.run();
        } finally {
            underWay.remove(mine);
        }
    }

    @Override
    public long sizeBytes() {
        return image.sizeBytes();
    }

    @Override
    public void read(long offset, ByteBuffer destination) throws StorageException {
        image.read(offset, destination);
    }

    @Override
    public void write(long offset, ByteBuffer source) throws StorageException {
        change(offset, source.remaining(), () -> image.write(offset, source));
    }

    @Override
    public void write(ByteBuffer source, long[] offsets, int[] lengths, int count) throws StorageException {
        startWrite(source, offsets, lengths, count).await();
    }

    /** Has each range under way until all of them are written. */
    @Override
    public PendingWrite startWrite(ByteBuffer source, long[] offsets, int[] lengths, int count)
            throws StorageException {
        oracle.check(pending > 0 ? "a set is begun before the one before it has been awaited" : null);
        List<long[]> set = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            set.add(begin(offsets[i], lengths[i]));
        }
        boolean begun = false;
        try {
            PendingWrite below = image.startWrite(source, offsets, lengths, count);
            begun = true;
            pending++;
            long begunAt = oracle.steps();
            return () -> {
                if (oracle.steps() != begunAt) {
                    oracle.filledBeside();
                }
                try {
                    slow.run();
                    below.await();
                } finally {
                    pending--;
                    underWay.removeAll(set);
                }
            };
        } finally {
            if (!begun) {
                underWay.removeAll(set);
            }
        }
    }

    @Override
    public void zero(long offset, long length, boolean provision) throws StorageException {
        change(offset, length, () -> image.zero(offset, length, provision));
    }

    @Override
    public void discard(long offset, long length) throws StorageException {
        change(offset, length, () -> image.discard(offset, length));
    }

    @Override
    public void force() throws StorageException {
        image.force();
    }

    @Override
    public long provide(long neededBytes, long wishedBytes) throws StorageException {
        return image.provide(neededBytes, wishedBytes);
    }

    @Override
    public void prepareResize(long newSizeBytes) throws StorageException {
        image.prepareResize(newSizeBytes);
    }

    @Override
    public void resize(long newSizeBytes) throws StorageException {
        image.resize(newSizeBytes);
    }

    @Override
    public boolean reserve(long offset, long length) throws StorageException {
        return image.reserve(offset, length);
    }

    @Override
    public void extents(long offset, long length, ExtentVisitor visitor) throws StorageException {
        image.extents(offset, length, visitor);
    }

    @Override
    public ImageHead head() {
        return image.head();
    }

    @Override
    public void storeHead(ImageHead head) throws StorageException {
        oracle.headStoring(head);
        image.storeHead(head);
        oracle.headStored(head);
    }

    @Override
    public void close() throws StorageException {
        image.close();
    }
}
