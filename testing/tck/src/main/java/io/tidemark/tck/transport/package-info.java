/** What every replication transport has to pass. */
package io.tidemark.tck.transport;
