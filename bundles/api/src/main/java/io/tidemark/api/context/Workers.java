package io.tidemark.api.context;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Threads and the only ways in which they may wait. Code that takes its threads from here and never blocks on anything
 * but a {@link Gate} or a file call runs unchanged in the simulator, one deterministic step at a time.
 *
 * <p>Rule: no call into this package while holding a lock, {@link Gate#open()} and {@link #start} excepted. Nobody is ever
 * interrupted: an interrupt closes a file channel for all its users.
 */
@ProviderType
public interface Workers {
    /**
     * Starts a thread. Waits for nothing; may be called under a lock.
     *
     * @param name of the thread, for people
     * @param body what it does; must return for the worker to end
     * @return a handle
     */
    Worker start(String name, Runnable body);

    /**
     * Makes a gate, closed.
     *
     * @return the gate
     */
    Gate newGate();

    /** A started thread. */
    @ProviderType
    interface Worker {
        /**
         * Waits for the end of the thread.
         *
         * @param timeoutNanos at most so long
         * @return false when it still runs
         */
        boolean join(long timeoutNanos);
    }

    /**
     * What one thread waits on and others open. An opening is remembered until a wait takes it, and several openings
     * count as one (like the permit of a parked thread).
     */
    @ProviderType
    interface Gate {
        /** Lets the waiting thread, or the next wait, through. Never blocks; may be called under a lock. */
        void open();

        /**
         * Waits until the gate is opened, then closes it again. One thread at a time.
         *
         * @param timeoutNanos at most so long; {@link Long#MAX_VALUE} for ever
         * @return whether it was opened; false when the time ran out
         */
        boolean await(long timeoutNanos);
    }
}
