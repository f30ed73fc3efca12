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
 * @param peers at how many peers, for ARRIVED and RECEIVED; else 0
 * @param missingPeers what to do while there are fewer
 * @param writeCache whether clients are told that the disk has a volatile write cache
 */
public record CommitRule(
        String name, Watermark write, Watermark flush, int peers, MissingPeers missingPeers, boolean writeCache) {
    /** What to do while there are fewer peers than the rule asks for. */
    public enum MissingPeers {
        /** Fail writes. */
        FAIL,
        /** Hold writes. */
        HOLD,
        /** Fall back to {@link CommitRule#JOURNAL} and say so. */
        JOURNAL
    }

    /** Acknowledge when the journal has it; the default and the safe fallback. */
    public static final CommitRule JOURNAL =
            new CommitRule("journal", Watermark.DURABLE, Watermark.DURABLE, 0, MissingPeers.JOURNAL, false);

    /** Checks that the rule asks for no less than the floor. */
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
    }
}
