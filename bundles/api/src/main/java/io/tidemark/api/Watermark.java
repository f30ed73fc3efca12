package io.tidemark.api;

/** The positions that move through a journal, in falling order on the primary; the last two are a replica's. */
public enum Watermark {
    /** In the owner's memory. Lost by a crash. */
    APPENDED,
    /** Survives a crash: forced to the journal. */
    DURABLE,
    /** The image's bytes have it, maybe only in the page cache. */
    APPLIED,
    /** Forced to the image; replay after a crash starts behind it. */
    CHECKPOINTED,
    /** No longer in the journal. */
    TRIMMED,
    /** In a replica's memory. */
    ARRIVED,
    /** Durable at a replica. */
    RECEIVED
}
