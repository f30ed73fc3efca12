/** JMH benchmarks of single parts. */
package io.tidemark.bench;
