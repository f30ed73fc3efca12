package io.tidemark.image.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemark.api.Position;
import io.tidemark.api.StorageException;
import io.tidemark.api.StorageException.Reason;
import io.tidemark.api.context.SpaceBook;
import io.tidemark.api.context.StorageContext;
import io.tidemark.api.context.StorageFile;
import io.tidemark.api.image.BlockImage;
import io.tidemark.api.image.ImageHead;
import io.tidemark.base.machine.MachineContext;
import io.tidemark.base.machine.MachineFiles;
import io.tidemark.faults.FaultyFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What is particular to files: damage, failures half-way, leftovers. */
class FileImageStoreTest {
    @TempDir
    Path directory;

    private final FaultyFiles files = new FaultyFiles(new MachineFiles());
    private final StorageContext context = new MachineContext(8 << 20, files);

    private FileImageStore store() {
        return new FileImageStore("default", directory, 0, new MachineFiles());
    }

    private static ImageHead head() {
        return new ImageHead(
                UUID.randomUUID(),
                1 << 20,
                4096,
                "fast",
                UUID.randomUUID(),
                UUID.randomUUID(),
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
    }

    private static ImageHead at(ImageHead head, long sequence) {
        return head.at(new Position(1, sequence), UUID.randomUUID(), head.sizeBytes());
    }

    private static StorageException fails(Reason reason, Executable call) {
        StorageException failure = assertThrows(StorageException.class, call);
        assertEquals(reason, failure.reason(), failure.getMessage());
        return failure;
    }

    private static final int BLOCK = 4096;

    /** Writes ranges of so many bytes, two apart of which start at {@code step}; direct memory from {@code skip} on. */
    private static void writeSeveral(BlockImage image, int count, int length, long step, int skip)
            throws StorageException {
        long[] offsets = new long[count];
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++) {
            offsets[i] = i * step;
            lengths[i] = length;
        }
        ByteBuffer source = StorageFile.allocateAligned(count * length + BLOCK);
        image.write(source.position(skip).limit(skip + count * length), offsets, lengths, count);
    }

    @Test
    void whatIsAlignedAndWorthItGoesPastTheCacheAtOnce() throws Exception {
        List<String> calls = new ArrayList<>();
        try (BlockImage image = store().create(context, "disk", head())) {
            files.failWhen(call -> {
                calls.add(call);
                return false;
            });
            writeSeveral(image, 8, BLOCK, 2 * BLOCK, 0);
            writeSeveral(image, 2, 8 * BLOCK, 10 * BLOCK, BLOCK);
            assertEquals(List.of("direct data", "direct data"), calls);
            calls.clear();
            writeSeveral(image, 7, BLOCK, 2 * BLOCK, 0);
            writeSeveral(image, 20, BLOCK, 2 * BLOCK, 512);
            writeSeveral(image, 20, BLOCK, 2 * BLOCK + 512, 0);
            writeSeveral(image, 20, 512, 2 * BLOCK, 0);
            assertEquals(Collections.nCopies(67, "write data"), calls);
        }
    }

    /** What whole images are read with leaves nothing in memory that later writes past it would have to throw out. */
    @Test
    void longReadsGoPastTheCache() throws Exception {
        byte[] written = new byte[1 << 20];
        new Random(5).nextBytes(written);
        List<Integer> direct = new ArrayList<>();
        FaultyFiles watched = new FaultyFiles(new MachineFiles()) {
            @Override
            public StorageFile open(Path path, Mode mode) throws StorageException {
                return new FaultyFile(path, super.open(path, mode)) {
                    @Override
                    public int readDirect(ByteBuffer destination, long offset) throws StorageException {
                        direct.add(destination.remaining());
                        // Where the file system of the test cannot, the bytes come the other way.
                        return super.readDirect(destination, offset);
                    }
                };
            }
        };
        try (BlockImage image = store().create(new MachineContext(8 << 20, watched), "disk", head())) {
            image.write(0, ByteBuffer.wrap(written));
            assertRead(written, image, 64 * BLOCK, 64 * BLOCK, 0);
            assertRead(written, image, 128 * BLOCK, 128 * BLOCK, 0);
            assertEquals(List.of(64 * BLOCK, 128 * BLOCK), direct);
            direct.clear();
            assertRead(written, image, 0, 63 * BLOCK, 0);
            assertRead(written, image, 512, 64 * BLOCK, 0);
            assertRead(written, image, 0, 64 * BLOCK, 512);
            assertRead(written, image, 0, 64 * BLOCK + 512, 0);
            assertEquals(List.of(), direct);
        }
    }

    private static void assertRead(byte[] written, BlockImage image, int offset, int length, int skip)
            throws StorageException {
        ByteBuffer into = StorageFile.allocateAligned(length + BLOCK);
        image.read(offset, into.position(skip).limit(skip + length));
        assertEquals(0, into.remaining());
        assertEquals(ByteBuffer.wrap(written, offset, length), into.flip().position(skip));
    }

    /** Another process has the image's bytes locked, as requests of one that was killed do until the disk answers them. */
    private Process lateWrites() throws IOException {
        Path data = directory.resolve("disk").resolve("data");
        Process holder = new ProcessBuilder("flock", data.toString(), "sh", "-c", "echo held; exec cat").start();
        String said =
                new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8)).readLine();
        assertEquals("held", said, "flock, of the Debian package util-linux");
        return holder;
    }

    @Test
    void anImageIsNotOpenedWhileWritesOfAKilledProcessMayArrive() throws Exception {
        store().create(context, "disk", head()).close();
        Process holder = lateWrites();
        long patience = 100_000_000L;
        try (FileImageStore hasty = new FileImageStore("default", directory, 0, new MachineFiles(), patience)) {
            StorageException busy = fails(Reason.BUSY, () -> hasty.open(context, "disk"));
            assertTrue(busy.getMessage().contains("disk/data is locked"), busy.getMessage());
            assertTrue(busy.getMessage().contains("open the image when it does"), busy.getMessage());
        }
        CompletableFuture<Void> soon = CompletableFuture.runAsync(
                holder::destroy, CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS));
        store().open(context, "disk").close();
        assertTrue(soon.isDone(), "it did not wait");
        assertTrue(holder.waitFor(20, TimeUnit.SECONDS));
    }

    @Test
    void anImageThatWasClosedIsOpenedAgainAtOnce() throws Exception {
        try (BlockImage image = store().create(context, "disk", head())) {
            writeSeveral(image, 8, BLOCK, 2 * BLOCK, 0);
        }
        try (FileImageStore hasty = new FileImageStore("default", directory, 0, new MachineFiles(), 0)) {
            for (int i = 0; i < 20; i++) {
                try (BlockImage image = hasty.open(context, "disk")) {
                    writeSeveral(image, 8, BLOCK, 2 * BLOCK, 0);
                    fails(Reason.BUSY, () -> store().open(context, "disk"));
                }
            }
        }
    }

    @Test
    void aSetThatFailsIsReportedAndTheNextOneMayWork() throws Exception {
        try (BlockImage image = store().create(context, "disk", head())) {
            files.failWhen(call -> call.equals("direct data"));
            fails(Reason.IO, () -> writeSeveral(image, 8, BLOCK, 2 * BLOCK, 0));
            files.failWhen(call -> false);
            writeSeveral(image, 8, BLOCK, 2 * BLOCK, 0);
        }
    }

    @Test
    void whereverMakingAnImageFailsNothingIsLeft() throws Exception {
        int failures = 0;
        for (int number = 1; ; number++) {
            files.failCall(number);
            FileImageStore store = store();
            try (BlockImage image = store.create(context, "disk", head())) {
                assertEquals(1 << 20, image.sizeBytes());
                break;
            } catch (StorageException e) {
                failures++;
                assertEquals(List.of(), store.list(), "after failing call " + number);
            }
            files.failWhen(call -> false);
            store.create(context, "disk", head()).close();
            store.delete(context, "disk");
            assertEquals(List.of(), new MachineFiles().list(directory));
        }
        assertTrue(failures >= 10, "only " + failures + " calls failed");
    }

    /** It is asked for last, when the image has its name. */
    @Test
    void soItIsWhereItsFileSystemIsUnknown() throws Exception {
        boolean[] failing = {true};
        FaultyFiles strange = new FaultyFiles(new MachineFiles()) {
            @Override
            public SpaceBook space(Path path) throws StorageException {
                if (failing[0]) {
                    throw new StorageException(Reason.IO, "no answer on purpose", "");
                }
                return super.space(path);
            }
        };
        StorageContext other = new MachineContext(8 << 20, strange);
        try (FileImageStore store = store()) {
            fails(Reason.IO, () -> store.create(other, "disk", head()));
            assertEquals(List.of(), store.list());
            failing[0] = false;
            store.create(other, "disk", head()).close();
            failing[0] = true;
            fails(Reason.IO, () -> store.open(other, "disk"));
            failing[0] = false;
            store.open(other, "disk").close();
        }
    }

    @Test
    void anImageWithoutItsBytesIsDamaged() throws Exception {
        store().create(context, "disk", head()).close();
        Files.delete(directory.resolve("disk/data"));
        StorageException damaged = fails(Reason.CORRUPT, () -> store().open(context, "disk"));
        assertTrue(damaged.getMessage().contains("disk/data is not there"), damaged.getMessage());
        try (FileImageStore store = store()) {
            store.delete(context, "disk");
            assertEquals(List.of(), store.list());
        }
    }

    @Test
    void whatACrashLeftOfMakingOneIsReplaced() throws Exception {
        Files.createDirectories(directory.resolve("disk"));
        Files.writeString(directory.resolve("disk/data"), "old bytes");
        Files.writeString(directory.resolve("disk/head.new"), "half");
        assertEquals(List.of(), store().list());
        fails(Reason.NOT_FOUND, () -> store().open(context, "disk"));
        try (BlockImage image = store().create(context, "disk", head())) {
            ByteBuffer first = ByteBuffer.allocate(9);
            image.read(0, first);
            assertEquals(ByteBuffer.allocate(9), first.flip());
        }
    }

    @Test
    void aTornSlotIsTheHeadBefore() throws Exception {
        ImageHead first = at(head(), 1);
        ImageHead second = at(first, 2);
        try (BlockImage image = store().create(context, "disk", first)) {
            image.storeHead(second);
        }
        Path path = directory.resolve("disk/head");
        byte[] intact = Files.readAllBytes(path);
        // The image was made in generation 1, so the next one lies in slot 0.
        for (int at = 0; at < 120; at++) {
            byte[] damaged = intact.clone();
            damaged[at] ^= 0x10;
            Files.write(path, damaged);
            assertEquals(first, store().head(context, "disk"), "byte " + at);
            damaged[HeadCodec.SLOT_BYTES + at] ^= 0x01;
            Files.write(path, damaged);
            fails(Reason.CORRUPT, () -> store().head(context, "disk"));
            fails(Reason.CORRUPT, () -> store().open(context, "disk"));
        }
        Files.write(path, new byte[0]);
        fails(Reason.CORRUPT, () -> store().open(context, "disk"));
        Files.write(path, intact);
        assertEquals(second, store().head(context, "disk"));
    }

    @Test
    void aHeadOfANewerVersionIsRefusedAndNotTakenForDamage() throws Exception {
        store().create(context, "disk", head()).close();
        Path path = directory.resolve("disk/head");
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(8, 2);
        int length = bytes.getInt(12);
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(bytes.duplicate().position(0).limit(length - 4));
        bytes.putInt(length - 4, (int) crc.getValue());
        Files.write(path, bytes.array());
        assertTrue(fails(Reason.UNSUPPORTED, () -> store().open(context, "disk"))
                .getMessage()
                .contains("version 2"));
    }

    @Test
    void aFailedHeadLeavesTheOldOneHoweverOftenItIsTried() throws Exception {
        ImageHead first = at(head(), 1);
        for (String verb : List.of("write head", "force head")) {
            String name = verb.replace(' ', '-');
            try (BlockImage image = store().create(context, name, first)) {
                for (int i = 0; i < 3; i++) {
                    files.failWhen(verb::equals);
                    ImageHead next = at(first, 2 + i);
                    fails(Reason.IO, () -> image.storeHead(next));
                    assertEquals(first, image.head());
                }
                damageSlot(name, 0);
                assertEquals(first, store().head(context, name), "slot 1 was never touched");
                files.failWhen(call -> false);
                image.storeHead(at(first, 9));
            }
            assertEquals(9, store().head(context, name).checkpointed().sequence());
        }
    }

    private void damageSlot(String name, int slot) throws IOException {
        Path path = directory.resolve(name).resolve("head");
        byte[] bytes = Files.readAllBytes(path);
        bytes[slot * HeadCodec.SLOT_BYTES + 20] ^= 1;
        Files.write(path, bytes);
    }

    @Test
    void aHeadThatIsTooLargeIsRefused() throws Exception {
        ImageHead first = head();
        try (BlockImage image = store().create(context, "disk", first)) {
            ImageHead large = new ImageHead(
                    first.imageIdentity(),
                    first.sizeBytes(),
                    512,
                    "fast",
                    first.journalIdentity(),
                    first.epochIdentity(),
                    Position.NONE,
                    ImageHead.Role.PRIMARY,
                    Map.of("key", "x".repeat(HeadCodec.SLOT_BYTES)));
            fails(Reason.INVALID, () -> image.storeHead(large));
            ImageHead foreign = head();
            fails(Reason.MISMATCH, () -> image.storeHead(foreign));
            assertEquals(first, image.head());
        }
    }

    @Test
    void afterAFailedForceNothingIsWrittenOrCheckpointed() throws Exception {
        try (BlockImage image = store().create(context, "disk", head())) {
            image.write(0, ByteBuffer.wrap(new byte[] {7}));
            files.failWhen("force data"::equals);
            fails(Reason.IO, image::force);
            files.failWhen(call -> false);
            assertTrue(fails(Reason.IO, image::force).getMessage().contains("opened again"));
            fails(Reason.IO, () -> image.write(0, ByteBuffer.allocate(1)));
            fails(Reason.IO, () -> image.zero(0, 1, false));
            fails(Reason.IO, () -> image.resize(0));
            fails(Reason.IO, () -> image.storeHead(at(image.head(), 5)));
        }
        store().open(context, "disk").close();
    }

    @Test
    void withoutHolesRangesAreZeroedByteExact() throws Exception {
        files.cannotPunch();
        try (BlockImage image = store().create(context, "disk", head())) {
            byte[] ones = new byte[1 << 20];
            java.util.Arrays.fill(ones, (byte) 1);
            image.write(0, ByteBuffer.wrap(ones));
            image.discard(3, 600_000);
            image.zero(700_001, 5, true);
            ByteBuffer all = ByteBuffer.allocate(1 << 20);
            image.read(0, all);
            java.util.Arrays.fill(ones, 3, 600_003, (byte) 0);
            java.util.Arrays.fill(ones, 700_001, 700_006, (byte) 0);
            assertEquals(ByteBuffer.wrap(ones), all.flip());
        }
    }

    @Test
    void discardedSpaceGoesBackToTheFileSystem() throws Exception {
        try (BlockImage image = store().create(context, "disk", head())) {
            image.write(0, ByteBuffer.allocate(1 << 20));
            image.force();
            long full = blocks();
            image.discard(0, 1 << 20);
            assertTrue(blocks() < full / 4, blocks() + " of " + full + " blocks are still there");
            assertTrue(image.reserve(0, 1 << 19));
            assertTrue(blocks() >= full / 2, "reserved space is taken at once");
        }
    }

    private long blocks() throws IOException, InterruptedException {
        Process stat = new ProcessBuilder(
                        "stat", "-c", "%b", directory.resolve("disk/data").toString())
                .start();
        String out = new String(stat.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
        assertEquals(0, stat.waitFor());
        return Long.parseLong(out.trim());
    }

    @Test
    void aFileThatWasCutIsRefused() throws Exception {
        store().create(context, "disk", head()).close();
        try (var channel = java.nio.channels.FileChannel.open(
                directory.resolve("disk/data"), java.nio.file.StandardOpenOption.WRITE)) {
            channel.truncate(1000);
        }
        fails(Reason.CORRUPT, () -> store().open(context, "disk"));
        assertEquals(1000, Files.size(directory.resolve("disk/data")), "nothing is changed");
    }

    @Test
    void aShrunkFileIsCutOnlyBehindADurableHead() throws Exception {
        Path data = directory.resolve("disk/data");
        try (BlockImage image = store().create(context, "disk", head())) {
            image.resize(4096);
            assertEquals(1 << 20, Files.size(data));
            files.failWhen("write head"::equals);
            assertThrows(
                    StorageException.class,
                    () -> image.storeHead(image.head().at(new Position(1, 1), UUID.randomUUID(), 4096)));
            assertEquals(1 << 20, Files.size(data));
            files.failWhen(call -> false);
            image.storeHead(image.head().at(new Position(1, 1), UUID.randomUUID(), 4096));
            assertEquals(4096, Files.size(data));
        }
    }

    @Test
    void anImageLargerThanAFileMayBeIsRefusedInWords() {
        ImageHead head = new ImageHead(
                UUID.randomUUID(),
                Long.MAX_VALUE / 512 * 512,
                512,
                "fast",
                UUID.randomUUID(),
                UUID.randomUUID(),
                Position.NONE,
                ImageHead.Role.PRIMARY,
                Map.of());
        StorageException failure = fails(Reason.INVALID, () -> store().create(context, "disk", head));
        assertTrue(failure.getMessage().contains("iB is larger than a file may be"), failure.getMessage());
    }

    @Test
    void aSizeThatAFileMayNotHaveIsFoundBeforeTheResize() throws Exception {
        try (BlockImage image = store().create(context, "disk", head())) {
            long before = image.sizeBytes();
            StorageException failure = fails(Reason.INVALID, () -> image.prepareResize(Long.MAX_VALUE / 512 * 512));
            assertTrue(failure.getMessage().contains("larger than a file may be"), failure.getMessage());
            assertEquals(before, image.sizeBytes());
            image.prepareResize(2 * before);
            image.resize(2 * before);
            assertEquals(2 * before, image.sizeBytes());
        }
    }

    @Test
    void aPoolKeepsItsReserve() throws Exception {
        MachineFiles machine = new MachineFiles();
        long all = new FileImageStore("p", directory.resolve("not/yet/there"), 0, machine)
                .pool()
                .usableBytes();
        assertTrue(all > 0);
        assertEquals(
                0,
                new FileImageStore("p", directory, Long.MAX_VALUE, machine)
                        .pool()
                        .usableBytes());
    }
}
