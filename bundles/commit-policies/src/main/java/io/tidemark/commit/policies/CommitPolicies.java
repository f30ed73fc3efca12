package io.tidemark.commit.policies;

import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import java.util.Map;

/**
 * The policies of this bundle. Those that wait for replicas are asked for the image's configuration; the others are each its rule.
 */
public final class CommitPolicies {
    /** A write is acknowledged when the journal has it. */
    public static final String JOURNAL = "journal";

    /** A write is acknowledged when the journal has it and the image too, for journals that may be lost. */
    public static final String JOURNAL_AND_IMAGE = "journal+image";

    /** A write is acknowledged when it is in memory: a disk with a write cache, as clients are told. */
    public static final String VOLATILE = "volatile";

    /** A write is acknowledged when the journal has it, and replicas have it in memory. */
    public static final String REPLICA_ARRIVED = "replica-arrived";

    /** A write is acknowledged when the journal has it, and replicas have it durably. */
    public static final String REPLICA_DURABLE = "replica-durable";

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

    /**
     * For images of which nothing acknowledged may be lost with this node, unless a replica's node loses its power at that time.
     *
     * @return the policy {@code replica-arrived}
     */
    public static CommitPolicy replicaArrived() {
        return situation -> atReplicas(REPLICA_ARRIVED, Watermark.ARRIVED, situation.properties());
    }

    /**
     * For images of which nothing acknowledged may be lost with this node.
     *
     * @return the policy {@code replica-durable}
     */
    public static CommitPolicy replicaDurable() {
        return situation -> atReplicas(REPLICA_DURABLE, Watermark.RECEIVED, situation.properties());
    }

    private static CommitRule atReplicas(String name, Watermark mark, Map<String, String> properties) {
        return new CommitRule(name, mark, mark, count(properties), missing(properties), false);
    }

    /** The engine refuses a configuration that is wrong; whoever else asks gets the default for it. */
    private static int count(Map<String, String> properties) {
        String text = properties.getOrDefault(ImageKeys.PEER_COUNT, "").trim();
        return text.matches("[1-9]|1[0-6]") ? Integer.parseInt(text) : 1;
    }

    private static CommitRule.MissingPeers missing(Map<String, String> properties) {
        return switch (properties.getOrDefault(ImageKeys.PEER_MISSING, "").trim()) {
            case "fail" -> CommitRule.MissingPeers.FAIL;
            case "journal" -> CommitRule.MissingPeers.JOURNAL;
            default -> CommitRule.MissingPeers.HOLD;
        };
    }
}
