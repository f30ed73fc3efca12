package io.tidemark.faults;

/** A simulated run broke an invariant. Says which, with the seed that shows it again and the last steps. */
public final class SimulationFailure extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final long seed;
    private final transient Trace trace;

    SimulationFailure(long seed, Trace trace, Throwable cause) {
        super("seed " + seed + ": " + cause, cause);
        this.seed = seed;
        this.trace = trace;
    }

    /**
     * The seed that shows it again.
     *
     * @return the seed
     */
    public long seed() {
        return seed;
    }

    /**
     * What happened before it.
     *
     * @return the trace of the run
     */
    public Trace trace() {
        return trace;
    }
}
