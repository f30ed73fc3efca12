package io.tidemark.api.journal;

/**
 * Limits of one journal.
 *
 * @param limitBytes most bytes that the journal may take in its pool, its reserve included; the store may round it down
 *     to whole segments but keeps room for at least one event of the largest size
 * @param reserveBytes the part of {@code limitBytes} that only control events may use
 */
public record JournalSettings(long limitBytes, long reserveBytes) {
    /** 4 GiB, of which 8 MiB are reserved. */
    public static final JournalSettings DEFAULT = new JournalSettings(4L << 30, 8L << 20);

    /** Checks ranges. */
    public JournalSettings {
        if (limitBytes <= 0 || reserveBytes < 0 || reserveBytes >= limitBytes) {
            throw new IllegalArgumentException(
                    "a journal of " + limitBytes + " bytes cannot keep " + reserveBytes + " bytes in reserve");
        }
    }
}
