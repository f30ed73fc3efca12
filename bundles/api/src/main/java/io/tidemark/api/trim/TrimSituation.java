package io.tidemark.api.trim;

import io.tidemark.api.StorageException;
import io.tidemark.api.Watermarks;
import io.tidemark.api.journal.JournalClient;
import java.util.List;
import java.util.Map;

/**
 * What a trim strategy may decide by.
 *
 * @param image name of the image
 * @param watermarks now
 * @param clients the journal's registered clients
 * @param usedBytes taken by the journal
 * @param limitBytes the journal's limit
 * @param nowNanos wall clock, nanoseconds since 1970
 * @param properties the image's configuration
 * @param lookup into the journal
 */
public record TrimSituation(
        String image,
        Watermarks watermarks,
        List<JournalClient> clients,
        long usedBytes,
        long limitBytes,
        long nowNanos,
        Map<String, String> properties,
        Lookup lookup) {
    /** Copies lists and maps. */
    public TrimSituation {
        clients = List.copyOf(clients);
        properties = Map.copyOf(properties);
    }

    /** Looks into the journal. */
    public interface Lookup {
        /**
         * The last durable event at or before a time.
         *
         * @param timeNanos nanoseconds since 1970
         * @return its sequence; the trimmed one when all that is left is younger
         * @throws StorageException CORRUPT or IO
         */
        long sequenceAt(long timeNanos) throws StorageException;

        /**
         * The first event such that all events from it to the newest take at most so many bytes in the journal, give or
         * take a segment.
         *
         * @param bytes to keep
         * @return its sequence
         * @throws StorageException CORRUPT or IO
         */
        long sequenceAtBytesBack(long bytes) throws StorageException;
    }
}
