package io.tidemark.mirror.internal.run;

import static io.tidemark.mirror.internal.run.TwoSites.SECOND;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.replica.Consistency;
import io.tidemark.faults.NetworkSettings;
import org.junit.jupiter.api.Test;

/** A copy and what clients write meanwhile share a window that is short for the way. */
class SharedWindowSimulationTest {
    private static final int SEEDS =
            Integer.getInteger("tidemark.mirror.seeds", Boolean.getBoolean("tidemark.fast") ? 2 : 4);

    private static final long MILLISECOND = SECOND / 1000;

    /** Some hundred kilometres. */
    private static final NetworkSettings FAR = new NetworkSettings(
            4L << 20, 5 * MILLISECOND, 6 * MILLISECOND, 1_000_000_000L, 5_000_000_000L, 2_000_000_000L);

    /** Of so many replicas on a node that each has the least window, in which a chunk of a copy just does not fit beside anything. */
    @Test
    void aCopyGetsItsTurnWhileClientsWrite() {
        TwoSites.play(2210, SEEDS, FAR, sites -> {
            sites.settings = new MirrorSettings(
                    MirrorSettings.LEAST_WINDOW_BYTES, 64 << 20, 1, 0, 5 * SECOND, SECOND / 10, SECOND, SECOND / 5);
            MemoryImage image = sites.newImage("disk");
            sites.a.boot();
            sites.write(image, 20, 1 << 17);
            sites.b.wish("disk");
            sites.b.boot();
            long until = sites.a.process.clock().monotonicNanos() + 10 * SECOND;
            while (!isCopied(sites) && sites.a.process.clock().monotonicNanos() < until) {
                sites.write(image, 1, 4096);
                sites.machine.sleep(MILLISECOND);
            }
            assertTrue(isCopied(sites), () -> sites.b.state("disk"));
            sites.awaitEqual("disk", 30 * SECOND);
        });
    }

    private static boolean isCopied(TwoSites sites) {
        MemoryImage replica = sites.b.image("disk");
        return replica != null && replica.consistency != Consistency.COPYING;
    }
}
