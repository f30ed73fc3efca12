package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.faults.SimulationFailure;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A simulation that finds nothing proves nothing: each defect must be found, on seeds that the sound engine passes. */
class BreakagesTest {
    /** {@link SeedsTest} shows that the engine passes at least these seeds. */
    static final int SEEDS = 200;

    @ParameterizedTest
    @EnumSource(Breakages.class)
    void isFound(Breakages breakage) {
        int clean = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                new Simulation(seed, breakage.make()).run();
                clean++;
            } catch (SimulationFailure found) {
                System.out.println(breakage + " found by seed " + seed + ": "
                        + found.getCause().getMessage().lines().findFirst().orElse(""));
                return;
            }
        }
        assertTrue(clean < SEEDS, breakage + " was not found by " + SEEDS + " seeds");
    }
}
