package io.tidemark.console.internal.endpoint;

/**
 * Whether the node serves.
 *
 * @param state the answer
 * @param line for people: what is served, what is missing, or what is broken
 */
public record Readiness(State state, String line) {
    /** The answers. */
    public enum State {
        /** Clients can work. */
        SERVING,
        /** Not yet, but that comes by itself. */
        STARTING,
        /** Not, and somebody has to do something. */
        BROKEN
    }
}
