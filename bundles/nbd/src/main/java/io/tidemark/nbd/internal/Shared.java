package io.tidemark.nbd.internal;

import io.tidemark.api.device.BlockDevice;
import io.tidemark.base.text.LogLimit;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all connections of a server share: memory, each kind with its bound. No device may keep what others need, for a device
 * may take or answer nothing for as long as it likes: see {@link DeviceShare} and {@link LongWrites}.
 */
final class Shared implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Shared.class);
    private static final int SMALL_READ_BYTES = 16 << 10;
    private static final int LARGE_READ_BYTES = (256 << 10) + 64;
    private static final int SMALL_READS = 512;
    private static final int LARGE_READS = 32;

    private final BufferPool smallReads = new BufferPool(SMALL_READ_BYTES, SMALL_READS);
    private final BufferPool largeReads = new BufferPool(LARGE_READ_BYTES, LARGE_READS);
    private final ArrayDeque<ConnectionBuffers> idle = new ArrayDeque<>();
    private final Map<BlockDevice, DeviceShare> devices = new WeakHashMap<>();
    private final AtomicInteger readers = new AtomicInteger();
    private int readerThreads;

    /** For writes that are longer than one payload. */
    final LongWrites longWrites = new LongWrites();

    final Counters.Totals totals = new Counters.Totals();

    /** Anybody can make as many of these lines as he likes. */
    private final LogLimit strangers = new LogLimit(System.nanoTime());

    /** Apart, so that strangers do not hide these lines behind theirs. */
    private final LogLimit shortages = new LogLimit(System.nanoTime());

    private final Supplier<ConnectionBuffers> newBuffers;

    Shared(int readerThreads) {
        this(readerThreads, ConnectionBuffers::new);
    }

    /** With buffers from elsewhere. */
    Shared(int readerThreads, Supplier<ConnectionBuffers> newBuffers) {
        this.readerThreads = readerThreads;
        this.newBuffers = newBuffers;
    }

    /** A line about a client that was not served. */
    void stranger(String text) {
        String line = strangers.line(text, System.nanoTime());
        if (line != null) {
            LOG.warn("{}", line);
        }
    }

    private Thread reader(Runnable task) {
        return daemon(task, "nbd-reader-" + readers.incrementAndGet());
    }

    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /** Changes how many threads read from each device. */
    synchronized void readerThreads(int count) {
        readerThreads = count;
        devices.values().forEach(device -> device.readerThreads(count));
    }

    /** A buffer for a reply of so many bytes; null when none is free for this device or it is too long. */
    BufferPool.Lease readBuffer(DeviceShare device, long replyBytes) {
        if (replyBytes <= SMALL_READ_BYTES) {
            return smallReads.tryTake(device.smallReads);
        }
        return replyBytes <= LARGE_READ_BYTES ? largeReads.tryTake(device.largeReads) : null;
    }

    synchronized DeviceShare device(BlockDevice device) {
        return devices.computeIfAbsent(device, any -> new DeviceShare(readerThreads, this::reader));
    }

    /** Null when the process has no memory for them. */
    ConnectionBuffers takeBuffers() {
        synchronized (this) {
            ConnectionBuffers buffers = idle.poll();
            if (buffers != null) {
                return buffers;
            }
        }
        try {
            return newBuffers.get();
        } catch (OutOfMemoryError e) {
            return null;
        }
    }

    /** A line about a client for which there was no memory. */
    void shortage(String text) {
        String line = shortages.line(text, System.nanoTime());
        if (line != null) {
            LOG.warn("{}", line);
        }
    }

    /** Only when nothing uses them any more. */
    synchronized void giveBack(ConnectionBuffers buffers) {
        idle.push(buffers);
    }

    /** Lets readers end. */
    @Override
    public synchronized void close() {
        devices.values().forEach(DeviceShare::endReaders);
    }
}
