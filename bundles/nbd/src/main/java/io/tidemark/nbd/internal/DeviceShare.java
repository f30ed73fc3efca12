package io.tidemark.nbd.internal;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What the connections of one device share. Of one device, because whoever waits for a device that takes or answers nothing
 * now keeps it, and must not keep those of another one waiting. Safe for all threads.
 */
final class DeviceShare {
    /** Clients that may hold payload memory of the node while they are still sending what belongs into it. */
    private static final int RECEPTIONS = 16;

    private static final long READER_IDLE_SECONDS = 30;

    /** For each client that sends into payload memory. */
    final Semaphore receptions = new Semaphore(RECEPTIONS, true);

    /** Threads that read from a slow disk; none while it does not have to be one. */
    private final ThreadPoolExecutor readers;

    /** Of the buffers for replies, which all devices share. */
    final BufferPool.Borrower smallReads = new BufferPool.Borrower();

    final BufferPool.Borrower largeReads = new BufferPool.Borrower();

    DeviceShare(int readerThreads, ThreadFactory threads) {
        readers = new ThreadPoolExecutor(
                readerThreads,
                readerThreads,
                READER_IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                threads);
        readers.allowCoreThreadTimeOut(true);
    }

    /** Has a thread read; where the machine has none, the caller does. */
    void read(Runnable read) {
        AtomicBoolean begun = new AtomicBoolean();
        Runnable once = () -> {
            if (begun.compareAndSet(false, true)) {
                read.run();
            }
        };
        try {
            readers.execute(once);
        } catch (OutOfMemoryError e) {
            // It may be in the queue all the same.
            once.run();
        }
    }

    /** Lets the threads end; none is interrupted, since an interrupt would close the file that it reads. */
    void endReaders() {
        readers.shutdown();
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
}
