package io.tidemark.engine.manage;

import io.tidemark.api.admin.ImageKeys;
import io.tidemark.base.text.Sizes;
import io.tidemark.base.wish.KeyReader;

/**
 * What is wished of clients of the journal, replicas above all, that are far behind.
 *
 * @param choice what becomes of them
 * @param bytes they are behind by more than so much of the journal; 0 when the size does not matter
 * @param nanos they lack an event for longer than this; 0 when the time does not matter
 */
record SlowPeers(Choice choice, long bytes, long nanos) {
    /** What becomes of them. */
    enum Choice {
        /** The journal keeps what they lack. */
        HOLD,
        /** It does so, and says it. */
        WARN,
        /** They are given up: what they lack may be trimmed. */
        EXPIRE
    }

    static final SlowPeers HOLD = new SlowPeers(Choice.HOLD, 0, 0);

    private static final long LEAST_BYTES = 1 << 20;
    private static final long LEAST_NANOS = 1_000_000_000L;

    /** @throws IllegalArgumentException beginning with the key that is wrong */
    static SlowPeers read(KeyReader reader, long limitBytes) {
        Choice choice = reader.choice(ImageKeys.PEER_SLOW, Choice.class, Choice.HOLD);
        long bytes = reader.size(ImageKeys.PEER_SLOW_SIZE, 0, reader.has(ImageKeys.PEER_SLOW_SIZE) ? LEAST_BYTES : 0);
        long nanos = reader.nanos(ImageKeys.PEER_SLOW_AGE, 0, reader.has(ImageKeys.PEER_SLOW_AGE) ? LEAST_NANOS : 0);
        if (choice == Choice.HOLD) {
            checkUseless(reader, ImageKeys.PEER_SLOW_SIZE);
            checkUseless(reader, ImageKeys.PEER_SLOW_AGE);
            return HOLD;
        }
        if (bytes == 0 && nanos == 0) {
            throw KeyReader.wrong(
                    ImageKeys.PEER_SLOW,
                    "from when on is a replica slow? Set " + ImageKeys.PEER_SLOW_SIZE + ", as in 1GiB, or "
                            + ImageKeys.PEER_SLOW_AGE + ", as in 7d, or both");
        }
        // The journal forgets whole segments and has a reserve: beyond its half it would be full before.
        if (bytes > limitBytes / 2) {
            throw KeyReader.wrong(
                    ImageKeys.PEER_SLOW_SIZE,
                    Sizes.format(bytes) + " is more than half of " + ImageKeys.JOURNAL_LIMIT + " ("
                            + Sizes.format(limitBytes) + "), and the journal would be full before: lower it, or raise "
                            + ImageKeys.JOURNAL_LIMIT);
        }
        return new SlowPeers(choice, bytes, nanos);
    }

    private static void checkUseless(KeyReader reader, String key) {
        if (reader.has(key)) {
            throw KeyReader.wrong(
                    key,
                    "it has no effect, because " + ImageKeys.PEER_SLOW
                            + " is hold: set that to expire or warn, or remove " + key);
        }
    }
}
