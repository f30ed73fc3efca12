package io.tidemark.itests.nodes.harness;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for something to become so. */
public final class Await {
    private static final long STEP_NANOS = 2_000_000;
    private static final long LONGEST_STEP_NANOS = 50_000_000;
    /** Each question costs the node that is asked as much as some writes do: who has waited for long waits a little longer. */
    private static final int PARTS = 10;

    private Await() {}

    /** A question that may fail while it is asked. */
    @FunctionalInterface
    public interface Condition {
        /**
         * Asks.
         *
         * @return whether it is so
         * @throws Exception counts as an answer: the wait ends with it
         */
        boolean holds() throws Exception;
    }

    /**
     * Asks again and again until it is so.
     *
     * @param what is waited for, for the failure's text
     * @param atMost after which the wait fails
     * @param condition asked
     */
    public static void until(String what, Duration atMost, Condition condition) {
        until(() -> what, atMost, condition);
    }

    /**
     * Asks again and again until it is so.
     *
     * @param what is waited for, asked only when the time is up
     * @param atMost after which the wait fails
     * @param condition asked
     */
    public static void until(Supplier<String> what, Duration atMost, Condition condition) {
        long began = System.nanoTime();
        try {
            while (!condition.holds()) {
                long waited = System.nanoTime() - began;
                if (waited > atMost.toNanos()) {
                    throw new AssertionError("waited " + atMost.toSeconds() + " s in vain for " + what.get());
                }
                LockSupport.parkNanos(Math.min(Math.max(waited / PARTS, STEP_NANOS), LONGEST_STEP_NANOS));
            }
        } catch (AssertionError e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError("while waiting for " + what.get() + ": " + e, e);
        }
    }
}
