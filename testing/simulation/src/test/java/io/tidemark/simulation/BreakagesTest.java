package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.faults.SimulationFailure;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
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

    /** What {@link Forgery} rests on. */
    @Test
    void aForgedDamageKeepsEveryChecksum() {
        byte[] bytes = new byte[100];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 37);
        }
        CRC32C before = new CRC32C();
        before.update(bytes);
        byte[] polynomial = {(byte) 0xF1, 0x76, (byte) 0xEC, 0x05, 0x01};
        for (int i = 0; i < polynomial.length; i++) {
            bytes[40 + i] ^= polynomial[i];
        }
        CRC32C after = new CRC32C();
        after.update(bytes);
        assertEquals(before.getValue(), after.getValue());
    }
}
