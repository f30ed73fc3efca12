package io.tidemark.commit.policies.internal;

import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitSituation;
import io.tidemark.commit.policies.CommitPolicies;
import org.osgi.service.component.annotations.Component;

/** Offers the policy {@code replica-arrived}. */
@Component(service = CommitPolicy.class, property = CommitPolicy.POLICY + "=" + CommitPolicies.REPLICA_ARRIVED)
public final class ReplicaArrivedPolicyComponent implements CommitPolicy {
    private final CommitPolicy policy = CommitPolicies.replicaArrived();

    @Override
    public CommitRule rule(CommitSituation situation) {
        return policy.rule(situation);
    }
}
