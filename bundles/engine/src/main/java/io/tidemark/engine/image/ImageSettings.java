package io.tidemark.engine.image;

import java.util.Objects;

/**
 * Limits of one image. Everything may be changed while it serves.
 *
 * @param hotPayloadBytes most payload that the image keeps of the node's pool: requests that wait and payload that is not
 *     applied yet. At least 4 MiB. Several images share the pool; the sum of their shares should stay below it
 * @param backlogLimitBytes most bytes of events that may be durable and not yet applied, which bounds replay after a
 *     crash. At the limit writes are held
 * @param indexBudgetEntries most entries of the overlay (about 48 bytes of heap each). At least 1024
 * @param checkpointBytes a checkpoint is written when so many bytes of events were applied since the last one, so that
 *     a crash never has more than this and the backlog to replay
 * @param checkpointNanos and when so long has passed since the last one and anything was applied
 * @param idleNanos so long without a write, and what is durable is applied at once
 * @param journalFull what happens to writes while the journal is full
 * @param softWarnFraction part of the journal's limit from which on a warning is shown; above 0, at most 1
 * @param peerTimeoutNanos so long a commit rule waits for replicas before they count as missing
 * @param unasked what a primary does whose peers did not say in time whether they have newer epochs
 * @param askTimeoutNanos the time that they have; 0 for none
 */
public record ImageSettings(
        long hotPayloadBytes,
        long backlogLimitBytes,
        int indexBudgetEntries,
        long checkpointBytes,
        long checkpointNanos,
        long idleNanos,
        JournalFull journalFull,
        double softWarnFraction,
        long peerTimeoutNanos,
        Unasked unasked,
        long askTimeoutNanos) {
    /** What happens to writes while the journal is full. */
    public enum JournalFull {
        /** They wait. */
        HOLD,
        /** They fail with NO_SPACE. */
        FAIL
    }

    /** What happens to writes when peers do not say whether they have newer epochs. */
    public enum Unasked {
        /** They wait on. */
        WAIT,
        /** They are admitted, with a warning. */
        SERVE
    }

    /**
     * 64 MiB of payload, 1 GiB of backlog, 1 Mi entries of index, a checkpoint each 256 MiB or 10 s, idle after 50 ms, hold
     * when full, warn at 80 %, 5 s for replicas, and serve when peers have said nothing for 30 s.
     */
    public static final ImageSettings DEFAULT = new ImageSettings(
            64L << 20,
            1L << 30,
            1 << 20,
            256L << 20,
            10_000_000_000L,
            50_000_000L,
            JournalFull.HOLD,
            0.8,
            5_000_000_000L,
            Unasked.SERVE,
            30_000_000_000L);

    private static final long AT_ONCE_BACKLOG_BYTES = 32L << 20;
    private static final long AT_ONCE_CHECKPOINT_BYTES = 8L << 20;
    private static final long AT_ONCE_CHECKPOINT_NANOS = 200_000_000L;
    private static final long AT_ONCE_IDLE_NANOS = 1_000_000L;

    /**
     * The same for an image whose journal is to have little that the image has not: batches and checkpoints are small and soon.
     *
     * @return settings with lower limits
     */
    public ImageSettings atOnce() {
        return new ImageSettings(
                hotPayloadBytes,
                Math.min(backlogLimitBytes, AT_ONCE_BACKLOG_BYTES),
                indexBudgetEntries,
                Math.min(checkpointBytes, AT_ONCE_CHECKPOINT_BYTES),
                Math.min(checkpointNanos, AT_ONCE_CHECKPOINT_NANOS),
                Math.min(idleNanos, AT_ONCE_IDLE_NANOS),
                journalFull,
                softWarnFraction,
                peerTimeoutNanos,
                unasked,
                askTimeoutNanos);
    }

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException naming the component that is out of range
     */
    public ImageSettings {
        Objects.requireNonNull(journalFull, "journalFull");
        atLeast("hotPayloadBytes", hotPayloadBytes, 4L << 20);
        atLeast("backlogLimitBytes", backlogLimitBytes, 4L << 20);
        atLeast("indexBudgetEntries", indexBudgetEntries, 1024);
        atLeast("checkpointBytes", checkpointBytes, 1);
        atLeast("checkpointNanos", checkpointNanos, 1);
        atLeast("idleNanos", idleNanos, 1);
        atLeast("peerTimeoutNanos", peerTimeoutNanos, 1);
        Objects.requireNonNull(unasked, "unasked");
        atLeast("askTimeoutNanos", askTimeoutNanos, 0);
        if (!(softWarnFraction > 0 && softWarnFraction <= 1)) {
            throw new IllegalArgumentException(
                    "softWarnFraction " + softWarnFraction + " is not above 0 and at most 1");
        }
    }

    /**
     * With what {@link #DEFAULT} has for asking peers.
     *
     * @param hotPayloadBytes as {@link #hotPayloadBytes()}
     * @param backlogLimitBytes as {@link #backlogLimitBytes()}
     * @param indexBudgetEntries as {@link #indexBudgetEntries()}
     * @param checkpointBytes as {@link #checkpointBytes()}
     * @param checkpointNanos as {@link #checkpointNanos()}
     * @param idleNanos as {@link #idleNanos()}
     * @param journalFull as {@link #journalFull()}
     * @param softWarnFraction as {@link #softWarnFraction()}
     * @param peerTimeoutNanos as {@link #peerTimeoutNanos()}
     * @throws IllegalArgumentException naming the component that is out of range
     */
    public ImageSettings(
            long hotPayloadBytes,
            long backlogLimitBytes,
            int indexBudgetEntries,
            long checkpointBytes,
            long checkpointNanos,
            long idleNanos,
            JournalFull journalFull,
            double softWarnFraction,
            long peerTimeoutNanos) {
        this(
                hotPayloadBytes,
                backlogLimitBytes,
                indexBudgetEntries,
                checkpointBytes,
                checkpointNanos,
                idleNanos,
                journalFull,
                softWarnFraction,
                peerTimeoutNanos,
                DEFAULT.unasked(),
                DEFAULT.askTimeoutNanos());
    }

    /**
     * The same for peers that are asked otherwise.
     *
     * @param without what is done without an answer
     * @param timeoutNanos and after which time
     * @return with everything else as it is
     */
    public ImageSettings asking(Unasked without, long timeoutNanos) {
        return new ImageSettings(
                hotPayloadBytes,
                backlogLimitBytes,
                indexBudgetEntries,
                checkpointBytes,
                checkpointNanos,
                idleNanos,
                journalFull,
                softWarnFraction,
                peerTimeoutNanos,
                without,
                timeoutNanos);
    }

    private static void atLeast(String component, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(component + " " + value + " is less than " + least);
        }
    }
}
