package io.tidemark.journal.flash.internal;

import java.util.UUID;

/** A batch header under construction; reused, so that the write path allocates nothing. */
final class BatchFields {
    int type;
    int flags;
    int totalBytes;
    int contentBytes;
    int count;
    int previous;
    long firstSequence;
    long durable;
    long epoch;
    long epochHigh;
    long epochLow;
    long firstTimeNanos;
    long lastTimeNanos;
    long offset;
    long writtenNanos;
    int contentChecksum;

    void epoch(long number, UUID identity) {
        epoch = number;
        epochHigh = identity.getMostSignificantBits();
        epochLow = identity.getLeastSignificantBits();
    }
}
