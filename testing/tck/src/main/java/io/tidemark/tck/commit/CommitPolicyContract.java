package io.tidemark.tck.commit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.tidemark.api.Watermark;
import io.tidemark.api.commit.CommitPolicy;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.commit.CommitSituation;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The contract of {@link CommitPolicy}. A policy's test extends this and says how a policy is made. */
public abstract class CommitPolicyContract {
    private static final List<Integer> PEERS = List.of(0, 1, 2, 100, Integer.MAX_VALUE);

    /**
     * Makes the policy.
     *
     * @return a new one
     */
    protected abstract CommitPolicy newPolicy();

    /**
     * Keys and values that the policy is configured with.
     *
     * @return the configuration of an image; empty unless overridden
     */
    protected Map<String, String> properties() {
        return Map.of();
    }

    @Test
    void itAnswersInEverySituation() {
        CommitPolicy policy = newPolicy();
        for (int peers : PEERS) {
            for (Map<String, String> properties :
                    List.of(properties(), Map.<String, String>of(), Map.of("commit", "", "peers", "nonsense"))) {
                CommitRule rule = policy.rule(new CommitSituation("disk", peers, properties));
                assertNotNull(rule, "silence means the rule 'journal', but nobody should count on it");
                assertFalse(rule.name().isBlank(), "a rule has a name that people see");
            }
        }
    }

    @Test
    void peersAreCountedExactlyWhereARuleWaitsForThem() {
        for (int peers : PEERS) {
            CommitRule rule = newPolicy().rule(new CommitSituation("disk", peers, properties()));
            boolean waits = isPeers(rule.write()) || isPeers(rule.flush());
            assertEquals(waits, rule.peers() > 0, rule.toString());
        }
    }

    private static boolean isPeers(Watermark watermark) {
        return watermark == Watermark.ARRIVED || watermark == Watermark.RECEIVED;
    }

    @Test
    void flushNeverPromisesLessThanAPlainWrite() {
        CommitRule rule = newPolicy().rule(new CommitSituation("disk", 1, properties()));
        if (rule.write() == Watermark.CHECKPOINTED || isPeers(rule.write())) {
            assertEquals(rule.write(), rule.flush(), rule.toString());
        }
    }

    @Test
    void theSameSituationHasTheSameAnswer() {
        CommitPolicy policy = newPolicy();
        for (int peers : PEERS) {
            CommitSituation situation = new CommitSituation("disk", peers, properties());
            assertEquals(policy.rule(situation), policy.rule(situation));
            assertEquals(policy.rule(situation), newPolicy().rule(situation));
        }
    }

    @Test
    void itAnswersAtOnce() {
        CommitPolicy policy = newPolicy();
        CommitSituation situation = new CommitSituation("disk", 0, properties());
        assertTimeout(Duration.ofSeconds(5), () -> {
            for (int i = 0; i < 1000; i++) {
                policy.rule(situation);
            }
        });
    }
}
