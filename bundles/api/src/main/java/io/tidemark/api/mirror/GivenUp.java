package io.tidemark.api.mirror;

/** What is to become of events that an order gives up. */
public enum GivenUp {
    /** Nothing may be lost: where there are such events, the order is refused. */
    REFUSED,
    /** They are kept in a file; where that cannot be, the order is refused. */
    KEPT,
    /** They are lost. */
    LOST
}
