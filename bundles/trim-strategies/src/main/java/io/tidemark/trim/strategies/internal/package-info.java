/** The strategies as services. */
package io.tidemark.trim.strategies.internal;
