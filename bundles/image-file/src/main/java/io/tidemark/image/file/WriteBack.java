package io.tidemark.image.file;

import io.tidemark.api.context.StorageFile;

/**
 * Keeps little of what was written waiting in memory for the next force. Left alone, a force of the image would hand the
 * device a gigabyte at once, and every force of a journal on the same device would queue behind it.
 */
final class WriteBack {
    /** Written before it is sent off. The device is given at most twice as much at a time. */
    private static final long PORTION_BYTES = 4L << 20;

    private final StorageFile file;
    private long bytes;
    private long from = Long.MAX_VALUE;
    private long to;
    private long lastFrom = Long.MAX_VALUE;
    private long lastTo;

    WriteBack(StorageFile file) {
        this.file = file;
    }

    void wrote(long offset, int length) {
        long start;
        long end;
        synchronized (this) {
            bytes += length;
            from = Math.min(from, offset);
            to = Math.max(to, offset + length);
            if (bytes < PORTION_BYTES) {
                return;
            }
            // With the portion before, which is thereby waited for.
            start = Math.min(from, lastFrom);
            end = Math.max(to, lastTo);
            lastFrom = from;
            lastTo = to;
            from = Long.MAX_VALUE;
            to = 0;
            bytes = 0;
        }
        file.startWriteBack(start, end - start);
    }
}
