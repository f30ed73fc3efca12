package io.tidemark.itests.felix.inside;

import io.tidemark.api.StorageException;
import io.tidemark.api.context.Payload;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.device.SessionListener;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/** Writes one 4 KiB block after the other, each numbered, as long as it is told to; every one has to be acknowledged. */
final class Writer implements AutoCloseable {
    static final int BLOCK_BYTES = 4096;

    private final DeviceSession session;
    private final int blocks;
    private final AtomicLong acknowledged = new AtomicLong();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private volatile boolean stop;
    private Thread thread;

    Writer(BlockDevice device, SessionListener listener) throws StorageException {
        this(device, listener, 0);
    }

    /** Numbers from behind one on, so that what it writes differs from what was written before. */
    Writer(BlockDevice device, SessionListener listener, long behind) throws StorageException {
        acknowledged.set(behind);
        session = device.connect("writer", listener);
        blocks = (int) Math.min(device.sizeBytes() / BLOCK_BYTES, 1024);
    }

    void start() {
        thread = new Thread(this::run, "test-writer");
        thread.start();
    }

    /** Number of blocks that were acknowledged so far. */
    long acknowledged() {
        return acknowledged.get();
    }

    private void run() {
        try {
            while (!stop) {
                write(acknowledged.get() + 1);
                acknowledged.incrementAndGet();
            }
            end.complete(null);
        } catch (StorageException | RuntimeException e) {
            end.completeExceptionally(e);
        }
    }

    private void write(long number) throws StorageException {
        Payload payload = session.take(BLOCK_BYTES);
        ByteBuffer buffer = payload.buffer();
        while (buffer.hasRemaining()) {
            buffer.putLong(number);
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        session.write(number % blocks * BLOCK_BYTES, new Payload[] {payload}, true, failure -> {
            if (failure == null) {
                done.complete(null);
            } else {
                done.completeExceptionally(failure);
            }
        });
        session.drive(false);
        try {
            done.get(120, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("write " + number + " failed", e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new IllegalStateException("write " + number + " was never answered", e);
        }
    }

    /** Ends it after the write under way; fails when a write failed. */
    long finish() {
        stop = true;
        try {
            end.get(120, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
        return acknowledged.get();
    }

    /** Fails unless the last number written to each block is there. */
    void verify(long last) throws StorageException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BLOCK_BYTES);
        for (long number = Math.max(1, last - blocks + 1); number <= last; number++) {
            buffer.clear();
            session.read(number % blocks * BLOCK_BYTES, buffer);
            buffer.flip();
            while (buffer.hasRemaining()) {
                long found = buffer.getLong();
                if (found != number) {
                    throw new AssertionError("block of write " + number + " holds " + found);
                }
            }
        }
    }

    @Override
    public void close() {
        stop = true;
        session.close();
    }
}
