package io.tidemark.mirror.internal.run;

/**
 * When the progress of a copy is noted: after so much work, and not before there is some, because each note is a force of the
 * image. What was done since the last one is what a cut costs. Over what has no bytes a copy goes so fast that a note for each
 * stretch of it would be all that it does, so only bytes count, and time. For one thread.
 */
final class CopyNotes {
    /** Of a fast copy less than a second's work. */
    static final long BYTES = 64L << 20;

    static final long NANOS = 1_000_000_000L;

    private long notedOffset;
    private long notedNanos;
    private long bytes;

    /** So much was written, or compared. */
    void worked(long more) {
        bytes += more;
    }

    boolean due(long offset, long nowNanos) {
        return offset > notedOffset && (bytes >= BYTES || nowNanos - notedNanos >= NANOS);
    }

    /** Up to there; also where a copy goes on from what was noted before. */
    void noted(long offset, long nowNanos) {
        notedOffset = offset;
        notedNanos = nowNanos;
        bytes = 0;
    }
}
