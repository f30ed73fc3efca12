package io.tidemark.mirror.internal.run;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What workers make of that which nobody expects: a moment without direct memory or threads, which the process outlives, or a
 * defect. A worker that ended by it would be missed by nobody, and what it leaves would look alive: so it does what it does after
 * a {@link StorageException}, or goes on with the next round.
 */
public final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    /**
     * Logs it.
     *
     * @param doing what was attempted
     * @param cause what was thrown
     * @return a failure that stands for it
     */
    public static StorageException unexpected(String doing, Throwable cause) {
        LOG.error("unexpected {} in an attempt to {}", cause, doing, cause);
        return new StorageException(
                Reason.IO,
                "unexpected " + cause + " in an attempt to " + doing,
                "unless memory or threads were short, this is a defect",
                cause);
    }

    /**
     * Does a step of which nothing else depends.
     *
     * @param doing what it is for
     * @param step what to do
     */
    public static void attempt(String doing, Runnable step) {
        round(doing, 0, () -> {
            step.run();
            return 0;
        });
    }

    /**
     * Does a round of a worker that has another one.
     *
     * @param doing what it is for
     * @param retryNanos how long to wait for the next one when it fails
     * @param round answers how long to wait for the next one
     * @return how long to wait
     */
    public static long round(String doing, long retryNanos, LongSupplier round) {
        try {
            return round.getAsLong();
        } catch (RuntimeException | VirtualMachineError | LinkageError e) {
            LOG.error("unexpected {} in an attempt to {}", e, doing, e);
            return retryNanos;
        }
    }
}
