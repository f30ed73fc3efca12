package io.tidemark.transport.tcp.internal;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A few threads for what takes the processor (TLS, compression), and some that wait for others, as for name servers. They end when
 * there is nothing to do.
 */
final class Crew {
    private static final long KEEP_SECONDS = 10;
    /** They wait and do nothing else. */
    private static final int MOST_WAITING = 32;

    private final ThreadPoolExecutor threads;
    private final ThreadPoolExecutor waiting;
    private final Names names;
    private final AtomicInteger number = new AtomicInteger();

    Crew(String name, int most) {
        threads = pool(most, body -> new Worker(body, name + "-worker-" + number.incrementAndGet()));
        waiting = pool(MOST_WAITING, body -> {
            Thread thread = new Thread(body, name + "-names");
            thread.setDaemon(true);
            return thread;
        });
        names = new Names(waiting);
    }

    private static ThreadPoolExecutor pool(int most, ThreadFactory factory) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                most, most, KEEP_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    void size(int most) {
        if (most > threads.getMaximumPoolSize()) {
            threads.setMaximumPoolSize(most);
            threads.setCorePoolSize(most);
        } else {
            threads.setCorePoolSize(most);
            threads.setMaximumPoolSize(most);
        }
    }

    /** False when the transport has ended, or there is neither a thread nor memory for one. */
    boolean execute(Consumer<Scratch> work) {
        try {
            threads.execute(() -> work.accept(((Worker) Thread.currentThread()).scratch));
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        } catch (OutOfMemoryError e) {
            Shared.LOG.debug("no further thread for links", e);
            return false;
        }
    }

    /** Does something that waits for others than links; false as {@link #execute}. */
    boolean look(Runnable work) {
        try {
            waiting.execute(work);
            return true;
        } catch (RejectedExecutionException | OutOfMemoryError e) {
            Shared.LOG.debug("nobody can wait now", e);
            return false;
        }
    }

    Names names() {
        return names;
    }

    void end() {
        threads.shutdown();
        waiting.shutdownNow();
    }

    private static final class Worker extends Thread {
        private final Scratch scratch = new Scratch();

        Worker(Runnable body, String name) {
            super(body, name);
            setDaemon(true);
        }

        @Override
        public void run() {
            try (scratch) {
                super.run();
            }
        }
    }
}
