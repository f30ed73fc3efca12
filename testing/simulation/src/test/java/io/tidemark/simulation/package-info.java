/**
 * Whole sites in one thread of events: the engine with its stores on a simulated machine, clients that write and read,
 * crashes, and an oracle that knows what must never happen.
 */
package io.tidemark.simulation;
