package io.tidemark.console.internal;

import io.tidemark.console.internal.endpoint.Readiness;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the console while the node starts: a Java machine that has never run a command takes most of a second for its first
 * one. A node says that it serves only when that is done, but never waits long for it. Safe for all threads.
 */
final class Rehearsal implements Supplier<Readiness> {
    private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);
    private static final int ROUNDS = 5;

    /** A start has 10 s in all, and serving matters more than the first command's time. */
    private static final long PATIENCE_NANOS = 3_000_000_000L;

    private final Supplier<Readiness> node;
    private final LongSupplier clock;
    private final CountDownLatch done = new CountDownLatch(1);
    private final long beganNanos;

    /**
     * Asks a node, and holds its word back until the console is loaded.
     *
     * @param node says whether it serves
     * @param clock monotonic, in nanoseconds
     */
    Rehearsal(Supplier<Readiness> node, LongSupplier clock) {
        this.node = node;
        this.clock = clock;
        this.beganNanos = clock.getAsLong();
    }

    /**
     * Starts loading, on a thread of its own.
     *
     * @param command runs one, into nowhere
     */
    void start(Runnable command) {
        Thread thread = new Thread(() -> run(command), "tm-rehearsal");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(Runnable command) {
        try {
            for (int round = 0; round < ROUNDS; round++) {
                command.run();
            }
        } catch (RuntimeException | LinkageError e) {
            // The bundle was stopped meanwhile, or the command is broken: whoever types it will see.
            LOG.debug("The console could not be tried: {}", e.toString());
        } finally {
            done.countDown();
        }
    }

    @Override
    public Readiness get() {
        Readiness now = node.get();
        boolean loading = done.getCount() > 0 && clock.getAsLong() - beganNanos < PATIENCE_NANOS;
        return loading && now.state() == Readiness.State.SERVING
                ? new Readiness(Readiness.State.STARTING, "starting: the console is being loaded")
                : now;
    }
}
