package io.tidemark.commit.policies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Watermark;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitSituation;
import io.tidemark.tck.commit.CommitPolicyContract;
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
