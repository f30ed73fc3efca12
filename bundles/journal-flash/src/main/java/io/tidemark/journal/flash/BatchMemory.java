package io.tidemark.journal.flash;

import io.tidemark.journal.flash.internal.Batches;
import org.osgi.service.component.annotations.Component;

/**
 * Memory in which journals put together what they write next: 32 MiB, or three batches of the pool with the largest ones. It
 * counts for a node, however many pools and journals that has; who finds it used up waits for its turn. Safe for all threads.
 */
@Component(service = BatchMemory.class)
public final class BatchMemory {
    /** Of the pools that share this. */
    final Batches batches = new Batches();

    /** Takes nothing yet: memory is taken from the direct memory of the process as it is needed. */
    public BatchMemory() {}
}
