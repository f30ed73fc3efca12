package io.tidemark.engine.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.device.SessionListener;
import org.junit.jupiter.api.Test;

/** What goes wrong while an image is closed. */
class CloseTest {
    private static String whyWithoutCheckpoint(Rig rig) {
        return assertThrows(StorageException.class, () -> rig.engine.close()).getMessage();
    }

    @Test
    void aStoreThatFailsMeanwhileIsNamed() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.submit(0, 4096, 1, false);
            rig.journal.failNextForce = true;
            assertEquals("force failed on purpose; open it again", whyWithoutCheckpoint(rig));
        }
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.image.failNextWrite = true;
            assertEquals("write failed on purpose", whyWithoutCheckpoint(rig));
        }
    }

    @Test
    void aClientThatThrowsKeepsNothingFromItsEnd() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.engine.close();
            rig.engine = JournaledImage.open(
                    rig.context,
                    new ImageLabels("disk", "", "node"),
                    rig.settings,
                    rig.rule,
                    rig.journal,
                    rig.image,
                    rig,
                    rig.steps);
            rig.engine.connect("bad", new SessionListener() {
                @Override
                public void swept() {}

                @Override
                public void closed(String why) {
                    throw new IllegalStateException("on purpose");
                }
            });
            rig.session = rig.engine.connect("test", rig);
            rig.sessionClosed = null;
            rig.write(0, 4096, 1).succeeded();
            rig.engine.close();
            assertEquals("image disk is closed", rig.sessionClosed);
            assertEquals(1, rig.image.head().checkpointed().sequence());
            assertTrue(rig.warnings.toString().contains("client bad"), rig.warnings::toString);
        }
    }

    @Test
    void soDoesOneWhoseRequestWasHeld() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            rig.write(0, 4096, 1).succeeded();
            rig.journal.fullAtEvents = 0;
            rig.session.write(4096, rig.payloads(512, 2), false, failure -> {
                throw new IllegalStateException("on purpose");
            });
            Rig.Outcome other = rig.submit(8192, 512, 3, false);
            rig.engine.close();
            assertTrue(other.await().failure != null, "it was told, too");
            assertEquals("image disk is closed", rig.sessionClosed);
            assertEquals(1, rig.image.head().checkpointed().sequence());
        }
    }

    /** Whoever answers, the image's own thread or that of another client, goes on. */
    @Test
    void aClientThatFailsWhenItIsAnsweredHoldsNobodyUp() throws Exception {
        try (Rig rig = new Rig(Rig.LAZY)) {
            for (int round = 0; round < 20; round++) {
                rig.session.write(0, rig.payloads(512, round), false, failure -> {
                    throw new IllegalStateException("on purpose");
                });
                rig.write(4096, 4096, round).succeeded();
            }
            rig.verifyBytes(0, 512, 19);
            rig.verifyBytes(4096, 4096, 19);
        }
    }
}
