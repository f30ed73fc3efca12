package io.tidemark.engine.manage;

import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitSituation;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the commit policy of one image: when it or the configuration has changed, and as long as it has no answer now and then.
 * For the image's worker.
 */
final class RuleKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(RuleKeeper.class);
    private static final long TIMEOUT_NANOS = 1_000_000_000L;

    /** One that is slow would otherwise take all of the worker's time. */
    private static final long RETRY_NANOS = 5_000_000_000L;

    private final Host host;
    private CommitPolicy asked;
    private Map<String, String> askedWith;
    private int askedAtPeers;
    private long askedNanos;
    private CommitRule rule = CommitRule.JOURNAL;
    private volatile String problem = "";

    RuleKeeper(Host host) {
        this.host = host;
    }

    /**
     * The rule for a configuration now; asks only when something has changed, or it is time to ask again.
     *
     * @param peers how many replicas are linked and in sync
     */
    CommitRule rule(ImageConfig config, int peers) {
        CommitPolicy policy = host.policies().best(config.commit()).orElse(null);
        boolean same = policy == asked && config.properties().equals(askedWith) && peers == askedAtPeers;
        if (same && (problem.isEmpty() || now() - askedNanos < RETRY_NANOS)) {
            return rule;
        }
        rule = ask(policy, config, peers);
        asked = policy;
        askedWith = config.properties();
        askedAtPeers = peers;
        askedNanos = now();
        return rule;
    }

    private long now() {
        return host.context().clock().monotonicNanos();
    }

    private CommitRule ask(CommitPolicy policy, ImageConfig config, int peers) {
        if (policy == null) {
            // The default needs no plugin: its rule is what stands in for missing ones.
            boolean isDefault = config.commit().equals(ImageConfig.DEFAULT_COMMIT);
            return standIn(config, isDefault ? "" : "is not there");
        }
        Ask.Answer<CommitRule> answer = ask(host, policy, config, peers);
        if (answer.value() == null) {
            return standIn(config, answer.problem());
        }
        problem = "";
        return answer.value();
    }

    private static Ask.Answer<CommitRule> ask(Host host, CommitPolicy policy, ImageConfig config, int peers) {
        CommitSituation situation = new CommitSituation(config.name(), peers, config.properties());
        return host.ask().of(policy, config.name() + "-commit", TIMEOUT_NANOS, () -> policy.rule(situation));
    }

    /** The rule that a configuration would bring; the one that stands in where its policy says nothing. */
    static CommitRule preview(Host host, ImageConfig config, int peers) {
        CommitPolicy policy = host.policies().best(config.commit()).orElse(null);
        CommitRule rule =
                policy == null ? null : ask(host, policy, config, peers).value();
        return rule == null ? CommitRule.JOURNAL : rule;
    }

    private CommitRule standIn(ImageConfig config, String why) {
        String before = problem;
        problem = why.isEmpty()
                ? ""
                : "commit policy " + config.commit() + " " + why
                        + ": the rule 'journal' stands in until it answers, or image:set names another";
        if (!problem.isEmpty() && !problem.equals(before)) {
            LOG.warn("Image {}: {}", config.name(), problem);
        }
        return CommitRule.JOURNAL;
    }

    /** What an operator should know; empty when all is well. */
    String problem() {
        return problem;
    }
}
