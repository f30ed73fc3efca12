package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.engine.image.Steps;
import io.tidemark.faults.SimulationFailure;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A primary and its replica over two directories of a simulated disk, and three defects that have to be found. */
class ReplicaSeedsTest {
    private static final int SEEDS =
            Integer.getInteger("tidemark.replica.seeds", Boolean.getBoolean("tidemark.fast") ? 30 : 60);

    @Test
    void aReplicaIsAlwaysAPositionOfItsSource() {
        long verified = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            verified += new ReplicaSimulation(seed, Steps.NORMAL).run();
        }
        assertTrue(verified > 5L * SEEDS, "compared only " + verified + " times");
    }

    static Stream<Steps> defects() {
        Steps passesHolds = new Steps() {
            @Override
            protected boolean mayPass(long sequence, long heldAt) {
                return true;
            }

            @Override
            public String toString() {
                return "MOVES_PAST_A_HOLD";
            }
        };
        Steps reportsEarly = new Steps() {
            @Override
            protected long received(long durable, long appended) {
                return appended;
            }

            @Override
            public String toString() {
                return "REPORTS_RECEIVED_BEFORE_IT_IS_DURABLE";
            }
        };
        Steps acknowledgesEarly = new Steps() {
            @Override
            protected long receivedAtPeers(long received, long arrived) {
                return arrived;
            }

            @Override
            public String toString() {
                return "ACKNOWLEDGES_WHAT_IS_IN_THE_MEMORY_OF_THE_REPLICA";
            }
        };
        return Stream.of(passesHolds, reportsEarly, acknowledgesEarly);
    }

    @ParameterizedTest
    @MethodSource("defects")
    void isFound(Steps defect) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                new ReplicaSimulation(seed, defect).run();
            } catch (SimulationFailure found) {
                System.out.println(defect + " found by seed " + seed + ": "
                        + found.getCause().getMessage().lines().findFirst().orElse(""));
                return;
            }
        }
        throw new AssertionError(defect + " was not found by " + SEEDS + " seeds");
    }
}
