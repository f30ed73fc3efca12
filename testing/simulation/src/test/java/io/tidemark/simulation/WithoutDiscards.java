package io.tidemark.simulation;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.PendingWrite;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import java.nio.ByteBuffer;

/** An image that is broken on purpose: what is discarded stays. */
final class WithoutDiscards implements BlockImage {
    private final BlockImage image;

    WithoutDiscards(BlockImage image) {
        this.image = image;
    }

    @Override
    public void discard(long offset, long length) {}

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
        image.write(offset, source);
    }

    @Override
    public void write(ByteBuffer source, long[] offsets, int[] lengths, int count) throws StorageException {
        image.write(source, offsets, lengths, count);
    }

    @Override
    public PendingWrite startWrite(ByteBuffer source, long[] offsets, int[] lengths, int count)
            throws StorageException {
        return image.startWrite(source, offsets, lengths, count);
    }

    @Override
    public void zero(long offset, long length, boolean provision) throws StorageException {
        image.zero(offset, length, provision);
    }

    @Override
    public void force() throws StorageException {
        image.force();
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
    public long provide(long neededBytes, long wishedBytes) throws StorageException {
        return image.provide(neededBytes, wishedBytes);
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
        image.storeHead(head);
    }

    @Override
    public void close() throws StorageException {
        image.close();
    }
}
