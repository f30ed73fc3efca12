/** What of a journal is kept: by age, by size, by the progress of its clients. */
package io.tidemark.trim.strategies;
