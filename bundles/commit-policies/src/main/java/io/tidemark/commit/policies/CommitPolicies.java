package io.tidemark.commit.policies;

import io.tidemark.api.Watermark;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;

/** The policies of this bundle. None of them depends on the situation, so each is its rule. */
public final class CommitPolicies {
    /** A write is acknowledged when the journal has it. */
    public static final String JOURNAL = "journal";

    /** A write is acknowledged when the journal has it and the image too, for journals that may be lost. */
    public static final String JOURNAL_AND_IMAGE = "journal+image";

    /** A write is acknowledged when it is in memory: a disk with a write cache, as clients are told. */
    public static final String VOLATILE = "volatile";

    private CommitPolicies() {}

    /**
     * The default.
     *
     * @return the policy {@code journal}
     */
    public static CommitPolicy journal() {
        return situation -> CommitRule.JOURNAL;
    }

    /**
     * For journals that are less durable than the image.
     *
     * @return the policy {@code journal+image}
     */
    public static CommitPolicy journalAndImage() {
        CommitRule rule = new CommitRule(
                JOURNAL_AND_IMAGE,
                Watermark.CHECKPOINTED,
                Watermark.CHECKPOINTED,
                0,
                CommitRule.MissingPeers.JOURNAL,
                false);
        return situation -> rule;
    }

    /**
     * For clients that flush when they need durability.
     *
     * @return the policy {@code volatile}
     */
    public static CommitPolicy writeCache() {
        CommitRule rule = new CommitRule(
                VOLATILE, Watermark.APPENDED, Watermark.DURABLE, 0, CommitRule.MissingPeers.JOURNAL, true);
        return situation -> rule;
    }
}
