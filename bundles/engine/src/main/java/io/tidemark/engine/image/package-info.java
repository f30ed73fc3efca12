/**
 * One journaled image: admit, append, force, acknowledge, apply, checkpoint, trim; recovery; suspend and resume. Plain
 * classes without OSGi, so that the simulator and the benchmarks use them as the node does.
 */
package io.tidemark.engine.image;
