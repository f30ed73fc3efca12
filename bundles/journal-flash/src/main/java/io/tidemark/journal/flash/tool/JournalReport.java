package io.tidemark.journal.flash.tool;

import io.tidemark.api.Epoch;
import io.tidemark.api.journal.JournalClient;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * What a closed journal looks like.
 *
 * @param name of the journal
 * @param identity of the journal
 * @param clean whether it was closed in order
 * @param trimmed last event that was trimmed
 * @param intact last event that is intact with all before it
 * @param attested last event that the journal attests as durable; more than {@code intact} when it is damaged
 * @param events events that were found intact
 * @param tornBytes bytes of a torn end, which is normal after a crash
 * @param epochs as {@link io.tidemark.api.journal.Journal#epochs()}
 * @param clients as {@link io.tidemark.api.journal.Journal#clients()}
 * @param segments in order
 * @param damage where it is damaged; null when it is sound. Nothing behind it was looked at.
 */
public record JournalReport(
        String name,
        UUID identity,
        boolean clean,
        long trimmed,
        long intact,
        long attested,
        long events,
        long tornBytes,
        List<Epoch> epochs,
        List<JournalClient> clients,
        List<Segment> segments,
        Damage damage) {
    /** What a segment file is used for. */
    public enum Use {
        /** It has events. */
        EVENTS,
        /** What was in it was written again to the next one. */
        SUPERSEDED,
        /** It is prepared and not used yet. */
        SPARE
    }

    /**
     * One segment.
     *
     * @param number of the segment
     * @param path of its file
     * @param use what it is used for
     * @param firstSequence of its first event, 0 when it has none
     * @param lastSequence of its last event
     * @param firstTimeNanos of its first event
     * @param lastTimeNanos of its last event
     * @param usedBytes up to the end of its last batch
     * @param batches batches with events
     */
    public record Segment(
            long number,
            Path path,
            Use use,
            long firstSequence,
            long lastSequence,
            long firstTimeNanos,
            long lastTimeNanos,
            long usedBytes,
            long batches) {}

    /**
     * A place that is not as it was written.
     *
     * @param path of the file
     * @param segment number of the segment
     * @param offset first byte of what is damaged
     * @param what is wrong with it
     */
    public record Damage(Path path, long segment, long offset, String what) {}

    /**
     * Whether nothing is wrong.
     *
     * @return true when it is sound; a torn end is
     */
    public boolean isSound() {
        return damage == null;
    }
}
