package io.tidemark.commit.policies.internal;

import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitSituation;
import io.tidemark.commit.policies.CommitPolicies;
import org.osgi.service.component.annotations.Component;

/** Offers the policy {@code volatile}. */
@Component(service = CommitPolicy.class, property = CommitPolicy.POLICY + "=" + CommitPolicies.VOLATILE)
public final class VolatilePolicyComponent implements CommitPolicy {
    private final CommitPolicy policy = CommitPolicies.writeCache();

    @Override
    public CommitRule rule(CommitSituation situation) {
        return policy.rule(situation);
    }
}
