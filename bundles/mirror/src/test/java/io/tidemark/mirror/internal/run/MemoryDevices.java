package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.Payload;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.Completion;
import io.tidemark.api.device.DeviceRegistry;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.api.image.BlockImage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The bytes of images in memory, for copies: every fourth 64 KiB that is all zeros is a hole. */
final class MemoryDevices implements DeviceRegistry {
    private static final int UNIT = 64 << 10;

    private final MemoryEngine engine;
    private final Map<String, MemoryImage> images;

    MemoryDevices(MemoryEngine engine, Map<String, MemoryImage> images) {
        this.engine = engine;
        this.images = images;
    }

    @Override
    public List<BlockDevice> devices() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<BlockDevice> device(String exportName) {
        return Optional.ofNullable(images.get(exportName)).map(image -> new Device(image, engine));
    }

    private record Device(MemoryImage image, MemoryEngine engine) implements BlockDevice {
        @Override
        public String name() {
            return image.name;
        }

        @Override
        public String description() {
            return "";
        }

        @Override
        public long sizeBytes() {
            return image.sizeBytes;
        }

        @Override
        public int preferredBlockBytes() {
            return 4096;
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public boolean writeCache() {
            return false;
        }

        @Override
        public DeviceSession connect(String client, SessionListener listener) {
            engine.sessions++;
            return new Session(image, engine, listener);
        }
    }

    private record Session(MemoryImage image, MemoryEngine engine, SessionListener listener) implements DeviceSession {
        private void awaitServing() throws StorageException {
            if (image.suspended && !listener.readsWait()) {
                throw new StorageException(Reason.UNAVAILABLE, image.name + " is suspended", "");
            }
            engine.awaitServing(image);
        }

        private void check(long offset, long length) throws StorageException {
            if (offset + length > image.sizeBytes) {
                throw new StorageException(Reason.INVALID, offset + length + " is beyond the end", "");
            }
        }

        @Override
        public void read(long offset, ByteBuffer destination) throws StorageException {
            engine.shortage.meet();
            engine.lend(destination);
            engine.awaitReads();
            awaitServing();
            check(offset, destination.remaining());
            image.read(offset, destination);
        }

        @Override
        public void flush(Completion completion) {
            if (image.flushesWait) {
                return;
            }
            image.journal.forceAll();
            completion.completed(null);
        }

        @Override
        public void drive(boolean moreExpected) {
            engine.wake();
        }

        /** Extents of data are long enough for reads that are worth going past a page cache. */
        @Override
        public void extents(long offset, long length, BlockImage.ExtentVisitor visitor) throws StorageException {
            awaitServing();
            check(offset, length);
            long at = offset;
            boolean more = true;
            while (more && at < offset + length) {
                boolean data = hasData(at);
                long end = at;
                while (end < offset + length && hasData(end) == data) {
                    end = Math.min(offset + length, (end / UNIT + 1) * UNIT);
                }
                more = visitor.extent(at, end - at, data);
                at = end;
            }
        }

        private boolean hasData(long at) {
            long unit = at / UNIT;
            boolean data = unit % 8 != 0;
            for (long i = unit * UNIT; i < (unit + 1) * UNIT && i < image.bytes.length && !data; i++) {
                data = image.bytes[(int) i] != 0;
            }
            return data;
        }

        @Override
        public Payload take(int lengthBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean takeWaited() {
            return false;
        }

        @Override
        public void write(long offset, Payload[] payloads, boolean forceUnitAccess, Completion completion) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void discard(long offset, long length, boolean forceUnitAccess, Completion completion) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void zero(long offset, long length, boolean provision, boolean force, Completion completion) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            engine.sessions--;
        }
    }
}
