/** What every trim strategy has to pass. */
package io.tidemark.tck.trim;
