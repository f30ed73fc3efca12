/** Benchmarks of what the engine keeps to itself. */
package io.tidemark.engine.image;
