/**
 * Simulated threads, clock, memory and disks from one seed, with the faults that real ones have. For the tests of every
 * module, and for the simulation of whole sites.
 */
package io.tidemark.faults;
