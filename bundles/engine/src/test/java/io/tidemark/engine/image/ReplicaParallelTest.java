package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What does not overlap goes to a replica's image side by side, whatever the order in which it came. */
class ReplicaParallelTest {
    private static final int RUNS = 64;

    /** So many blocks that are no neighbours, each of them twice. */
    private static void receive(ReplicaRig rig) throws Exception {
        rig.start();
        for (int value = 1; value <= 2; value++) {
            for (int i = 0; i < RUNS; i++) {
                rig.write(2 * i, value);
            }
        }
        rig.sendAll();
        rig.awaitHead(rig.last());
    }

    /** How many runs each call to the image had. */
    private static List<Integer> runs(ReplicaRig rig) {
        return rig.image.sets.stream().map(set -> set.split(" ").length).toList();
    }

    /** Each call hands over what the image may write at the same time. */
    private static void applied(ReplicaRig rig) throws Exception {
        rig.engine.checkpoint();
        assertEquals(rig.last(), rig.engine.watermarks().checkpointed());
        assertEquals(List.of(RUNS / 2, RUNS / 2), runs(rig));
        long distinct = rig.image.sets.stream()
                .flatMap(set -> Arrays.stream(set.split(" ")))
                .distinct()
                .count();
        assertEquals(RUNS, distinct, "each block once: " + rig.image.sets);
        rig.verifyAt(rig.last());
    }

    @Test
    void runsThatDoNotOverlapAreUnderWayTogether() throws Exception {
        try (ReplicaRig rig = ReplicaRig.lazy()) {
            receive(rig);
            applied(rig);
        }
    }

    /** As after a restart, when all of it is in the journal only. */
    @Test
    void theNextOnesAreReadFromTheJournalWhileTheyAre() throws Exception {
        try (ReplicaRig rig = ReplicaRig.lazy()) {
            receive(rig);
            rig.crash(0);
            rig.awaitHead(rig.last());
            AtomicInteger meanwhile = new AtomicInteger();
            rig.journal.beforeBody = () -> meanwhile.addAndGet(rig.image.underWay);
            applied(rig);
            assertTrue(meanwhile.get() >= RUNS / 2, meanwhile + " of " + RUNS + " blocks were read beside a write");
        }
    }
}
