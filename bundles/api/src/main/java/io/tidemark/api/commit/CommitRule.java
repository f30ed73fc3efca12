package io.tidemark.api.commit;

import io.tidemark.api.Watermark;
import java.util.Objects;

/**
 * Which watermark an acknowledgement waits for. The write path reads nothing else of a policy.
 *
 * <p>The engine's floor applies whatever the rule says: FLUSH and FUA wait at least for {@link Watermark#DURABLE}, and
 * only a rule with a write cache may acknowledge plain writes before that.
 *
 * @param name of the rule, for people
 * @param write what a plain write waits for: APPENDED (only with {@code writeCache}), DURABLE, CHECKPOINTED, ARRIVED or
 *     RECEIVED
 * @param flush what FLUSH and FUA wait for: DURABLE, CHECKPOINTED, ARRIVED or RECEIVED
 * @param peers at how many peers, for ARRIVED and RECEIVED; else 0. Whatever waits for peers waits until it is durable here, too
 * @param missingPeers what to do while fewer than that are linked and in sync, for longer than the image's configuration says
 * @param writeCache whether clients are told that the disk has a volatile write cache
 */
public record CommitRule(
        String name, Watermark write, Watermark flush, int peers, MissingPeers missingPeers, boolean writeCache) {
    /** What to do while there are fewer peers than the rule asks for. */
    public enum MissingPeers {
        /** What waits for peers fails with an I/O error, and so does what comes. */
        FAIL,
        /** What waits for peers waits on, and what comes is held. */
        HOLD,
        /** Acknowledge as {@link CommitRule#JOURNAL} does and say so, until enough peers have kept up for a while. */
        JOURNAL
    }

    /** Acknowledge when the journal has it; the default and the safe fallback. */
    public static final CommitRule JOURNAL =
            new CommitRule("journal", Watermark.DURABLE, Watermark.DURABLE, 0, MissingPeers.JOURNAL, false);

    /** Checks that the rule asks for no less than the floor, and counts peers where it waits for them. */
    public CommitRule {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(missingPeers, "missingPeers");
        if (write == Watermark.APPENDED && !writeCache) {
            throw new IllegalArgumentException("rule '" + name + "' acknowledges before durable without a write cache");
        }
        if (flush == Watermark.APPENDED || flush == Watermark.APPLIED || flush == Watermark.TRIMMED) {
            throw new IllegalArgumentException("rule '" + name + "' lets FLUSH wait for " + flush + ", below durable");
        }
        if (write == Watermark.APPLIED || write == Watermark.TRIMMED) {
            throw new IllegalArgumentException("rule '" + name + "' lets writes wait for " + write);
        }
        if (peers < 0 || (isAtPeers(write) || isAtPeers(flush)) != peers > 0) {
            throw new IllegalArgumentException(
                    "rule '" + name + "' waits for " + write + " and " + flush + " at " + peers + " peers");
        }
    }

    private static boolean isAtPeers(Watermark mark) {
        return mark == Watermark.ARRIVED || mark == Watermark.RECEIVED;
    }
}
