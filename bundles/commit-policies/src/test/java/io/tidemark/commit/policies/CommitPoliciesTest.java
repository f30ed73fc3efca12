package io.tidemark.commit.policies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Watermark;
import io.tidemark.api.admin.ImageKeys;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitRule.MissingPeers;
import io.tidemark.api.commit.CommitSituation;
import io.tidemark.tck.commit.CommitPolicyContract;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class CommitPoliciesTest {
    private static CommitRule rule(CommitPolicy policy) {
        return policy.rule(new CommitSituation("disk", 0, Map.of()));
    }

    @Nested
    class JournalTest extends CommitPolicyContract {
        @Override
        protected CommitPolicy newPolicy() {
            return CommitPolicies.journal();
        }
    }

    @Nested
    class JournalAndImageTest extends CommitPolicyContract {
        @Override
        protected CommitPolicy newPolicy() {
            return CommitPolicies.journalAndImage();
        }
    }

    @Nested
    class VolatileTest extends CommitPolicyContract {
        @Override
        protected CommitPolicy newPolicy() {
            return CommitPolicies.writeCache();
        }
    }

    @Nested
    class ReplicaArrivedTest extends CommitPolicyContract {
        @Override
        protected CommitPolicy newPolicy() {
            return CommitPolicies.replicaArrived();
        }
    }

    @Nested
    class ReplicaDurableTest extends CommitPolicyContract {
        @Override
        protected CommitPolicy newPolicy() {
            return CommitPolicies.replicaDurable();
        }

        @Override
        protected Map<String, String> properties() {
            return Map.of(ImageKeys.PEER_COUNT, "3", ImageKeys.PEER_MISSING, "journal");
        }
    }

    @Test
    void oneReplicaIsWaitedForAndWritesAreHeldUnlessTheImageSaysOtherwise() {
        assertEquals(
                new CommitRule("replica-arrived", Watermark.ARRIVED, Watermark.ARRIVED, 1, MissingPeers.HOLD, false),
                rule(CommitPolicies.replicaArrived()));
        assertEquals(
                new CommitRule("replica-durable", Watermark.RECEIVED, Watermark.RECEIVED, 1, MissingPeers.HOLD, false),
                rule(CommitPolicies.replicaDurable()));
    }

    @Test
    void theImageSaysHowManyReplicasAndWhatIsDoneWithoutThem() {
        for (MissingPeers missing : MissingPeers.values()) {
            Map<String, String> properties = Map.of(
                    ImageKeys.PEER_COUNT,
                    "16",
                    ImageKeys.PEER_MISSING,
                    missing.name().toLowerCase(Locale.ROOT));
            CommitRule rule = CommitPolicies.replicaDurable().rule(new CommitSituation("disk", 0, properties));
            assertEquals(16, rule.peers());
            assertEquals(missing, rule.missingPeers());
        }
    }

    @Test
    void journalIsTheEnginesOwnDefault() {
        assertEquals(CommitRule.JOURNAL, rule(CommitPolicies.journal()));
    }

    @Test
    void journalAndImageWaitsForBoth() {
        CommitRule rule = rule(CommitPolicies.journalAndImage());
        assertEquals(Watermark.CHECKPOINTED, rule.write());
        assertEquals(Watermark.CHECKPOINTED, rule.flush());
        assertFalse(rule.writeCache());
    }

    @Test
    void volatileIsAWriteCacheThatFlushEmpties() {
        CommitRule rule = rule(CommitPolicies.writeCache());
        assertEquals(Watermark.APPENDED, rule.write());
        assertEquals(Watermark.DURABLE, rule.flush());
        assertTrue(rule.writeCache());
    }
}
