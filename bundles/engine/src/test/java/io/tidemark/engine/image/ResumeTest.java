package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.EventKind;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.replica.HeadOrder;
import org.junit.jupiter.api.Test;

/** Heads that could not be stored, or seemed so, and what comes then. */
class ResumeTest {
    private static final long MINUTE = 60_000_000_000L;

    /** Heads that cannot be stored. */
    private static final class Refused extends Steps {
        volatile boolean checkpoints = true;
        volatile boolean all;

        @Override
        protected void storeHead(BlockImage image, ImageHead head) throws StorageException {
            boolean checkpoint = !head.checkpointed().equals(image.head().checkpointed());
            if (all || (checkpoints && checkpoint)) {
                throw new StorageException(Reason.NO_SPACE, "no space for the head on purpose", "");
            }
            super.storeHead(image, head);
        }
    }

    private static void pass(ReplicaRig rig) throws StorageException {
        rig.sendAll();
        rig.hand.pass(MINUTE);
        // Otherwise it looks within some seconds.
        rig.engine.core().wakeMover();
        rig.awaitHead(rig.last());
    }

    /** What is applied while the journal is read again is to be found at the next opening, too. */
    @Test
    void aDelayedReplicaNotesHowFarItsImageGetsWhenItResumes() throws Exception {
        Refused refused = new Refused();
        try (ReplicaRig rig = ReplicaRig.lazy().byHand()) {
            rig.steps = refused;
            rig.start();
            rig.engine.order(new HeadOrder.Follow(MINUTE));
            rig.write(1, 1);
            pass(rig);
            assertThrows(StorageException.class, () -> rig.engine.checkpoint());
            assertEquals(1, rig.engine.facts().watermarks().applied());
            refused.all = true;
            rig.write(2, 2);
            rig.event(EventKind.RESIZE, 0, ReplicaRig.SIZE / 2);
            pass(rig);
            rig.engine.suspend("swapped");
            refused.all = false;
            rig.swap(0);
            assertEquals(3, rig.engine.facts().watermarks().applied());
            rig.image.force();
            rig.crash(0);
            rig.verifyAt(rig.progress().head());
            assertEquals(3, rig.progress().head());
        }
    }

    /** It once said "image full" until it was suspended the next time. */
    @Test
    void aReplicaThatFollowsLiveDoesNotWaitForSpaceToNoteItsReach() throws Exception {
        boolean[] full = {false};
        Steps delayedOnly = new Steps() {
            @Override
            protected void storeHead(BlockImage image, ImageHead head) throws StorageException {
                if (full[0] && head.properties().containsKey(HeadProperties.ORDER)) {
                    throw new StorageException(Reason.NO_SPACE, "no space for the head on purpose", "");
                }
                super.storeHead(image, head);
            }
        };
        try (ReplicaRig rig = ReplicaRig.lazy().byHand()) {
            rig.steps = delayedOnly;
            rig.start();
            rig.engine.order(new HeadOrder.Follow(MINUTE));
            full[0] = true;
            rig.write(1, 1);
            pass(rig);
            assertThrows(StorageException.class, () -> rig.engine.checkpoint());
            assertEquals(State.HOLDING, rig.engine.state());
            rig.engine.order(HeadOrder.LIVE);
            Rig.eventually(() -> rig.engine.state() == State.SERVING, "serving");
            rig.engine.checkpoint();
            rig.verifyAt(1);
        }
    }

    /** It cannot be told from one that was lost before the stores are open again. */
    @Test
    void aHeadBehindAShrinkThatWasStoredAfterAllCounts() throws Exception {
        boolean[] fails = {true};
        Steps unheard = new Steps() {
            @Override
            protected void storeHead(BlockImage image, ImageHead head) throws StorageException {
                super.storeHead(image, head);
                if (fails[0]) {
                    throw new StorageException(Reason.IO, "the answer was lost on purpose", "");
                }
            }
        };
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.engine.close();
            rig.steps = unheard;
            rig.open();
            rig.write(Rig.SIZE - 4096, 4096, 1).succeeded();
            rig.write(0, 4096, 2).succeeded();
            rig.engine.resize(Rig.SIZE / 2);
            rig.model = java.util.Arrays.copyOf(rig.model, Rig.SIZE / 2);
            rig.write(4096, 4096, 3).succeeded();
            assertEquals(0, rig.engine.watermarks().checkpointed());
            rig.engine.suspend("failed");
            rig.journal = rig.journal.reopened(0);
            rig.image = rig.image.reopened();
            rig.engine.resume(rig.journal, rig.image);
            fails[0] = false;
            assertTrue(rig.engine.watermarks().checkpointed() >= 3);
            rig.verify();
            rig.engine.checkpoint();
            rig.verify();
            rig.crash(0);
            rig.verify();
        }
    }
}
