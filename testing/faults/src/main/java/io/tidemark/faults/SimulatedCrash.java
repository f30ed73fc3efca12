package io.tidemark.faults;

/**
 * Unwinds a worker whose simulated process has died. It is thrown by every call that a dead process makes into its
 * context, so no {@code finally} or {@code catch} can change anything any more. Not to be caught.
 */
public final class SimulatedCrash extends Error {
    private static final long serialVersionUID = 1L;

    SimulatedCrash(String process) {
        super("process " + process + " is dead", null, false, false);
    }
}
