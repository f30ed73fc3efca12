/** What every journal store has to pass. */
package io.tidemark.tck.journal;
