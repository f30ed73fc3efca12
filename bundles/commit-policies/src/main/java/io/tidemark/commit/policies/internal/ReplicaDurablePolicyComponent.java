package io.tidemark.commit.policies.internal;

import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitSituation;
import io.tidemark.commit.policies.CommitPolicies;
import org.osgi.service.component.annotations.Component;

/** Offers the policy {@code replica-durable}. */
@Component(service = CommitPolicy.class, property = CommitPolicy.POLICY + "=" + CommitPolicies.REPLICA_DURABLE)
public final class ReplicaDurablePolicyComponent implements CommitPolicy {
    private final CommitPolicy policy = CommitPolicies.replicaDurable();

    @Override
    public CommitRule rule(CommitSituation situation) {
        return policy.rule(situation);
    }
}
