package io.tidemark.nbd.internal;

import io.tidemark.api.context.PayloadPool;
import io.tidemark.api.device.BlockDevice;
import io.tidemark.base.text.LogLimit;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all connections of a server share: memory, each kind with its bound, and the threads that read from slow disks. */
final class Shared implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Shared.class);
    private static final int SMALL_READ_BYTES = 16 << 10;
    private static final int LARGE_READ_BYTES = (256 << 10) + 64;
    private static final int SMALL_READS = 512;
    private static final int LARGE_READS = 32;
    /** A write of the greatest length, and one piece more. */
    private static final int LONG_WRITE_PIECES = Nbd.MAX_PAYLOAD_BYTES / PayloadPool.MAX_PAYLOAD_BYTES + 1;
    /**
     * Clients of one device that may hold payload memory of the node while they are still sending what belongs into it. Of one
     * device, because they wait there too when it takes nothing now, and must not keep those of another one waiting.
     */
    private static final int RECEPTIONS = 16;

    private static final long READER_IDLE_SECONDS = 30;

    private final BufferPool smallReads = new BufferPool(SMALL_READ_BYTES, SMALL_READS);
    private final BufferPool largeReads = new BufferPool(LARGE_READ_BYTES, LARGE_READS);
    private final ArrayDeque<ConnectionBuffers> idle = new ArrayDeque<>();
    private final ThreadPoolExecutor readers;

    /** Buffers for writes that are longer than one payload, received whole before the first byte is written. */
    final BufferPool longWrites = new BufferPool(PayloadPool.MAX_PAYLOAD_BYTES, LONG_WRITE_PIECES);

    /** As many as {@link #longWrites} has buffers: taken all at once, so that two writers cannot wait for each other. */
    final Semaphore longWritePieces = new Semaphore(LONG_WRITE_PIECES, true);

    private final Map<BlockDevice, Semaphore> receptions = new WeakHashMap<>();
    final Counters.Totals totals = new Counters.Totals();

    /** Anybody can make as many of these lines as he likes. */
    private final LogLimit strangers = new LogLimit(System.nanoTime());

    Shared(int readerThreads) {
        AtomicInteger number = new AtomicInteger();
        readers = new ThreadPoolExecutor(
                readerThreads,
                readerThreads,
                READER_IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> daemon(task, "nbd-reader-" + number.incrementAndGet()));
        readers.allowCoreThreadTimeOut(true);
    }

    /** A line about a client that was not served. */
    void stranger(String text) {
        String line = strangers.line(text, System.nanoTime());
        if (line != null) {
            LOG.warn("{}", line);
        }
    }

    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Changes how many threads read. */
    void readerThreads(int count) {
        // The order matters: the one must never be above the other.
        if (count > readers.getMaximumPoolSize()) {
            readers.setMaximumPoolSize(count);
            readers.setCorePoolSize(count);
        } else {
            readers.setCorePoolSize(count);
            readers.setMaximumPoolSize(count);
        }
    }

    ExecutorService readers() {
        return readers;
    }

    /** A buffer for a reply of so many bytes; null when none is free or it is too long. */
    BufferPool.Lease readBuffer(long replyBytes) {
        if (replyBytes <= SMALL_READ_BYTES) {
            return smallReads.tryTake();
        }
        return replyBytes <= LARGE_READ_BYTES ? largeReads.tryTake() : null;
    }

    synchronized Semaphore receptions(BlockDevice device) {
        return receptions.computeIfAbsent(device, any -> new Semaphore(RECEPTIONS, true));
    }

    synchronized ConnectionBuffers takeBuffers() {
        ConnectionBuffers buffers = idle.poll();
        return buffers == null ? new ConnectionBuffers() : buffers;
    }

    /** Only when nothing uses them any more. */
    synchronized void giveBack(ConnectionBuffers buffers) {
        idle.push(buffers);
    }

    /** Lets readers end; none is interrupted, since an interrupt would close the file that it reads. */
    @Override
    public void close() {
        readers.shutdown();
    }
}
