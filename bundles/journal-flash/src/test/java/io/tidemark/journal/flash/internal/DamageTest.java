package io.tidemark.journal.flash.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.journal.Journal;
import io.tidemark.api.journal.JournalReader;
import io.tidemark.tck.journal.Events;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What opening and reading make of damaged files: stated for every byte. */
class DamageTest {
    private static final int PAYLOAD = 40;
    private static final int CONTENT_END = Layout.Batch.SIZE + Layout.recordBytes(30 + PAYLOAD + 14);

    /** Three batches of one event each; nothing attests the third one. */
    private static final long THIRD = Segment.FIRST_BATCH + 2L * Layout.BLOCK;

    private static Scene threeBatches() {
        return new Scene(1, 1);
    }

    private static void write(Scene scene) throws StorageException {
        Journal journal = scene.create();
        Events.begin(journal, 1);
        for (int i = 0; i < 3; i++) {
            Events.write(journal, 1, PAYLOAD);
        }
        scene.remember();
    }

    @Test
    void aTailTornAtAnyByteIsCut() {
        Scene scene = threeBatches();
        scene.run(() -> {
            write(scene);
            Path segment = scene.file(Scene.segment(1));
            for (int keep = 0; keep < Layout.BLOCK; keep += keep < CONTENT_END + 8 ? 1 : 64) {
                byte[] bytes = scene.remembered(segment);
                boolean whole = isZero(bytes, (int) THIRD + keep, (int) THIRD + Layout.BLOCK);
                Arrays.fill(bytes, (int) THIRD + keep, (int) THIRD + Layout.BLOCK, (byte) 0);
                scene.restore(segment, bytes);
                Journal journal = scene.open();
                assertEquals(whole ? 3 : 2, journal.durable(), "torn behind " + keep + " bytes");
                // A whole header attests what was durable before its batch, whatever became of the content.
                assertEquals(
                        keep >= Layout.Batch.SIZE ? 2 : 1, journal.recovery().lastKnownDurable());
                assertFalse(journal.recovery().clean());
                assertEquals(journal.durable(), Events.readAll(journal, 1));
            }
        });
    }

    private static boolean isZero(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    @Test
    void aFlippedByteInTheUnattestedTailCutsIt() {
        Scene scene = threeBatches();
        scene.run(() -> {
            write(scene);
            Path segment = scene.file(Scene.segment(1));
            int kept = 0;
            for (int at = 0; at < Layout.BLOCK; at += at < CONTENT_END ? 1 : 97) {
                byte[] bytes = scene.remembered(segment);
                bytes[(int) THIRD + at] ^= 0x10;
                scene.restore(segment, bytes);
                Journal journal = scene.open();
                // The padding says nothing, so nothing is lost when it is damaged.
                boolean padding = at >= CONTENT_END || isPadding(at);
                assertEquals(padding ? 3 : 2, journal.durable(), "byte " + at);
                assertEquals(journal.durable(), Events.readAll(journal, 1));
                boolean reported = journal.recovery().cutBytes() > 0;
                assertTrue(padding || reported || hidden(at), "byte " + at + " is not reported");
                kept += padding ? 1 : 0;
            }
            assertTrue(kept > 0);
        });
    }

    /** Bytes between the end of the body and the next multiple of eight. */
    private static boolean isPadding(int at) {
        return at >= Layout.Batch.SIZE + Layout.EventRecord.SIZE + 30 + PAYLOAD + 14 && at < CONTENT_END;
    }

    /** Without magic and tag nobody can tell that something was there: it is as if it had never been written. */
    private static boolean hidden(int at) {
        return at < Layout.Batch.MAGIC + 4 || at >= Layout.Batch.TAG && at < Layout.Batch.TAG + 8;
    }

    @Test
    void aFlippedByteInAnAttestedHeaderRefusesToOpen() {
        Scene scene = threeBatches();
        scene.run(() -> {
            write(scene);
            Path segment = scene.file(Scene.segment(1));
            for (int batch = 0; batch < 2; batch++) {
                for (int at = 0; at < Layout.Batch.SIZE; at++) {
                    byte[] bytes = scene.remembered(segment);
                    bytes[(int) Segment.FIRST_BATCH + batch * Layout.BLOCK + at] ^= 1;
                    scene.restore(segment, bytes);
                    refused(scene, "batch " + batch + ", byte " + at);
                    assertTrue(Arrays.equals(bytes, scene.machine.disk().bytes(segment)), "a refusal changes nothing");
                }
            }
        });
    }

    @Test
    void aFlippedByteInAnAttestedEventIsNeverReturned() {
        Scene scene = threeBatches();
        scene.run(() -> {
            write(scene);
            Path segment = scene.file(Scene.segment(1));
            for (int at = Layout.Batch.SIZE; at < CONTENT_END; at++) {
                if (isPadding(at)) {
                    continue;
                }
                byte[] bytes = scene.remembered(segment);
                bytes[(int) Segment.FIRST_BATCH + Layout.BLOCK + at] ^= 1;
                scene.restore(segment, bytes);
                Journal journal = scene.open();
                int byteNumber = at;
                try (JournalReader reader = journal.reader(1)) {
                    Events.check(reader.next(), reader.body(), 1);
                    StorageException e = assertThrows(
                            StorageException.class,
                            () -> {
                                reader.next();
                                reader.body();
                            },
                            "byte " + byteNumber);
                    assertEquals(Reason.CORRUPT, e.reason());
                }
                long place = WriteEnd.place(1, Segment.FIRST_BATCH + Layout.BLOCK + Layout.Batch.SIZE);
                StorageException e =
                        assertThrows(StorageException.class, () -> journal.readBody(place, 0, ByteBuffer.allocate(10)));
                assertEquals(Reason.CORRUPT, e.reason());
            }
        });
    }

    private static void refused(Scene scene, String where) {
        StorageException e = assertThrows(StorageException.class, scene::open, where);
        assertEquals(Reason.CORRUPT, e.reason(), where);
        boolean says = e.getMessage().contains("repair") || e.getMessage().contains("--journal-lost");
        assertTrue(says, e.getMessage());
    }

    @Test
    void aDamagedHeaderOfASegmentRefusesToOpen() {
        Scene scene = threeBatches();
        scene.run(() -> {
            write(scene);
            Path segment = scene.file(Scene.segment(1));
            for (int at = 0; at < Layout.Segment.SIZE; at++) {
                byte[] bytes = scene.remembered(segment);
                bytes[at] ^= 2;
                scene.restore(segment, bytes);
                refused(scene, "byte " + at);
            }
        });
    }

    @Test
    void oneDamagedCopyOfTheStateIsEnoughAndTwoRefuseToOpen() {
        Scene scene = threeBatches();
        scene.run(() -> {
            write(scene);
            Path state = scene.file(JournalPlaces.STATE);
            int used = Layout.Slot.SIZE + Layout.State.SIZE + Layout.EpochEntry.SIZE + 4;
            int slot = scene.remembered(state).length / 2;
            for (int at = 0; at < used; at++) {
                byte[] bytes = scene.remembered(state);
                bytes[at] ^= 4;
                scene.restore(state, bytes);
                Journal journal = scene.open();
                assertEquals(3, Events.readAll(journal, 1), "byte " + at);
                assertEquals(1, journal.epochs().size());
                bytes[at + slot] ^= 4;
                scene.restore(state, bytes);
                refused(scene, "byte " + at);
            }
        });
    }

    /** Neither can be made again from the segments; whoever follows the advice finds no journal, and can replace it. */
    @Test
    void adviceForALostFileBesideTheSegmentsWorks() {
        Scene scene = threeBatches();
        scene.run(() -> {
            write(scene);
            for (String name : List.of(JournalPlaces.STATE, JournalPlaces.MEMBER)) {
                byte[] bytes = scene.remembered(scene.file(name));
                scene.restore(scene.file(name), new byte[bytes.length]);
                StorageException e = assertThrows(StorageException.class, scene::open);
                assertEquals(Reason.CORRUPT, e.reason(), name);
                assertTrue(e.remedy().startsWith("restore " + name + " from a copy"), e.remedy());
                assertTrue(e.remedy().contains("image:open --journal-lost " + Scene.NAME), e.remedy());
            }
            Path journal = scene.file(JournalPlaces.STATE).getParent();
            scene.machine.killAll();
            scene.boot();
            for (String name : scene.process.files().list(journal)) {
                scene.process.files().delete(journal.resolve(name));
            }
            scene.process.files().delete(journal);
            StorageException e = assertThrows(StorageException.class, scene::open);
            assertEquals(Reason.NOT_FOUND, e.reason());
            Events.begin(scene.create(), 1);
        });
    }

    @Test
    void theStateGrowsWithItsEpochs() {
        Scene scene = threeBatches();
        scene.run(() -> {
            Journal journal = scene.create();
            io.tidemark.api.Epoch epoch = Events.begin(journal, 1);
            for (int i = 0; i < 300; i++) {
                epoch = epoch.next(new java.util.UUID(1, i), 1, 5, "somebody with a name " + i);
                journal.startEpoch(epoch);
            }
            scene.machine.losePower();
            scene.boot();
            assertEquals(301, scene.open().epochs().size());
        });
    }

    /** Four segments; the first one and the last one stay, one in the middle is changed. */
    @Test
    void segmentsInTheMiddleAreMissedAndTheirChainIsChecked() {
        Scene scene = new Scene(2, 2);
        scene.run(() -> {
            Journal journal = scene.create();
            Events.begin(journal, 1);
            Events.write(journal, 9, 600_000);
            journal.close();
            scene.remember();
            List<Path> segments = new ArrayList<>(scene.machine.disk().files());
            segments.removeIf(path -> !path.getFileName().toString().startsWith("segment-"));
            Path second = segments.stream()
                    .filter(path -> path.endsWith(Scene.segment(2)))
                    .findFirst()
                    .orElseThrow();
            assertEquals("/flash0", second.getParent().getParent().toString(), "segments take turns");
            // Without its end a segment is walked, and nothing is lost by it.
            byte[] bytes = scene.remembered(second);
            bytes[bytes.length - Layout.BLOCK] ^= 1;
            scene.restore(second, bytes);
            Journal again = scene.open();
            assertEquals(9, Events.readAll(again, 1));
            again.close();
            // Without end and without a header in the middle, the chain does not reach the next segment.
            bytes[Layout.BLOCK + 40] ^= 1;
            scene.restore(second, bytes);
            refused(scene, "chain");
            scene.restore(second, scene.remembered(second));
            scene.process.files().delete(second);
            refused(scene, "missing segment");
        });
    }

    @Test
    void directoriesAreNeverTakenForATail() {
        Scene scene = new Scene(3, 2);
        scene.run(() -> {
            Journal journal = scene.create();
            Events.begin(journal, 1);
            Events.write(journal, 9, 600_000);
            scene.store.close();
            List<Path> turned = List.of(scene.directories.get(1), scene.directories.get(0));
            var other = new io.tidemark.journal.flash.FlashJournalStore(
                    "pool", turned, Scene.OPTIONS, scene.process.files());
            try (Journal again = other.open(scene.process, Scene.NAME, Scene.SETTINGS)) {
                assertEquals(9, Events.readAll(again, 1), "in whatever order they are given");
            }
            for (Path one : scene.directories) {
                var half = new io.tidemark.journal.flash.FlashJournalStore(
                        "pool", List.of(one), Scene.OPTIONS, scene.process.files());
                StorageException e = assertThrows(
                        StorageException.class, () -> half.open(scene.process, Scene.NAME, Scene.SETTINGS));
                assertEquals(Reason.MISMATCH, e.reason());
            }
            scene.process
                    .files()
                    .delete(scene.directories.get(1).resolve(Scene.NAME).resolve("member"));
            StorageException e =
                    assertThrows(StorageException.class, () -> other.open(scene.process, Scene.NAME, Scene.SETTINGS));
            assertEquals(Reason.MISMATCH, e.reason());
        });
    }

    /** Whatever lay in a segment before it was used again is never taken for an event, wherever the new tail ends. */
    @Test
    void recycledSegmentsGiveNothingOldBack() {
        Scene scene = threeBatches();
        scene.run(() -> {
            Journal journal = scene.create();
            Events.begin(journal, 1);
            for (int i = 0; i < 200; i++) {
                Events.write(journal, 1, 30_000);
                journal.trim(journal.durable() - 1);
            }
            long durable = journal.durable();
            assertTrue(journal.trimmed() > 60);
            scene.machine.losePower();
            scene.boot();
            Journal again = scene.open();
            assertEquals(durable, again.durable());
            assertEquals(durable, Events.readAll(again, again.trimmed() + 1));
            assertEquals(0, again.recovery().cutBytes());
        });
    }

    @Test
    void anOldSealAttestsWhatItSaw() {
        Scene scene = threeBatches();
        scene.run(() -> {
            Journal journal = scene.create();
            Events.begin(journal, 1);
            Events.write(journal, 1, PAYLOAD);
            Events.write(journal, 1, PAYLOAD);
            journal.close();
            // The state forgets that the journal was closed in order, as if that had never reached the disk.
            Path state = scene.file(JournalPlaces.STATE);
            scene.remember();
            byte[] bytes = scene.remembered(state);
            ByteBuffer fields = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            for (int slot = 0; slot < bytes.length; slot += bytes.length / 2) {
                fields.putInt(slot + Layout.Slot.SIZE + Layout.State.CLEAN, 0);
                fields.putLong(slot + Layout.Slot.SIZE + Layout.State.DURABLE, 0);
                int end = slot + Layout.Slot.SIZE + fields.getInt(slot + Layout.Slot.LENGTH);
                int checksum = new Checksums().plain(fields, slot + Layout.Slot.GENERATION, end);
                fields.putInt(slot + Layout.Slot.CHECKSUM, checksum);
            }
            scene.restore(state, bytes);
            scene.remember();
            Path segment = scene.file(Scene.segment(1));
            byte[] damaged = scene.remembered(segment);
            damaged[(int) Segment.FIRST_BATCH + Layout.BLOCK + 50] ^= 1;
            scene.restore(segment, damaged);
            refused(scene, "below the seal");
            byte[] sealDamaged = scene.remembered(segment);
            sealDamaged[(int) Segment.FIRST_BATCH + 2 * Layout.BLOCK + 50] ^= 1;
            scene.restore(segment, sealDamaged);
            Journal again = scene.open();
            assertEquals(2, Events.readAll(again, 1), "the seal itself holds no event");
            assertTrue(again.recovery().cutBytes() > 0);
        });
    }
}
