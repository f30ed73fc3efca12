package io.tidemark.node;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.context.Payload;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishStore;
import io.tidemark.engine.manage.ImageDirectory;
import io.tidemark.faults.FaultyFiles;
import io.tidemark.image.file.FileImageStore;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The images of a node, in a directory: {@code images} and {@code journals}, as they are on disk. */
final class Place implements AutoCloseable {
    static final long SIZE = 32L << 20;
    static final String POOL = "default";

    /** What clients write; nobody else may ever show it. */
    static final String SECRET = "nobody may see me ";

    private static final long PATIENCE_SECONDS = 30;

    final FaultyFiles files = new FaultyFiles(new MachineFiles());
    final SteppingContext context = new SteppingContext(files);
    final ImageDirectory directory = new ImageDirectory(context, "node", new Wishes());
    final FlashJournalStore journals;
    final FileImageStore images;
    private final Path data;

    Place(Path data) {
        this(data, 0);
    }

    /** Without seals, so that the last batch of a journal is never attested; with a pool that keeps something in reserve. */
    Place(Path data, long reserveBytes) {
        this.data = data;
        FlashOptions options = FlashOptions.DEFAULT.withSegmentBytes(2L << 20).withSealNanos(0);
        journals = new FlashJournalStore(POOL, List.of(data.resolve("journals")), options, files);
        images = images(reserveBytes);
        directory.plugins().addJournalStore(POOL, 0, journals);
        directory.plugins().addImageStore(POOL, 0, images);
    }

    FileImageStore images(long reserveBytes) {
        return new FileImageStore(POOL, data.resolve("images"), reserveBytes, files);
    }

    private static final class Wishes implements WishStore {
        @Override
        public Wish add(Wish wish) {
            return new Wish("etc/" + wish.name(), wish.name(), wish.properties());
        }

        @Override
        public void change(Wish wish, Map<String, String> changes) {}

        @Override
        public void remove(Wish wish) {}
    }

    /** As if a file of the image appeared or was changed. */
    void wish(String name, Map<String, String> properties) {
        directory.wished(new Wish("etc/" + name, name, properties));
    }

    ImageStatus status(String name) {
        try {
            return directory.image(name);
        } catch (StorageException e) {
            throw new AssertionError(e);
        }
    }

    void awaitState(String name, State state) {
        await(() -> status(name).state() == state, () -> name + " is not " + state + ": " + directory.images());
    }

    static void await(BooleanSupplier condition, Supplier<String> message) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, message);
            LockSupport.parkNanos(1_000_000);
        }
    }

    Client client(String name) throws StorageException {
        return new Client(directory.device(name).orElseThrow().connect("test", new SessionListener() {
            @Override
            public void swept() {}

            @Override
            public void closed(String why) {}
        }));
    }

    /** One client; each write is waited for by whoever wants to. */
    record Client(DeviceSession session) implements AutoCloseable {
        /** Writes something that tells the number. */
        Request write(long offset, int length, int number) throws StorageException {
            Payload payload = session.take(length);
            payload.buffer().put(content(length, number));
            Request request = new Request();
            session.write(offset, new Payload[] {payload}, false, request::completed);
            session.drive(false);
            return request;
        }

        boolean holds(long offset, int length, int number) throws StorageException {
            ByteBuffer buffer = ByteBuffer.allocateDirect(length);
            session.read(offset, buffer);
            return buffer.flip().equals(content(length, number));
        }

        static ByteBuffer content(int length, int number) {
            byte[] text = (SECRET + number + " ").getBytes(StandardCharsets.US_ASCII);
            ByteBuffer content = ByteBuffer.allocate(length);
            while (content.hasRemaining()) {
                content.put(text, 0, Math.min(text.length, content.remaining()));
            }
            return content.flip();
        }

        @Override
        public void close() {
            session.close();
        }
    }

    /** A request under way. */
    static final class Request {
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile StorageException failure;

        void completed(StorageException why) {
            failure = why;
            ended.countDown();
        }

        boolean isDone() {
            return ended.getCount() == 0;
        }

        StorageException await() {
            Place.await(this::isDone, () -> "a request did not end");
            return failure;
        }

        void succeeded() {
            assertNull(await());
        }
    }

    @Override
    public void close() {
        files.failWhen(call -> false);
        directory.stop();
        assertTrue(directory.awaitStopped(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)), "images do not close");
        journals.close();
        images.close();
    }
}
