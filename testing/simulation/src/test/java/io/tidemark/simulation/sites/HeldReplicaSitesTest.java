package io.tidemark.simulation.sites;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.mirror.GivenUp;
import io.tidemark.api.mirror.KeptBranch;
import io.tidemark.api.mirror.MirrorStatus;
import io.tidemark.api.mirror.WorkListener;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A replica that is held while its source is written to, and takes over. */
class HeldReplicaSitesTest extends Scene {
    private static final long SECOND = Site.SECOND;
    private static final int MOST_ATTEMPTS = 200;

    private final Site source = new Site("a", KEYS.get(0), this);
    private final Site replica = new Site("b", KEYS.get(1), this);

    HeldReplicaSitesTest() {
        super(80, Defect.NONE);
    }

    /** What it told the source that it has received, which that may trim, is in its image or in the branch that is kept. */
    @Test
    void whatWasReceivedBehindTheMomentOfAPromotionIsKept() {
        machine.run(() -> {
            mirrorAndHold();
            long held = replica.facts().replica().head();
            machine.sleep(SECOND);
            replica.mirrors.promoteAt(Site.IMAGE, at(held), true, GivenUp.KEPT);
            assertTrue(replica.isPrimary());
            List<KeptBranch> kept = replica.mirrors.keptBranches();
            assertEquals(1, kept.size());
            long received = told();
            assertTrue(
                    kept.get(0).last() >= received,
                    "kept up to " + kept.get(0).last() + ", and the source was told of " + received);
        });
    }

    /** Nothing is to be given up, and it is promoted at what it has, while more comes. */
    @Test
    void whatComesAtTheLastMomentIsNotGivenUpUnasked() {
        machine.run(() -> {
            mirror();
            source.markOften();
            machine.sleep(SECOND);
            long at = 0;
            for (int attempt = 0; at == 0; attempt++) {
                assertTrue(attempt < MOST_ATTEMPTS, "always more came");
                machine.sleep(random.below(SECOND / 100));
                at = promotedAt(replica.facts().watermarks().durable());
            }
            assertTrue(replica.isPrimary());
            long received = told();
            assertTrue(received <= at, "primary at " + at + ", and the source was told of " + received);
        });
    }

    /** 0 when it was refused. */
    private long promotedAt(long sequence) {
        try {
            replica.mirrors.promoteAt(Site.IMAGE, at(sequence), true, GivenUp.REFUSED);
            return sequence;
        } catch (StorageException e) {
            assertEquals(StorageException.Reason.BUSY, e.reason(), e.getMessage());
            return 0;
        }
    }

    /** What the source knows to be received, when what was on its way has arrived. */
    private long told() throws StorageException {
        machine.sleep(SECOND);
        return source.mirrors.status(Site.IMAGE).stream()
                .filter(one -> one.role() == ImageHead.Role.PRIMARY)
                .map(MirrorStatus::marks)
                .mapToLong(marks -> marks.received())
                .max()
                .orElseThrow();
    }

    /** Nobody could write while it applies what it was held from. */
    @Test
    void aReplicaThatIsHeldFarBehindIsRefusedUntilItFollows() {
        machine.run(() -> {
            mirrorAndHold();
            machine.sleep(10 * SECOND);
            StorageException refused = assertThrows(
                    StorageException.class, () -> source.mirrors.switchOver(Site.IMAGE, "b", WorkListener.QUIET));
            assertEquals(StorageException.Reason.BUSY, refused.reason(), refused.getMessage());
            assertTrue(refused.getMessage().contains("does not come closer"), refused.getMessage());
            assertTrue(source.isPrimary());
            assertEquals(ImageHead.Role.REPLICA, replica.facts().role());

            replica.follow(0);
            source.mirrors.switchOver(Site.IMAGE, "b", WorkListener.QUIET);
            assertTrue(replica.isPrimary());
        });
    }

    private void mirrorAndHold() throws StorageException {
        mirror();
        source.markOften();
        machine.sleep(SECOND);
        replica.hold();
    }

    private Position at(long sequence) {
        return new Position(1, sequence);
    }

    // ---- what the sites see of it

    @Override
    List<Site> sites() {
        return List.of(source, replica);
    }
}
