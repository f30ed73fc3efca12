package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.Payload;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.image.ImageStore;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.api.journal.JournalStore;
import io.tidemark.engine.image.ImageLabels;
import io.tidemark.engine.image.ImageSettings;
import io.tidemark.engine.image.JournaledImage;
import io.tidemark.faults.ForceAudit;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.image.file.FileImageStore;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Each force of an image that the engine asks for is missed when it is left out. Those of the journal are asked for in one place,
 * which {@link Breakages#SKIPS_THE_JOURNALS_FORCE} breaks.
 */
class EngineForcesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int SEEDS = 20;
    private static final int IMAGE_BYTES = 256 << 10;
    private static final int WRITE_BYTES = 16 << 10;
    private static final String NAME = "disk";
    private static final UUID JOURNAL = new UUID(1, 1);
    private static final JournalSettings LIMITS = new JournalSettings(16L << 20, 256 << 10);

    /** Applies at once, and checkpoints when it is told to. */
    private static final ImageSettings SETTINGS = new ImageSettings(
            8L << 20,
            64L << 20,
            1 << 16,
            1L << 30,
            3600 * SECOND,
            1_000_000,
            ImageSettings.JournalFull.HOLD,
            0.8,
            5 * SECOND);

    @TestFactory
    Stream<DynamicTest> eachForceIsMissed() {
        ForceAudit audit = new ForceAudit()
                .sources(Path.of("../../bundles/engine/src/main/java"))
                .story("what was checkpointed is in the image", SEEDS, EngineForcesTest::checkpointed)
                .story("what an image shows when its journal is given up stays", SEEDS, EngineForcesTest::givenUp);
        return audit.checks().entrySet().stream()
                .map(check -> DynamicTest.dynamicTest(check.getKey(), check.getValue()::run));
    }

    private static ImageStore images(SimulatedContext process) {
        return new FileImageStore("pool", Path.of("/images"), 0, process.files());
    }

    private static JournalStore journals(SimulatedContext process) {
        FlashOptions options = FlashOptions.DEFAULT
                .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
                .withBatchBytes(5 << 18)
                .withPreparation(FlashOptions.Preparation.ALLOCATED);
        return new FlashJournalStore("flash", List.of(Path.of("/journals")), options, process.files());
    }

    /** A process in which an image was made, written all over, and applied. */
    private static JournaledImage applied(SimulatedMachine machine) throws StorageException {
        machine.disk().makeDirectories(Path.of("/journals"));
        machine.disk().makeDirectories(Path.of("/images"));
        SimulatedContext process = machine.boot("first");
        Journal journal = journals(process).create(process, NAME, JOURNAL, LIMITS);
        ImageHead head = new ImageHead(
                new UUID(2, 2),
                IMAGE_BYTES,
                4096,
                "flash",
                JOURNAL,
                Epoch.NO_PREDECESSOR,
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
        JournaledImage image = open(process, journal, images(process).create(process, NAME, head));
        process.workers().start("client", () -> {
            try {
                write(image.connect("client", new Life.Deaf()));
            } catch (StorageException e) {
                machine.fail(e);
            }
        });
        boolean done = machine.awaitUntil(
                () -> image.watermarks().durable() >= IMAGE_BYTES / WRITE_BYTES
                        && image.watermarks().applied() == image.watermarks().appended(),
                60 * SECOND);
        assertTrue(done, () -> image.watermarks().toString());
        return image;
    }

    private static JournaledImage open(SimulatedContext process, Journal journal, BlockImage bytes)
            throws StorageException {
        ImageLabels labels = new ImageLabels(NAME, "", "node");
        return JournaledImage.open(process, labels, SETTINGS, CommitRule.JOURNAL, journal, bytes, new Unmoved());
    }

    private static void write(DeviceSession session) throws StorageException {
        for (int offset = 0; offset < IMAGE_BYTES; offset += WRITE_BYTES) {
            Payload payload = session.take(WRITE_BYTES);
            ByteBuffer buffer = payload.buffer();
            while (buffer.hasRemaining()) {
                buffer.put((byte) 7);
            }
            session.write(offset, new Payload[] {payload}, false, failure -> {});
            session.drive(false);
        }
    }

    /** Behind a checkpoint the journal is not asked. */
    private static void checkpointed(SimulatedMachine machine) throws Exception {
        JournaledImage image = applied(machine);
        image.checkpoint();
        assertEquals(
                image.watermarks().durable(), image.watermarks().checkpointed(), "nothing is left for the journal");
        machine.losePower();
        SimulatedContext next = machine.boot("next");
        shows(7, images(next).open(next, NAME));
    }

    /** It has more than its checkpoint says. Clients have seen it and see it again, and no journal can bring it back. */
    private static void givenUp(SimulatedMachine machine) throws Exception {
        assertEquals(0, applied(machine).watermarks().checkpointed());
        machine.killAll();
        SimulatedContext second = machine.boot("second");
        journals(second).delete(second, NAME);
        Journal journal = journals(second).create(second, NAME, new UUID(3, 3), LIMITS);
        BlockImage image = images(second).open(second, NAME);
        shows(7, image);
        JournaledImage.adoptNewJournal(second, "node", journal, "flash", image);
        machine.losePower();
        SimulatedContext third = machine.boot("third");
        BlockImage again = images(third).open(third, NAME);
        shows(7, again);
        open(third, journals(third).open(third, NAME, LIMITS), again).close();
    }

    private static void shows(int value, BlockImage image) throws StorageException {
        ByteBuffer bytes = ByteBuffer.allocate(IMAGE_BYTES);
        image.read(0, bytes);
        for (int offset = 0; offset < IMAGE_BYTES; offset++) {
            assertEquals(value, bytes.get(offset), "byte " + offset);
        }
    }
}
