package io.tidemark.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Epoch;
import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.admin.ImageStatus.State;
import io.tidemark.api.commit.CommitRule;
import io.tidemark.api.context.Payload;
import io.tidemark.api.device.DeviceSession;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalSettings;
import io.tidemark.engine.image.ImageLabels;
import io.tidemark.engine.image.ImageSettings;
import io.tidemark.engine.image.JournaledImage;
import io.tidemark.faults.MachineSettings;
import io.tidemark.faults.SimulatedContext;
import io.tidemark.faults.SimulatedMachine;
import io.tidemark.image.file.FileImageStore;
import io.tidemark.journal.flash.FlashJournalStore;
import io.tidemark.journal.flash.FlashOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * A thin image and a journal that may grow far beyond the file system that both share. Nobody makes room for them: they have
 * to get on with each other, whatever the image's pool keeps in reserve.
 */
class SharedDiskTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Path ROOT = Path.of("/");
    private static final long DISK_BYTES = 24L << 20;
    private static final int IMAGE_BYTES = 12 << 20;
    private static final int WRITE_BYTES = 64 << 10;
    private static final JournalSettings JOURNAL = new JournalSettings(256L << 20, 256 << 10);

    private final byte[] model = new byte[IMAGE_BYTES];

    private interface Scene {
        void play(SimulatedMachine machine, Node node) throws Exception;
    }

    private static void on(long seed, long reserveBytes, ImageSettings.JournalFull full, Scene scene) {
        SimulatedMachine machine = new SimulatedMachine(seed, new MachineSettings(DISK_BYTES, 16L << 20, 2_000_000));
        machine.run(() -> {
            machine.disk().makeDirectories(Path.of("/journals"));
            machine.disk().makeDirectories(Path.of("/images"));
            Node node = new Node(machine.boot("node"), reserveBytes, full);
            scene.play(machine, node);
            node.stopped = true;
            node.image.close();
            node.bytes.close();
            node.journal.close();
        });
    }

    /** An image that is as lazy as it may be. */
    private static final class Node {
        private final Journal journal;
        private final BlockImage bytes;
        private final JournaledImage image;
        private final DeviceSession session;
        private volatile int pending;
        private volatile int failed;
        private volatile boolean stopped;

        Node(SimulatedContext process, long reserveBytes, ImageSettings.JournalFull full) throws StorageException {
            FlashOptions options = FlashOptions.DEFAULT
                    .withSegmentBytes(FlashOptions.MIN_SEGMENT_BYTES)
                    .withBatchBytes(5 << 18)
                    .withPreparation(FlashOptions.Preparation.ALLOCATED);
            UUID identity = new UUID(1, 1);
            journal = new FlashJournalStore("pool", List.of(Path.of("/journals")), options, process.files())
                    .create(process, "disk", identity, JOURNAL);
            bytes = new FileImageStore("pool", Path.of("/images"), reserveBytes, process.files())
                    .create(
                            process,
                            "disk",
                            new ImageHead(
                                    new UUID(2, 2),
                                    IMAGE_BYTES,
                                    4096,
                                    "pool",
                                    identity,
                                    Epoch.NO_PREDECESSOR,
                                    Position.NONE,
                                    ImageHead.Role.PRIMARY,
                                    Map.of()));
            ImageSettings settings = new ImageSettings(
                    8L << 20, 128L << 20, 1 << 16, 1L << 30, 3600 * SECOND, 3600 * SECOND, full, 0.8, 5_000_000_000L);
            image = JournaledImage.open(
                    process,
                    new ImageLabels("disk", "", "node"),
                    settings,
                    CommitRule.JOURNAL,
                    journal,
                    bytes,
                    new Unmoved());
            session = image.connect("client", new Life.Deaf());
            process.workers().start("manager", () -> manage(process));
        }

        private void manage(SimulatedContext process) {
            while (!stopped) {
                process.workers().newGate().await(SECOND / 10);
                try {
                    image.trim(image.trimFloor());
                } catch (StorageException e) {
                    throw new AssertionError(e);
                }
            }
        }

        void write(int offset, int value) throws StorageException {
            Payload payload = session.take(WRITE_BYTES);
            ByteBuffer buffer = payload.buffer();
            while (buffer.hasRemaining()) {
                buffer.put((byte) value);
            }
            pending++;
            session.write(offset, new Payload[] {payload}, false, this::ended);
            session.drive(false);
        }

        private void ended(StorageException failure) {
            pending--;
            failed += failure == null ? 0 : 1;
        }

        State state() {
            return image.state();
        }
    }

    private void writeAll(SimulatedMachine machine, SimulatedContext process, Node node, int from, int to, int value) {
        boolean[] done = new boolean[1];
        process.workers().start("writer-" + value, () -> {
            try {
                for (int offset = from; offset < to; offset += WRITE_BYTES) {
                    node.write(offset, value);
                    Arrays.fill(model, offset, offset + WRITE_BYTES, (byte) value);
                }
                done[0] = true;
            } catch (StorageException e) {
                machine.fail(e);
            }
        });
        assertTrue(
                machine.awaitUntil(() -> done[0] && node.pending == 0, 300 * SECOND),
                () -> "stuck: " + node.state() + ", " + node.image.counters());
        assertEquals(0, node.failed);
    }

    private void verify(Node node) throws StorageException {
        node.image.checkpoint();
        ByteBuffer all = ByteBuffer.allocate(IMAGE_BYTES);
        node.bytes.read(0, all);
        assertArrayEquals(model, all.array());
    }

    @Test
    void aJournalLeavesTheImageWhatApplyingNeeds() {
        for (long reserveBytes : new long[] {0, 2 << 20, 9 << 20}) {
            Arrays.fill(model, (byte) 0);
            on(reserveBytes + 1, reserveBytes, ImageSettings.JournalFull.HOLD, (machine, node) -> {
                SimulatedContext writers = machine.boot("writers");
                int to = (int) Math.min(IMAGE_BYTES, DISK_BYTES - reserveBytes - (4 << 20) & -WRITE_BYTES);
                for (int round = 1; round <= 3; round++) {
                    writeAll(machine, writers, node, 0, to, round);
                    assertTrue(machine.disk().freeBytes(ROOT) >= reserveBytes - (1 << 20), "the reserve stays");
                }
                verify(node);
            });
        }
    }

    @Test
    void aFullDiskTakesOverwritesAndHoldsWhatNeedsSpace() {
        on(5, 0, ImageSettings.JournalFull.HOLD, (machine, node) -> {
            SimulatedContext writers = machine.boot("writers");
            int half = IMAGE_BYTES / 2;
            writeAll(machine, writers, node, 0, half, 1);
            node.image.checkpoint();
            // Others take all that is left.
            machine.disk()
                    .resize(
                            ROOT,
                            machine.disk().capacityBytes(ROOT) - machine.disk().freeBytes(ROOT));
            for (int round = 2; round <= 4; round++) {
                writeAll(machine, writers, node, 0, half, round);
            }
            boolean[] done = new boolean[1];
            writers.workers().start("more", () -> {
                try {
                    for (int offset = half; offset < IMAGE_BYTES; offset += WRITE_BYTES) {
                        node.write(offset, 9);
                        Arrays.fill(model, offset, offset + WRITE_BYTES, (byte) 9);
                    }
                    done[0] = true;
                } catch (StorageException e) {
                    machine.fail(e);
                }
            });
            // What the journal can do without goes to the image; then nothing is left at all.
            machine.sleep(60 * SECOND);
            assertEquals(State.HOLDING, node.state());
            assertFalse(machine.awaitUntil(() -> node.state() != State.HOLDING, 60 * SECOND), "it stays full");
            assertTrue(node.pending > 0);
            assertTrue(node.image.detail().contains("image full"), node.image.detail());
            machine.disk().resize(ROOT, DISK_BYTES);
            assertTrue(machine.awaitUntil(() -> done[0] && node.pending == 0, 60 * SECOND), "goes on by itself");
            assertEquals(State.SERVING, node.state());
            assertEquals(0, node.failed);
            verify(node);
        });
    }

    @Test
    void whatNeedsSpaceFailsWhereThatIsConfigured() {
        on(6, 0, ImageSettings.JournalFull.FAIL, (machine, node) -> {
            SimulatedContext writers = machine.boot("writers");
            writeAll(machine, writers, node, 0, IMAGE_BYTES / 2, 1);
            node.image.checkpoint();
            // Others take all but what the image was promised.
            long used = machine.disk().capacityBytes(ROOT) - machine.disk().freeBytes(ROOT);
            machine.disk().resize(ROOT, used + (5L << 18));
            writers.workers().start("more", () -> {
                try {
                    for (int i = 0; i < 90; i++) {
                        node.write(IMAGE_BYTES / 2 + i * WRITE_BYTES, 9);
                    }
                } catch (StorageException e) {
                    machine.fail(e);
                }
            });
            assertTrue(machine.awaitUntil(() -> node.failed > 0 && node.pending == 0, 60 * SECOND));
            node.image.checkpoint();
        });
    }
}
