package io.tidemark.engine.manage;

import io.tidemark.engine.image.ImageSettings;

/**
 * Memory that the images of a node have together: payload, and the index of what is not applied. Each gets what it is
 * configured to, but no more than an equal share, so that many images are as safe as one. Safe for all threads.
 */
final class Shares {
    private static final long LEAST_PAYLOAD_BYTES = 4L << 20;
    private static final int LEAST_ENTRIES = 1 << 14;

    private final long payloadBytes;
    private final long indexEntries;
    private volatile int images = 1;

    /**
     * What there is.
     *
     * @param payloadBytes of the node's pool
     * @param indexEntries of all images together
     */
    Shares(long payloadBytes, long indexEntries) {
        this.payloadBytes = payloadBytes;
        this.indexEntries = indexEntries;
    }

    /** How many images there are now. */
    void images(int count) {
        images = Math.max(1, count);
    }

    /** The limits that an image gets of those that it wishes. */
    ImageSettings limit(ImageSettings wished) {
        int count = images;
        // A quarter is left for requests that come in while every share is used up.
        long payload = Math.max(LEAST_PAYLOAD_BYTES, payloadBytes / 4 * 3 / count);
        long entries = Math.max(LEAST_ENTRIES, indexEntries / count);
        return new ImageSettings(
                Math.min(wished.hotPayloadBytes(), payload),
                wished.backlogLimitBytes(),
                (int) Math.min(wished.indexBudgetEntries(), entries),
                wished.checkpointBytes(),
                wished.checkpointNanos(),
                wished.idleNanos(),
                wished.journalFull(),
                wished.softWarnFraction(),
                wished.peerTimeoutNanos(),
                wished.unasked(),
                wished.askTimeoutNanos());
    }
}
