package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.commit.policies.CommitPolicies;
import io.tidemark.faults.FaultPlan.Operation;
import io.tidemark.faults.FaultPlan.Verdict;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A replica has events in memory, and its disk takes long to make them durable: one policy waits for that, the other does not. */
class ArrivedSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);
    private String commit;
    private boolean hangs;

    ArrivedSitesTest() {
        super(93, Defect.NONE);
    }

    @ParameterizedTest
    @CsvSource({CommitPolicies.REPLICA_ARRIVED + ", true", CommitPolicies.REPLICA_DURABLE + ", false"})
    void whatIsOnlyInMemoryThereIsAcknowledgedByOneOfThem(String policy, boolean acknowledged) {
        commit = policy;
        machine.run(() -> {
            machine.disk().plan(this::decide);
            mirror();
            assertTrue(machine.awaitUntil(source::promises, 60 * SECOND), "it does not wait for replicas");
            writing = true;
            machine.sleep(2 * SECOND);
            hangs = true;
            // What is durable there already is on its way to be acknowledged.
            machine.sleep(SECOND / 5);
            int before = written();
            assertTrue(before > 0, "nothing was acknowledged");
            if (acknowledged) {
                assertTrue(machine.awaitUntil(() -> written() > before, 2 * SECOND), "it waits for the disk there");
            } else {
                machine.sleep(2 * SECOND);
                assertEquals(before, written(), "it is not durable there");
            }
            int held = written();
            hangs = false;
            assertTrue(machine.awaitUntil(() -> written() > held, 20 * SECOND), "it goes on");
        });
    }

    private Verdict decide(Operation operation, Path path) {
        while (hangs && operation != Operation.READ && replica.owns(path)) {
            replica.pause(SECOND / 100);
        }
        return Verdict.PROCEED;
    }

    private int written() {
        return chronicle.acknowledged(source.name).size();
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }

    @Override
    int peers() {
        return 1;
    }

    @Override
    String commit() {
        return commit;
    }
}
