package io.tidemark.engine.manage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus;
import io.tidemark.api.context.Payload;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.wish.Wish;
import io.tidemark.base.wish.WishStore;
import io.tidemark.engine.image.MemoryPools;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.function.Executable;

/** A directory of images over pools in memory, with one store of each sort. */
final class Node implements AutoCloseable {
    static final int SIZE = 1 << 20;

    final StorageContext context;
    final MemoryPools pools;
    final Wishes wishes = new Wishes();
    final ImageDirectory directory;
    MemoryPools.Journals journals;
    MemoryPools.Images images;

    Node() {
        this(new MemoryPools());
    }

    Node(MemoryPools pools) {
        this(pools, new MachineContext(32L << 20));
    }

    Node(MemoryPools pools, StorageContext context) {
        this.pools = pools;
        this.context = context;
        this.directory = new ImageDirectory(context, "node", wishes);
    }

    Node withStores() {
        journals = pools.journals();
        images = pools.images();
        directory.plugins().addJournalStore("default", 0, journals);
        directory.plugins().addImageStore("default", 0, images);
        return this;
    }

    /** Keeps configurations in memory, and fails when told. */
    static final class Wishes implements WishStore {
        final Map<String, Wish> kept = new HashMap<>();
        boolean failing;
        Executable before = () -> {};

        private void check() throws StorageException {
            try {
                before.execute();
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
            if (failing) {
                throw new StorageException(Reason.NO_SPACE, "etc is full", "");
            }
        }

        @Override
        public synchronized Wish add(Wish wish) throws StorageException {
            check();
            Wish stored = new Wish("etc/" + wish.name(), wish.name(), wish.properties());
            kept.put(stored.origin(), stored);
            return stored;
        }

        @Override
        public synchronized void change(Wish wish, Map<String, String> changes) throws StorageException {
            check();
            kept.put(wish.origin(), wish.with(changes));
        }

        @Override
        public synchronized void remove(Wish wish) throws StorageException {
            check();
            kept.remove(wish.origin());
        }
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

    ImageStatus.State state(String name) {
        return status(name).state();
    }

    void awaitState(String name, ImageStatus.State state) {
        await(
                () -> directory.images().stream().anyMatch(each -> each.name().equals(name) && each.state() == state),
                () -> name + " is not " + state + ": " + directory.images());
    }

    static void await(BooleanSupplier condition, java.util.function.Supplier<String> message) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, message);
            LockSupport.parkNanos(1_000_000);
        }
    }

    BlockDevice device(String name) {
        return directory.device(name).orElseThrow();
    }

    /** One client; each request is waited for by whoever wants to. */
    final class Client implements SessionListener, AutoCloseable {
        final DeviceSession session;
        final AtomicReference<String> closed = new AtomicReference<>();

        Client(String name) throws StorageException {
            session = device(name).connect("test", this);
        }

        Request write(long offset, byte value) throws StorageException {
            Payload payload = session.take(512);
            ByteBuffer buffer = payload.buffer();
            while (buffer.hasRemaining()) {
                buffer.put(value);
            }
            Request request = new Request();
            session.write(offset, new Payload[] {payload}, false, request::completed);
            session.drive(false);
            return request;
        }

        Request flush() {
            Request request = new Request();
            session.flush(request::completed);
            session.drive(false);
            return request;
        }

        byte read(long offset) throws StorageException {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1);
            session.read(offset, buffer);
            return buffer.get(0);
        }

        @Override
        public void swept() {}

        @Override
        public void closed(String why) {
            closed.set(why);
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
            try {
                assertTrue(ended.await(20, TimeUnit.SECONDS), "a request did not end");
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return failure;
        }

        void succeeded() {
            assertNull(await());
        }
    }

    static StorageException fails(Reason reason, Executable call) {
        StorageException failure = assertThrows(StorageException.class, call);
        assertEquals(reason, failure.reason(), failure.getMessage());
        return failure;
    }

    @Override
    public void close() {
        directory.stop();
        assertTrue(directory.awaitStopped(TimeUnit.SECONDS.toNanos(20)), "images do not close");
        assertEquals(0, pools.openNow(), "something is left open");
        assertTrue(pools.mostOpeners() <= 1, "two services had the same thing open");
    }
}
