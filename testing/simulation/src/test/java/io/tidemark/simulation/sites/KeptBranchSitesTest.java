package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.faults.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A replica is promoted at an earlier moment while its source is written to: what it told the source that it has received, which
 * that may trim, is in the image or in the branch that is kept.
 */
class KeptBranchSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;

    private final SeededRandom random = machine.random("driver");
    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);

    KeptBranchSitesTest() {
        super(80, Defect.NONE);
    }

    @Test
    void allThatWasReceivedIsKept() {
        machine.run(() -> {
            mirror(random);
            source.markOften();
            machine.sleep(SECOND);
            replica.hold();
            long held = replica.facts().replica().head();
            machine.sleep(SECOND);
            replica.mirrors.promoteAt(Site.IMAGE, at(held), true, GivenUp.KEPT);
            assertTrue(replica.isPrimary());
            List<KeptBranch> kept = replica.mirrors.keptBranches();
            assertEquals(1, kept.size());
            // What is on its way is told.
            machine.sleep(SECOND);
            long received = source.mirrors.status(Site.IMAGE).stream()
                    .filter(one -> one.role() == ImageHead.Role.PRIMARY)
                    .map(MirrorStatus::marks)
                    .mapToLong(marks -> marks.received())
                    .max()
                    .orElseThrow();
            assertTrue(
                    kept.get(0).last() >= received,
                    "kept up to " + kept.get(0).last() + ", and the source was told of " + received);
        });
    }

    private Position at(long sequence) {
        return new Position(1, sequence);
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }

    @Override
    boolean writing() {
        return false;
    }
}
